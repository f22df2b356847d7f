#!/usr/bin/env python3
"""How long a program takes to start: Quire's verbs and what does the same in Python, in turns.

    cmake --build --preset release --target quire
    python bench/startup.py [--rounds 20]

Run with the environment of tests/golden/requirements.txt. Whole processes are timed, from start to exit, with
files in the system's cache. Printed are medians over the rounds with the smallest and largest.
"""

import argparse
import pathlib
import statistics
import sys
import tempfile

import measure

LINE = "Attention is all you need: a sentence about transformers."


def python(code):
    return [sys.executable, "-c", code]


def commands(quire, model, text):
    tokenize = f"print(tokenizers.Tokenizer.from_file('{model}/tokenizer.json').encode({LINE!r}).ids)"
    return {
        "`quire --version`": [quire, "--version"],
        "`quire info` (loads libtorch)": [quire, "info"],
        "`quire tokenize`, one line": [quire, "tokenize", model, text],
        "`tokenizers`, one line": python(f"import tokenizers; {tokenize}"),
        "transformers' AutoTokenizer, one line": python(
            f"import transformers; print(transformers.AutoTokenizer.from_pretrained('{model}')({LINE!r}).input_ids)"
        ),
        "`python -c 'import torch'`": python("import torch"),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default=str(measure.MODEL))
    parser.add_argument("--quire", default=str(measure.ROOT / "build/release/quire"))
    parser.add_argument("--rounds", type=int, default=20)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = pathlib.Path(folder, "line.txt")
        text.write_text(LINE + "\n", encoding="utf-8")

        def run(command):
            _, seconds, peak = measure.run_measured(command)
            return {"seconds": seconds, "peak": peak}

        runs = {
            name: lambda command=command: run(command)
            for name, command in commands(arguments.quire, arguments.model, text).items()
        }
        measure.in_turns(runs, 1)  # so that the files are in the cache
        found = measure.in_turns(runs, arguments.rounds)
    print("| | ms | smallest to largest | peak MB |\n|---|---|---|---|")
    for name, rounds in found.items():
        times = [one["seconds"] * 1e3 for one in rounds]
        print(f"| {name} | {statistics.median(times):.0f} | {min(times):.0f} to {max(times):.0f} | "
              f"{measure.middle(rounds, 'peak'):.0f} |")
    print("\n" + measure.machine(arguments.quire))


if __name__ == "__main__":
    main()
