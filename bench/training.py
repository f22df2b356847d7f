#!/usr/bin/env python3
"""Training speed: Quire and Hugging Face transformers, in turns on the same documents.

    python bench/training.py [--model DIR] [--table TABLE.tsv.xz] [--documents 160] [--rounds 3]

Run with the environment of tests/golden/requirements.txt. Whole optimiser steps are timed, over the same
documents, batch size, threads and length limit; tokens are real ones, padding not counted. The peer:

  contest   padded to --max-length, eager attention, plain AdamW
  best      dynamic padding, batches of like length, SDPA, fused AdamW

Printed are medians over the rounds, and the ratio of Quire to the peer's best with its smallest and
largest value over neighbouring runs.
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

ROOT = pathlib.Path(__file__).resolve().parent.parent


def read_rows(path, count):
    csv.field_size_limit(1 << 30)
    with lzma.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[:count]
    return [(row["title"].strip(), row["abstract"].strip(), row["categories"]) for row in rows]


def peer(arguments):
    """One timed run in this process: prints tokens and documents a second as JSON."""
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    rows = read_rows(arguments.table, arguments.documents)
    names = sorted({label for _, _, label in rows})
    tokenizer = transformers.AutoTokenizer.from_pretrained(arguments.model)
    best = arguments.peer == "best"
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        arguments.model, num_labels=len(names), attn_implementation="sdpa" if best else "eager"
    ).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=5e-5, fused=best)
    encoded = [tokenizer(t, a, truncation=True, max_length=arguments.max_length) for t, a, _ in rows]
    labels = torch.tensor([names.index(label) for _, _, label in rows])
    order = sorted(range(len(rows)), key=lambda i: len(encoded[i]["input_ids"])) if best else list(range(len(rows)))
    batches = [order[i : i + arguments.batch_size] for i in range(0, len(order), arguments.batch_size)]

    def step(batch):
        inputs = tokenizer.pad(
            [encoded[i] for i in batch],
            padding="longest" if best else "max_length",
            max_length=arguments.max_length,
            return_tensors="pt",
        )
        loss = torch.nn.functional.cross_entropy(model(**inputs).logits, labels[batch])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()

    step(batches[len(batches) // 2])
    start = time.perf_counter()
    for batch in batches:
        step(batch)
    seconds = time.perf_counter() - start
    tokens = sum(len(one["input_ids"]) for one in encoded)
    print(json.dumps({"tokens": tokens / seconds, "documents": len(rows) / seconds}))


def run_peer(arguments, kind):
    command = [sys.executable, __file__, "--peer", kind]
    for name in ("model", "table", "documents", "batch_size", "max_length", "threads"):
        command += [f"--{name.replace('_', '-')}", str(getattr(arguments, name))]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def run_quire(arguments, precision):
    """Steps after the first, from the run's own log."""
    with tempfile.TemporaryDirectory() as folder:
        command = [arguments.quire, "train", arguments.table, "-o", f"{folder}/run", "--model", arguments.model]
        command += ["--limit", arguments.documents, "--folds", 1, "--valid-fraction", 0, "--epochs", 1]
        command += ["--batch-size", arguments.batch_size, "--max-length", arguments.max_length, "--quiet"]
        command += ["--threads", arguments.threads, "--precision", precision]
        subprocess.run([str(word) for word in command], check=True, capture_output=True)
        log = pathlib.Path(folder, "run/members/encoder/fold-0/log.jsonl").read_text(encoding="utf-8")
    steps = [json.loads(line) for line in log.splitlines()]
    timed = steps[1:]
    batch = arguments.batch_size
    seconds = sum(batch / step["docs_per_s"] for step in timed)
    tokens = sum(step["tokens_per_s"] * batch / step["docs_per_s"] for step in timed)
    return {"tokens": tokens / seconds, "documents": batch * len(timed) / seconds}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default=str(ROOT / ".deps/models/all-MiniLM-L6-v2"))
    parser.add_argument("--table", default=str(ROOT.parent / "shared/data/arxiv_cs39/train_sample_2000.tsv.xz"))
    parser.add_argument("--quire", default=str(ROOT / "build/release/quire"))
    parser.add_argument("--documents", type=int, default=160)
    parser.add_argument("--batch-size", type=int, default=10)
    parser.add_argument("--max-length", type=int, default=300)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer", choices=["contest", "best"], help="run one peer in this process")
    arguments = parser.parse_args()
    if arguments.peer:
        return peer(arguments)
    info = subprocess.run([arguments.quire, "info"], capture_output=True, text=True, check=True).stdout
    runs = {
        "Quire, --precision fp32": lambda: run_quire(arguments, "fp32"),
        "Quire, --precision auto": lambda: run_quire(arguments, "auto"),
    }
    runs["transformers, best"] = lambda: run_peer(arguments, "best")
    runs["transformers, the contest's way"] = lambda: run_peer(arguments, "contest")
    found = {name: [] for name in runs}
    for _ in range(arguments.rounds):
        for name, one in runs.items():
            found[name].append(one())
    best = [one["tokens"] for one in found["transformers, best"]]
    print("| | tokens/s | docs/s | times the peer's best |\n|---|---|---|---|")
    for name, rounds in found.items():
        ratios = [one["tokens"] / other for one, other in zip(rounds, best)]
        middle = statistics.median
        print(
            f"| {name} | {middle(one['tokens'] for one in rounds):,.0f} | "
            f"{middle(one['documents'] for one in rounds):.1f} | "
            f"{middle(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) |"
        )
    print("\n" + info)


if __name__ == "__main__":
    main()
