#!/usr/bin/env python3
"""Compares the fastText member with the fasttext Python package, on a real table.

    compare_fasttext.py MEMBER_TOOL TABLE [NAME=VALUE ...]

1. The package loads the saved model.bin and predicts every row: probabilities within 1e-6.
2. The package trains on the same file with the same options and one thread: the matrices within 1e-4
   (its wheel and Debian's library are compiled for different processors, so not bit for bit).
3. Where there is a `fasttext` program, it trains as well: the same model.bin, byte for byte, if it runs on
   the library that quire is linked to.

Run it with the Python of .deps/venv (scripts/setup --python); build member_tool first.
"""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import fasttext
import numpy as np

# As in include/quire/members/fasttext_options.h.
DEFAULTS = {"learning_rate": "1.0", "dim": "50", "epochs": "20", "word_ngrams": "1", "min_char_ngram": "0",
            "max_char_ngram": "0", "min_count": "1", "loss": "softmax", "bucket": "200000"}
# Our name, the package's, the program's.
NAMES = [("learning_rate", "lr"), ("dim", "dim"), ("epochs", "epoch"), ("word_ngrams", "wordNgrams"),
         ("min_char_ngram", "minn"), ("max_char_ngram", "maxn"), ("min_count", "minCount"), ("loss", "loss"),
         ("bucket", "bucket")]
SEED = 42


def probabilities(model, line, classes):
    """A row as quire defines it: without the 1e-5 that the library adds, and summing to 1."""
    row = np.zeros(classes)
    # `f` is the library itself; a threshold below 0 leaves no class out.
    for probability, label in model.f.predict(line + "\n", classes, -1.0, "strict"):
        row[int(label.removeprefix("__label__"))] = probability
    if model.f.getArgs().loss.name != "hs":
        known = row > 0
        row[known] = np.maximum(row[known] - 1e-5, 0)
    return row / row.sum()


def main():
    tool, table, *settings = sys.argv[1:]
    options = DEFAULTS | dict(setting.split("=", 1) for setting in settings)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        subprocess.run([tool, "fasttext", table, folder, f"seed={SEED}",
                        *(f"{name}={value}" for name, value in options.items())], check=True)
        ours = np.load(folder / "probabilities.npy")
        model = fasttext.load_model(str(folder / "model.bin"))
        lines = (folder / "words.txt").read_text(encoding="utf-8").split("\n")[:-1]
        theirs = np.array([probabilities(model, line, ours.shape[1]) for line in lines])
        difference = np.abs(ours - theirs).max()
        print(f"{len(lines)} rows predicted by the package from our model: largest difference {difference:.2e}")
        assert difference < 1e-6

        def parsed(value):
            return value if value.isalpha() else float(value) if "." in value else int(value)

        arguments = {name: parsed(options[ours_name]) for ours_name, name in NAMES}
        trained = fasttext.train_supervised(str(folder / "train.txt"), thread=1, seed=SEED, verbose=0, **arguments)
        for name, a, b in [("input", model.get_input_matrix(), trained.get_input_matrix()),
                           ("output", model.get_output_matrix(), trained.get_output_matrix())]:
            difference = np.abs(a - b).max()
            print(f"{name} matrix {a.shape} trained by the package: largest difference {difference:.2e}")
            assert a.shape == b.shape and difference < 1e-4 * max(1, np.abs(a).max())

        program = shutil.which("fasttext")
        if program is None:
            print("there is no fasttext program here: byte for byte not compared")
            return
        flags = [f"-{name}={options[ours_name]}".split("=") for ours_name, name in NAMES]
        subprocess.run([program, "supervised", "-input", folder / "train.txt", "-output", folder / "theirs",
                        "-thread", "1", "-seed", str(SEED), "-verbose", "0", *sum(flags, [])], check=True)
        assert (folder / "model.bin").read_bytes() == (folder / "theirs.bin").read_bytes()
        print("the fasttext program trains the same model.bin, byte for byte")


if __name__ == "__main__":
    main()
