#!/usr/bin/env python3
"""Tokens a second, ours and Hugging Face `tokenizers`, in turns on the same texts.

    ninja -C build/release tokenizer_bench
    python bench/tokenizer.py build/release/tokenizer_bench TABLE.tsv.xz COLUMN DIRECTORY [DIRECTORY ...]

The peer runs its fastest call, encode_batch_fast, on as many threads. Both encode every text of the
column without special tokens; that their ids agree in number is checked. Printed are medians over the
rounds, and the smallest and largest ratio of two neighbouring runs.
"""

import argparse
import csv
import json
import lzma
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "text"))


def read_column(path, column):
    csv.field_size_limit(1 << 30)
    with (lzma.open if path.endswith(".xz") else open)(path, "rt", encoding="utf-8", newline="") as file:
        return [" ".join(row[column].split()) for row in csv.DictReader(file, delimiter="\t")]


def peer(directory, texts_path, seconds):
    """In a process of its own, whose environment says how many threads."""
    from compare_with_reference import reference

    tokenizer = reference(pathlib.Path(directory))
    texts = pathlib.Path(texts_path).read_text(encoding="utf-8").split("\n")[:-1]

    def run():
        return sum(map(len, tokenizer.encode_batch_fast(texts, add_special_tokens=False)))

    tokens = run()
    passes, start = 0, time.perf_counter()
    while passes == 0 or time.perf_counter() - start < seconds:
        run()
        passes += 1
    rate = tokens * passes / (time.perf_counter() - start)
    print(json.dumps({"tokens": tokens, "tokens_per_s": rate}))


def run_ours(bench, directory, texts_path, threads, seconds):
    command = [bench, directory, texts_path, "--threads", str(threads), "--seconds", str(seconds)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def run_peer(directory, texts_path, threads, seconds):
    environment = {**os.environ, "RAYON_NUM_THREADS": str(threads),
                   "TOKENIZERS_PARALLELISM": "true" if threads > 1 else "false"}
    command = [sys.executable, __file__, "--peer", directory, texts_path, str(seconds)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, env=environment).stdout)


def compare(options, directory, texts_path, threads):
    results = []
    for _ in range(options.rounds):
        ours = run_ours(options.bench, directory, texts_path, threads, options.seconds)
        theirs = run_peer(directory, texts_path, threads, options.seconds)
        if ours["tokens"] != theirs["tokens"]:
            sys.exit(f"{directory}: {ours['tokens']} tokens here, {theirs['tokens']} there")
        results.append((ours["tokens_per_s"] / 1e6, theirs["tokens_per_s"] / 1e6, ours["first_pass_tokens_per_s"] / 1e6))
    ratios = [ours / theirs for ours, theirs, _ in results]
    ours, theirs, first = (statistics.median(column) for column in zip(*results))
    name = pathlib.Path(directory).resolve().name
    print(f"| {name} | {threads} | {ours:.1f} | {first:.1f} | {theirs:.2f} | {statistics.median(ratios):.0f} "
          f"({min(ratios):.0f} to {max(ratios):.0f}) |", flush=True)


def main():
    if sys.argv[1:2] == ["--peer"]:
        return peer(sys.argv[2], sys.argv[3], float(sys.argv[4]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("table")
    parser.add_argument("column")
    parser.add_argument("directories", nargs="+")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    options = parser.parse_args()
    texts = read_column(options.table, options.column)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
        file.writelines(text + "\n" for text in texts)
        file.flush()
        print(f"{len(texts)} texts, {os.path.getsize(file.name) / 1e6:.1f} MB; million tokens a second\n")
        print("| tokenizer | threads | ours | ours, first pass | `tokenizers` | ratio |")
        print("|---|---|---|---|---|---|")
        for directory in options.directories:
            for threads in options.threads:
                compare(options, directory, file.name, threads)


if __name__ == "__main__":
    main()
