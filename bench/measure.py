"""What the comparisons share: tables of documents, children that are measured."""

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

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODEL = ROOT / ".deps/models/all-MiniLM-L6-v2"
TABLES = ROOT.parent / "shared/data/arxiv_cs39"
CPUS = len(os.sched_getaffinity(0))


def read_rows(path, count=None):
    """Title, abstract and label of the first rows of an arXiv table."""
    csv.field_size_limit(1 << 30)
    with lzma.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[:count]
    return [(row["title"].strip(), row["abstract"].strip(), row["categories"]) for row in rows]


def run_measured(command, environment=None):
    """Of a command: its standard output, wall seconds and peak of resident memory in MB. Linux counts in the
    memory of whoever started it, so the peak means something only in a script that loads little itself."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        start = time.perf_counter()
        child = subprocess.Popen([str(word) for word in command], stdout=output, stderr=errors, env=environment)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if status != 0:
            sys.exit(f"{command[:3]} failed:\n{errors.read()[-2000:]}")
        return output.read(), seconds, usage.ru_maxrss / 1024


def run_json(command, environment=None):
    """The JSON object a command prints last, with its wall seconds and peak memory."""
    output, seconds, peak = run_measured(command, environment)
    return {**json.loads(output.splitlines()[-1]), "wall": seconds, "peak": peak}


def in_turns(runs, rounds):
    """Results of each named run, one of every kind in each round."""
    found = {name: [] for name in runs}
    for _ in range(rounds):
        for name, one in runs.items():
            found[name].append(one())
    return found


def middle(results, key):
    return statistics.median(one[key] for one in results)


def ratio(results, others, key, inverse=False):
    """Median of the ratios of runs of the same round, with the smallest and largest."""
    ratios = [one[key] / other[key] for one, other in zip(results, others)]
    if inverse:
        ratios = [1 / value for value in ratios]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def machine(quire):
    """What the program says of the machine it runs on."""
    return subprocess.run([str(quire), "info"], capture_output=True, text=True, check=True).stdout
