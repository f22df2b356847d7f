#!/usr/bin/env python3
"""Training speed: Quire and Hugging Face transformers, in turns on the same documents.

    python bench/training.py [--shape minilm|bert-base|bert-large] [--documents 160] [--rounds 3]

Run with the environment of tests/golden/requirements.txt. Whole optimiser steps are timed, over the same
documents, batch size, threads and length limit; tokens are real ones, padding not counted. MiniLM starts from
its own weights, the shapes of BERT from random ones (kept in build/bench). The peer:

  contest        padded to --max-length, eager attention, plain AdamW
  best           dynamic padding, batches of like length, SDPA, fused AdamW
  best-bf16      the same under bfloat16 autocast
  best-compiled  the same as best, through torch.compile (only with --compiled; compiling is not timed)

Printed are medians over the rounds; the ratio to the peer's best float32 run of the same round, with its
smallest and largest value; the share of the product rate that gemm_bench finds on these threads, counting six
operations a token and parameter outside the embeddings; and the peak of resident memory.
"""

import argparse
import json
import os
import pathlib
import re
import sys
import tempfile
import time

import measure

PEERS = ["contest", "best", "best-bf16", "best-compiled"]


def peer(arguments):
    """One timed run in this process: prints tokens and documents a second as JSON."""
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    rows = measure.read_rows(arguments.table, arguments.documents)
    names = sorted({label for _, _, label in rows})
    tokenizer = transformers.AutoTokenizer.from_pretrained(arguments.model)
    best = arguments.peer != "contest"
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        arguments.model, num_labels=len(names), attn_implementation="sdpa" if best else "eager"
    ).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=5e-5, fused=best)
    forward = torch.compile(model, dynamic=True) if arguments.peer == "best-compiled" else model
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
        with torch.autocast("cpu", torch.bfloat16, enabled=arguments.peer == "best-bf16"):
            logits = forward(**inputs).logits
        torch.nn.functional.cross_entropy(logits.float(), labels[batch]).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()

    step(batches[len(batches) // 2])
    if arguments.peer == "best-compiled":
        step(batches[0])
    start = time.perf_counter()
    for batch in batches:
        step(batch)
    seconds = time.perf_counter() - start
    tokens = sum(len(one["input_ids"]) for one in encoded)
    print(json.dumps({"tokens": tokens / seconds, "documents": len(rows) / seconds}))


def random_model(arguments):
    """A folder with a BERT of this shape, random weights, and MiniLM's tokenizer."""
    import transformers

    folder = measure.ROOT / "build/bench" / arguments.shape
    if not (folder / "model.safetensors").exists():
        sizes = {
            "bert-base": {},
            "bert-large": {
                "hidden_size": 1024,
                "num_hidden_layers": 24,
                "num_attention_heads": 16,
                "intermediate_size": 4096,
            },
        }[arguments.shape]
        transformers.BertModel(transformers.BertConfig(**sizes)).save_pretrained(folder)
        transformers.AutoTokenizer.from_pretrained(arguments.model).save_pretrained(folder)
    return str(folder)


def product_rates(arguments):
    """The best GFLOP/s of gemm_bench on so many threads, in float32 and bfloat16."""
    program = pathlib.Path(arguments.quire).parent / "gemm_bench"
    output, _, _ = measure.run_measured([program, 2048, 0.1], {**os.environ, "OMP_NUM_THREADS": str(arguments.threads)})
    # model, layer, product of one or two words, threads, then ATen's rate, ours, ours with packing, in blocks
    found = [re.search(rf" {arguments.threads} +(\d+)((?: +\d+)*)$", line) for line in output.splitlines()[2:-1]]
    rates = [(float(match[1]), [float(rate) for rate in match[2].split()]) for match in found if match]
    return max(a for a, _ in rates), max((rate for _, ours in rates for rate in ours), default=float("nan"))


def parameters_outside_embeddings(model):
    config = json.loads(pathlib.Path(model, "config.json").read_text(encoding="utf-8"))
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    return config["num_hidden_layers"] * (4 * hidden * hidden + 2 * hidden * inner)


def run_peer(arguments, kind):
    command = [sys.executable, __file__, "--peer", kind]
    for name in ("model", "table", "documents", "batch_size", "max_length", "threads"):
        command += [f"--{name.replace('_', '-')}", str(getattr(arguments, name))]
    # Virtual machines that announce AMX and leave its CPUID leaf blank kill oneDNN's bfloat16 otherwise.
    environment = {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_BF16", **os.environ} if kind == "best-bf16" else None
    return measure.run_json(command, environment)


def run_quire(arguments, precision):
    """Steps after the first, from the run's own log."""
    with tempfile.TemporaryDirectory() as folder:
        command = [arguments.quire, "train", arguments.table, "-o", f"{folder}/run", "--model", arguments.model]
        command += ["--limit", arguments.documents, "--folds", 1, "--valid-fraction", 0, "--epochs", 1]
        command += ["--batch-size", arguments.batch_size, "--max-length", arguments.max_length, "--quiet"]
        command += ["--threads", arguments.threads, "--precision", precision, "--head-init", "random"]
        _, _, peak = measure.run_measured(command)
        log = pathlib.Path(folder, "run/members/encoder/fold-0/log.jsonl").read_text(encoding="utf-8")
    steps = [json.loads(line) for line in log.splitlines()]
    timed = steps[1:]
    batch = arguments.batch_size
    seconds = sum(batch / step["docs_per_s"] for step in timed)
    tokens = sum(step["tokens_per_s"] * batch / step["docs_per_s"] for step in timed)
    return {"tokens": tokens / seconds, "documents": batch * len(timed) / seconds, "peak": peak}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default=str(measure.MODEL))
    parser.add_argument("--table", default=str(measure.TABLES / "train_sample_2000.tsv.xz"))
    parser.add_argument("--quire", default=str(measure.ROOT / "build/release/quire"))
    parser.add_argument("--documents", type=int, default=160)
    parser.add_argument("--batch-size", type=int, default=10)
    parser.add_argument("--max-length", type=int, default=300)
    parser.add_argument("--threads", type=int, default=measure.CPUS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--shape", default="minilm", choices=["minilm", "bert-base", "bert-large"])
    parser.add_argument("--compiled", action="store_true", help="the peer under torch.compile as well")
    parser.add_argument("--peer", choices=PEERS, help="run one peer in this process")
    arguments = parser.parse_args()
    if arguments.peer:
        return peer(arguments)
    if arguments.shape != "minilm":
        arguments.model = random_model(arguments)
    rates = dict(zip(("fp32", "bf16"), product_rates(arguments)))
    runs = {
        "Quire, fp32": ("fp32", lambda: run_quire(arguments, "fp32")),
        "Quire, bf16": ("bf16", lambda: run_quire(arguments, "bf16")),
        "transformers at its best, fp32": ("fp32", lambda: run_peer(arguments, "best")),
        "transformers at its best, bf16": ("bf16", lambda: run_peer(arguments, "best-bf16")),
        "transformers, the contest's way": ("fp32", lambda: run_peer(arguments, "contest")),
    }
    if arguments.compiled:
        runs["transformers, compiled"] = ("fp32", lambda: run_peer(arguments, "best-compiled"))
    found = measure.in_turns({name: one for name, (_, one) in runs.items()}, arguments.rounds)
    best = found["transformers at its best, fp32"]
    work = 6e-9 * parameters_outside_embeddings(arguments.model)
    print("| | tokens/s | docs/s | times the peer's best | of the product rate | peak MB |\n|---|---|---|---|---|---|")
    for name, rounds in found.items():
        tokens = measure.middle(rounds, "tokens")
        print(
            f"| {name} | {tokens:,.0f} | {measure.middle(rounds, 'documents'):.1f} | "
            f"{measure.ratio(rounds, best, 'tokens')} | "
            f"{100 * tokens * work / rates[runs[name][0]]:.0f} % | {max(one['peak'] for one in rounds):,.0f} |"
        )
    print(f"\nProduct rates: fp32 {rates['fp32']:.0f}, bf16 {rates['bf16']:.0f} GFLOP/s\n")
    print(measure.machine(arguments.quire))


if __name__ == "__main__":
    main()
