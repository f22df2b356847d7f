#!/usr/bin/env python3
"""What a lower precision costs: trained runs under `quire predict --precision`, on labelled tables.

    python bench/precision.py RUN=TABLE.tsv.xz [RUN=TABLE.tsv.xz ...]

Run with the environment of tests/golden/requirements.txt. Prints accuracy and macro-F1 in each precision, on how
many rows the label differs from fp32's, and the largest difference of a probability.
"""

import argparse
import csv
import lzma
import pathlib
import tempfile

import measure
import numpy
from sklearn.metrics import accuracy_score, f1_score


def predict(quire, run, table, precision):
    """The name of the label column, the labels, and all probabilities."""
    with tempfile.TemporaryDirectory() as folder:
        out, matrix = pathlib.Path(folder, "out.tsv"), pathlib.Path(folder, "p.npy")
        command = [quire, "predict", run, table, "-o", out, "--probabilities", matrix, "--precision", precision, "--quiet"]
        measure.run_measured(command)
        with open(out, encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file, delimiter="\t"))
        return rows[0][1], [row[1] for row in rows[1:]], numpy.load(matrix)


def column(table, name):
    csv.field_size_limit(1 << 30)
    with lzma.open(table, "rt", encoding="utf-8", newline="") as file:
        return [row[name] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", nargs="+", metavar="RUN=TABLE")
    parser.add_argument("--quire", default=str(measure.ROOT / "build/release/quire"))
    parser.add_argument("--precisions", nargs="+", default=["fp32", "bf16", "int8"])
    arguments = parser.parse_args()
    print("| run | rows | precision | accuracy | macro-F1 | labels unlike fp32's | largest difference |")
    print("|---|---|---|---|---|---|---|")
    for pair in arguments.pairs:
        run, table = pair.split("=", 1)
        exact = None
        for precision in arguments.precisions:
            name, labels, matrix = predict(arguments.quire, run, table, precision)
            exact = exact or (labels, matrix)
            truth = column(table, name)
            other = sum(a != b for a, b in zip(labels, exact[0]))
            print(f"| {pathlib.Path(run).name} | {len(truth)} | {precision} | {accuracy_score(truth, labels):.4f} | "
                  f"{f1_score(truth, labels, average='macro'):.4f} | {other} | "
                  f"{numpy.abs(matrix - exact[1]).max():.4f} |", flush=True)


if __name__ == "__main__":
    main()
