#!/usr/bin/env python3
"""Training speed under libgomp's ways of waiting, alone and beside another training on the same CPUs.

    python3 bench/spinning.py TABLE.tsv.xz MODEL_DIRECTORY [--precision fp32] [--rounds 2]
    python3 bench/spinning.py TABLE.tsv.xz --lightgbm [--rounds 2]

Prints tokens a second of each run, from the run's own log without its first step; of LightGBM's trees the
rounds a second, from the whole command.
"""

import argparse
import json
import os
import pathlib
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
WAYS = {"libgomp's own": {"GOMP_SPINCOUNT": "300000"}, "GOMP_SPINCOUNT=10000": {"GOMP_SPINCOUNT": "10000"},
        "GOMP_SPINCOUNT=1000": {"GOMP_SPINCOUNT": "1000"},
        "OMP_WAIT_POLICY=passive": {"OMP_WAIT_POLICY": "passive"}}
ROUNDS = 20  # of trees


def command(arguments, folder, limit, length):
    if arguments.lightgbm:
        return [str(ROOT / "build/release/quire"), "train", arguments.table, "-o", f"{folder}/run", "--member", "lightgbm",
                "--limit", str(limit), "--folds", "1", "--valid-fraction", "0", "--rounds", str(ROUNDS), "--quiet"]
    return [str(ROOT / "build/release/quire"), "train", arguments.table, "-o", f"{folder}/run", "--model", arguments.model,
            "--limit", str(limit), "--folds", "1", "--valid-fraction", "0", "--epochs", "1", "--max-length", str(length),
            "--precision", arguments.precision, "--head-init", "random", "--quiet"]


def speed(arguments, way, limit, length):
    with tempfile.TemporaryDirectory() as folder:
        begin = time.monotonic()
        subprocess.run(command(arguments, folder, limit, length), check=True, capture_output=True, env=os.environ | way)
        if arguments.lightgbm:
            return ROUNDS / (time.monotonic() - begin)
        log = pathlib.Path(folder, "run/members/encoder/fold-0/log.jsonl").read_text(encoding="utf-8")
    steps = [json.loads(line)["tokens_per_s"] for line in log.splitlines()][1:]
    return sum(steps) / len(steps)


def shown(speeds):
    return " to ".join(f"{one:,.0f}" if one >= 100 else f"{one:.3g}" for one in (min(speeds), max(speeds)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table")
    parser.add_argument("model", nargs="?")
    parser.add_argument("--lightgbm", action="store_true")
    parser.add_argument("--precision", default="fp32")
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    print("| | alone, 128 tokens | beside another, 64 tokens |\n|---|---|---|")
    for name, way in WAYS.items():
        alone = [speed(arguments, way, 120, 128) for _ in range(arguments.rounds)]
        with tempfile.TemporaryDirectory() as folder:
            other = subprocess.Popen(command(arguments, folder, 2000, 128), env=os.environ | WAYS["OMP_WAIT_POLICY=passive"],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            beside = [speed(arguments, way, 60, 64) for _ in range(arguments.rounds)]
            other.kill()
            other.wait()
        print(f"| {name} | {shown(alone)} | {shown(beside)} |", flush=True)


if __name__ == "__main__":
    main()
