#!/usr/bin/env python3
"""Accuracies of docs/results.md: trains with the built program, measures, prints Markdown tables.

Usage: bench/results.py SUITE [--data DIR] [--quire PROGRAM] [--model DIR] [--threads N] [--precision P]

SUITE is a function below whose name ends in _suite. Every row is one command; its result is kept in
build/results/NAME.json, so that a second call only prints, and an interrupted one goes on. Peers run in
the environment of the Python that runs this script (tests/golden/requirements.txt). DIR holds arxiv_cs39/ and R8/.
"""

import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "build" / "results"

PEER_SVM = """
import json, sys, lzma, csv, time
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import accuracy_score, f1_score
from sklearn.svm import LinearSVC
csv.field_size_limit(1 << 30)
def read(path, limit):
    rows = list(csv.reader(lzma.open(path, "rt", encoding="utf-8", newline="\\n"), delimiter="\\t", quoting=csv.QUOTE_NONE))
    label = rows[0].index(sys.argv[4])
    skip = {label} | {i for i, name in enumerate(rows[0]) if name.endswith("id")}
    rows = rows[1:1 + limit] if limit else rows[1:]
    return [" ".join(f for i, f in enumerate(r) if i not in skip) for r in rows], [r[label] for r in rows]
train, y = read(sys.argv[1], int(sys.argv[3]))
test, truth = read(sys.argv[2], 0)
start = time.time()
features = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
model = LinearSVC().fit(features.fit_transform(train), y)
predicted = model.predict(features.transform(test))
print(json.dumps({"accuracy": accuracy_score(truth, predicted), "macro_f1": f1_score(truth, predicted, average="macro"),
                  "seconds": time.time() - start}))
"""


class Bench:
    def __init__(self, arguments):
        self.data = Path(arguments.data)
        self.quire = arguments.quire
        self.model = arguments.model
        self.threads = arguments.threads
        self.precision = arguments.precision
        self.only = arguments.only
        RESULTS.mkdir(parents=True, exist_ok=True)

    def file(self, name):
        return str(self.data / f"{name}.tsv.xz")

    def row(self, name, train, test, options, oof=False):
        """Trains into build/results/NAME, evaluates on `test`; the result as a dictionary."""
        kept = RESULTS / f"{name}.json"
        if kept.exists():
            return json.loads(kept.read_text())
        run = RESULTS / name
        threads = ["--threads", str(self.threads)] if self.threads else []
        if "--model" in options:
            options = [*options, "--precision", self.precision]
        command = [self.quire, "train", self.file(train), "-o", str(run), "--resume", *options]
        print("+", shlex.join(command), file=sys.stderr, flush=True)
        start = time.time()
        child = subprocess.Popen([*command, *threads, "--quiet"])
        _, status, usage = os.wait4(child.pid, 0)  # this child's own peak, not that of all so far
        seconds = time.time() - start
        if status != 0:
            sys.exit(f"the command failed with wait status {status}")
        peak = usage.ru_maxrss
        output = subprocess.run([self.quire, "eval", str(run), self.file(test), "--json", "--quiet", *threads],
                                check=True, capture_output=True, text=True).stdout
        scores = json.loads(output)
        result = {"accuracy": scores["accuracy"], "macro_f1": scores["macro_f1"], "seconds": seconds,
                  "peak_mb": peak // 1024, "options": options}
        if oof:
            member = next((run / "members").iterdir())
            result["oof"] = json.loads((member / "metrics.json").read_text())["accuracy"]
        kept.write_text(json.dumps(result))
        return result

    def svm(self, name, train, test, label, limit=0):
        kept = RESULTS / f"{name}.json"
        if not kept.exists():
            output = subprocess.run([sys.executable, "-c", PEER_SVM, self.file(train), self.file(test), str(limit), label],
                                    check=True, capture_output=True, text=True).stdout
            kept.write_text(output)
        return json.loads(kept.read_text())

    def encoder(self, *options):
        return ["--model", self.model, *options]

    def seeds(self, name, train, test, options, seeds=(42, 43, 44)):
        return [self.row(f"{name}-{seed}", train, test, [*options, "--seed", str(seed)]) for seed in seeds]


def spread(rows, key="accuracy"):
    values = [row[key] for row in rows]
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.4f} ± {deviation:.4f}"


def minutes(rows):
    return f"{statistics.mean(row['seconds'] for row in rows) / 60:.1f}"


def table(header, rows):
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print()


def r8_suite(bench):
    whole = ["--folds", "1", "--valid-fraction", "0", "--epochs", "3", "--max-length", "128"]
    encoder = bench.seeds(f"r8-encoder-{bench.precision}", "R8/train", "R8/test", bench.encoder(*whole))
    probe = bench.row(f"r8-encoder-{bench.precision}-probe", "R8/train", "R8/test",
                      bench.encoder(*whole, "--head-init", "probe"))
    svm = bench.svm("r8-svm", "R8/train", "R8/test", "label")
    table(["R8: 5,485 to train, 2,189 to test", "accuracy", "macro-F1", "minutes"],
          [["MiniLM, 3 epochs, defaults, 3 seeds", spread(encoder), spread(encoder, "macro_f1"), minutes(encoder)],
           ["the same from a probe, 1 seed", f"{probe['accuracy']:.4f}", f"{probe['macro_f1']:.4f}",
            f"{probe['seconds'] / 60:.1f}"],
           ["scikit-learn linear SVM on TF-IDF", f"{svm['accuracy']:.4f}", f"{svm['macro_f1']:.4f}",
            f"{svm['seconds'] / 60:.1f}"]])


SAMPLE = ("arxiv_cs39/train_sample_2000", "arxiv_cs39/holdout_sample_500")
ONE_FIT = ["--folds", "1", "--valid-fraction", "0", "--max-length", "128"]


def arxiv_suite(bench):
    """All members on the sample, without folds: the last epoch, no choice made on the holdout."""
    svm = bench.svm("arxiv-svm", *SAMPLE, "categories")
    rows = [["scikit-learn linear SVM on TF-IDF", f"{svm['accuracy']:.3f}", f"{svm['macro_f1']:.3f}",
             f"{svm['seconds'] / 60:.1f}", ""]]
    whole = ["--folds", "1", "--valid-fraction", "0"]
    members = [
        ("linear", ["--member", "linear", *whole]),
        ("linear on frozen vectors", bench.encoder("--member", "linear", *whole)),
        ("linear on both", bench.encoder("--member", "linear", "--features", "both", *whole)),
        ("lightgbm", ["--member", "lightgbm", *whole]),
        ("fasttext", ["--member", "fasttext", *whole]),
        ("textcnn", ["--member", "textcnn", *whole]),
        ("encoder, --head-init random", bench.encoder(*ONE_FIT, "--head-init", "random")),
        ("encoder", bench.encoder(*ONE_FIT)),
        ("encoder, --head mean --head-init probe", bench.encoder(*ONE_FIT, "--head", "mean", "--head-init", "probe")),
    ]
    for name, options in members:
        row = bench.row("arxiv-" + name.replace(", ", "").replace(" ", ""), *SAMPLE, options)
        rows.append([name, f"{row['accuracy']:.3f}", f"{row['macro_f1']:.3f}", f"{row['seconds'] / 60:.1f}", row["peak_mb"]])
    table(["arxiv_cs39 sample: 2,000 to train, 500 to test", "accuracy", "macro-F1", "minutes", "peak MB"], rows)


def members_suite(bench):
    """Every kind of member over five folds, scored out of fold and on the holdout by the mean of the folds."""
    arxiv = ("arxiv_cs39/train_45000", "arxiv_cs39/holdout_5000")
    tables = [
        ("R8", "5,485 rows of R8", ("R8/train", "R8/test"), []),
        ("arxiv10k", "10,000 rows of arxiv_cs39", arxiv, ["--limit", "10000"]),
        ("arxiv45k", "all 45,000 rows of arxiv_cs39", arxiv, []),
    ]
    members = {
        "linear": ["--member", "linear"],
        "lightgbm": ["--member", "lightgbm"],
        "fasttext": ["--member", "fasttext"],
        "textcnn": ["--member", "textcnn"],
        "encoder": bench.encoder("--max-length", "128", "--head-init", "random"),
        "encoder-probe": bench.encoder("--max-length", "128", "--head-init", "probe"),
    }
    for short, title, (train, test), options in tables:
        rows = []
        for name, own in members.items():
            file_name = f"members-{short}-{name}"
            if bench.only and f"{short}-{name}" not in bench.only and not (RESULTS / f"{file_name}.json").exists():
                continue
            row = bench.row(file_name, train, test, [*own, *options], oof=True)
            rows.append([name, f"{row['oof']:.4f}", f"{row['accuracy']:.4f}", f"{row['macro_f1']:.4f}",
                         f"{row['seconds'] / 60:.1f}", row["peak_mb"]])
        table([f"{title}, 5 folds", "out-of-fold accuracy", "holdout accuracy", "holdout macro-F1", "minutes",
               "peak MB"], rows)


def probe_suite(bench):
    """Where 10,000 rows are fitted at once from a probe: beside the members' table, which starts at random."""
    options = bench.encoder(*ONE_FIT, "--head-init", "probe")
    row = bench.row("arxiv10k-encoder-probe", "arxiv_cs39/train_45000", "arxiv_cs39/holdout_5000",
                    [*options, "--limit", "10000"])
    table(["10,000 rows of arxiv_cs39, one fit", "holdout accuracy", "holdout macro-F1", "minutes", "peak MB"],
          [["encoder from a probe", f"{row['accuracy']:.4f}", f"{row['macro_f1']:.4f}",
            f"{row['seconds'] / 60:.1f}", row["peak_mb"]]])


def ablation_suite(bench):
    """One change at a time against the default (here a probe), three paired seeds; the last epoch of each."""
    random = ["--head-init", "random"]
    probe = ["--head-init", "probe"]
    trials = {
        "probe": probe,
        "random start": random,
        "random start, 10 epochs": [*random, "--epochs", "10"],
        "head mean": [*probe, "--head", "mean"],
        "head concat": [*probe, "--head", "concat"],
        "head attention": [*probe, "--head", "attention"],
        "head max": [*probe, "--head", "max"],
        "head bilstm": [*probe, "--head", "bilstm"],
        "head mean, mean of 2 layers": [*probe, "--head", "mean", "--features", "mean:2"],
        "no layer decay": [*probe, "--layer-decay", "1"],
        "head+tail": [*probe, "--long-text", "head+tail"],
        "tail": [*probe, "--long-text", "tail"],
        "windows": [*probe, "--long-text", "windows"],
        "EMA": [*probe, "--ema", "0.99"],
        "FGM": [*probe, "--adversarial", "fgm"],
        "FGM, head concat": [*probe, "--adversarial", "fgm", "--head", "concat"],
        "FGM, head mean, mean of 2 layers": [*probe, "--adversarial", "fgm", "--head", "mean", "--features", "mean:2"],
        "R-Drop": [*probe, "--r-drop", "1"],
    }
    chosen = bench.only or list(trials)
    trials = {name: options for name, options in trials.items() if name in {"probe", *chosen}}
    results = {}
    for name, options in trials.items():
        file_name = "ablation-" + "".join(c if c.isalnum() else "-" for c in name)
        results[name] = bench.seeds(file_name, *SAMPLE, bench.encoder(*ONE_FIT, *options))
    base = results["probe"]
    rows = []
    for name, runs in results.items():
        gains = [run["accuracy"] - first["accuracy"] for run, first in zip(runs, base)]
        error = statistics.stdev(gains) / len(gains) ** 0.5
        rows.append([name, spread(runs), f"{statistics.mean(gains):+.4f} ± {error:.4f}", minutes(runs)])
    table(["change", "accuracy", "gain over the first row and its standard error", "minutes"], rows)


def main():
    suites = {name[:-6]: f for name, f in globals().items() if name.endswith("_suite")}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite", choices=sorted(suites))
    parser.add_argument("--data", default=os.environ.get("QUIRE_DATA", str(ROOT.parent / "shared" / "data")))
    parser.add_argument("--quire", default=str(ROOT / "build" / "release" / "quire"))
    parser.add_argument("--model", default=str(ROOT / ".deps" / "models" / "all-MiniLM-L6-v2"))
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--precision", default="auto", help="of the encoders")
    parser.add_argument("--only", action="append", help="run this row alone (ablation: its name; members: TABLE-MEMBER); may be repeated")
    arguments = parser.parse_args()
    suites[arguments.suite](Bench(arguments))


if __name__ == "__main__":
    main()
