"""Writes fasttext/cases.json: what the fasttext Python package predicts after training on a few lines, for
every loss. tests/members/fasttext_test.cpp reads it.

    .deps/venv/bin/python tests/golden/make_fasttext_golden.py
"""
import json
import random
import tempfile
from pathlib import Path

import fasttext

CLASSES = 4
COMMON = {"lr": 0.4, "dim": 6, "epoch": 8, "minCount": 1, "seed": 42}
CASES = [
    {"loss": "softmax", "wordNgrams": 1, "minn": 0, "maxn": 0, "bucket": 0},
    {"loss": "softmax", "wordNgrams": 3, "minn": 2, "maxn": 4, "bucket": 500},
    {"loss": "hs", "wordNgrams": 2, "minn": 0, "maxn": 0, "bucket": 300},
    {"loss": "ns", "wordNgrams": 1, "minn": 3, "maxn": 3, "bucket": 100},
    {"loss": "ova", "wordNgrams": 1, "minn": 0, "maxn": 0, "bucket": 0},
]


def main():
    chance = random.Random(7)
    words = "the a of naïve größe δ model data 漢字 graph proof cell star code".split()
    texts = [" ".join(chance.choices(words, k=chance.randint(3, 9)) + [f"topic{row % CLASSES}"] * (row % 3))
             for row in range(80)]
    lines = [f"__label__{row % CLASSES} {text}" for row, text in enumerate(texts)]
    cases = []
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write("".join(line + "\n" for line in lines))
        file.flush()
        for case in CASES:
            model = fasttext.train_supervised(file.name, thread=1, verbose=0, **COMMON, **case)
            rows = []
            for text in texts[:20] + ["", "none of these words"]:
                # The library itself: the package's own method needs an older numpy.
                found = {label: p for p, label in model.f.predict(text + "\n", CLASSES, -1.0, "strict")}
                rows.append([found[f"__label__{index}"] for index in range(CLASSES)])
            cases.append(COMMON | case | {"probabilities": rows})
    golden = {"lines": lines, "texts": texts[:20] + ["", "none of these words"], "cases": cases}
    path = Path(__file__).parent / "fasttext" / "cases.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(golden, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
