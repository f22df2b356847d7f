#!/usr/bin/env python3
"""Compares our lemmas with NLTK's on every distinct word of tables, and the time both take for all words.

    ninja -C build/release lemma_tool
    .venv/bin/python tests/text/compare_lemmas.py build/release/lemma_tool TABLE [TABLE ...]

A word is a run of non-white-space, as it stands and in lower case. Both run on one thread; times are the
least of three. Exits with 1 when a word differs.
"""

import gzip
import lzma
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "golden"))
from wordnet import lemmatizer  # noqa: E402

OPEN = {".xz": lzma.open, ".gz": gzip.open}


def words_of(paths):
    for path in paths:
        with OPEN.get(pathlib.Path(path).suffix, open)(path, "rt", encoding="utf-8") as table:
            for line in table:
                yield from line.split()
                yield from line.lower().split()


def ours(tool, words, repeats):
    done = subprocess.run([tool, str(repeats)], input="\n".join(words) + "\n", capture_output=True, check=True,
                          encoding="utf-8")
    return done.stdout.split("\n")[:-1], float(done.stderr.split()[-1])


def main():
    tool, *paths = sys.argv[1:]
    running = list(words_of(paths))
    distinct = sorted(set(running))
    lemmatize = lemmatizer().lemmatize
    found, _ = ours(tool, distinct, 1)
    assert len(found) == len(distinct)
    different = [(word, lemmatize(word), lemma) for word, lemma in zip(distinct, found)
                 if lemmatize(word) != lemma]
    for word, theirs, lemma in different[:20]:
        print(f"{word!r}: NLTK {theirs!r}, ours {lemma!r}")
    print(f"{len(distinct)} distinct words, {len(different)} differences")

    sample = running[:1_000_000]
    times = []
    for _ in range(3):
        start = time.perf_counter()
        for word in sample:
            lemmatize(word)
        times.append((time.perf_counter() - start, ours(tool, sample, 5)[1]))
    theirs, own = min(t[0] for t in times), min(t[1] for t in times)
    print(f"{len(sample)} running words: NLTK {theirs:.3f} s, ours {own:.4f} s, {theirs / own:.0f} times")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
