#!/usr/bin/env python3
"""Training speed under libgomp's ways of waiting, alone and beside another training on the same CPUs.

    python3 bench/spinning.py TABLE.tsv.xz MODEL_DIRECTORY [--precision fp32] [--rounds 2]

Prints tokens a second of each run, from the run's own log without its first step.
"""

import argparse
import json
import os
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
WAYS = {"libgomp's own": {"GOMP_SPINCOUNT": "300000"}, "GOMP_SPINCOUNT=10000": {"GOMP_SPINCOUNT": "10000"},
        "OMP_WAIT_POLICY=passive": {"OMP_WAIT_POLICY": "passive"}}


def command(arguments, folder, limit, length):
    return [str(ROOT / "build/release/quire"), "train", arguments.table, "-o", f"{folder}/run", "--model", arguments.model,
            "--limit", str(limit), "--folds", "1", "--valid-fraction", "0", "--epochs", "1", "--max-length", str(length),
            "--precision", arguments.precision, "--head-init", "random", "--quiet"]


def speed(arguments, way, limit, length):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(command(arguments, folder, limit, length), check=True, capture_output=True, env=os.environ | way)
        log = pathlib.Path(folder, "run/members/encoder/fold-0/log.jsonl").read_text(encoding="utf-8")
    steps = [json.loads(line)["tokens_per_s"] for line in log.splitlines()][1:]
    return sum(steps) / len(steps)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table")
    parser.add_argument("model")
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
        print(f"| {name} | {min(alone):,.0f} to {max(alone):,.0f} | {min(beside):,.0f} to {max(beside):,.0f} |", flush=True)


if __name__ == "__main__":
    main()
