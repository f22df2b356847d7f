#!/usr/bin/env python3
"""Prediction: Quire, Hugging Face transformers and ONNX Runtime, in turns on the same texts.

    cmake --build --preset release --target quire prediction_bench
    python bench/prediction.py [--documents 500] [--rounds 3]

Run with the environment of tests/golden/requirements.txt. The model is MiniLM with a classifier of 39 classes
at random, made once in build/bench. All start from texts and end at a class:

  transformers  SDPA, inference mode
  ONNX Runtime  the same weights, exported, with ONNX Runtime's transformer fusions; int8 as its
                quantize_dynamic makes it, with a scale for each output

Both sort the documents by length into batches of --batch-size and pad a batch to its longest. "Batch" is the
fastest of --passes over all documents after one that is not timed; "whole program" starts a process that
predicts them once. The first --singles are then taken one after another, with their abstract and without. Printed are medians over the rounds, and
ratios to ONNX Runtime's fp32 run of the same round with the smallest and largest; "same class" is the share of
documents with the class that transformers finds. Beside other work, --threads 1 --clock cpu measures what a
quiet machine would show.
"""

import argparse
import json
import pathlib
import statistics
import sys
import tempfile
import time

import measure

FOLDER = measure.ROOT / "build/bench/minilm-39"
CLASSES = 39


def make_model(base):
    """A classifier with a random head, in Hugging Face's layout, and its exports to ONNX."""
    if (FOLDER / "int8.onnx").exists():
        return
    import onnx
    import torch
    import transformers
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers import optimizer

    torch.manual_seed(0)
    # Eager attention is what ONNX Runtime's fusions recognise.
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        base, num_labels=CLASSES, attn_implementation="eager"
    ).eval()
    with torch.no_grad():
        model.classifier.weight.mul_(20)  # so that the classes are not all about equally probable
    model.save_pretrained(FOLDER)
    transformers.AutoTokenizer.from_pretrained(base).save_pretrained(FOLDER)
    names = ["input_ids", "attention_mask", "token_type_ids"]
    ids = torch.randint(0, 1000, (2, 16))
    with tempfile.TemporaryDirectory() as folder:
        torch.onnx.export(
            model, (ids, torch.ones_like(ids), torch.zeros_like(ids)), f"{folder}/plain.onnx", input_names=names,
            output_names=["logits"], dynamic_axes={name: {0: "batch", 1: "length"} for name in names},
            opset_version=17, dynamo=False,
        )
        config = model.config
        fused = optimizer.optimize_model(
            f"{folder}/plain.onnx", model_type="bert", num_heads=config.num_attention_heads,
            hidden_size=config.hidden_size,
        )
    fused.save_model_to_file(str(FOLDER / "fp32.onnx"))
    quantize_dynamic(FOLDER / "fp32.onnx", FOLDER / "int8.onnx", per_channel=True, weight_type=QuantType.QInt8,
                     extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})


def transformers_model(arguments):
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    torch.set_num_threads(arguments.threads)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(FOLDER, attn_implementation="sdpa").eval()

    def predict(inputs):
        with torch.inference_mode():
            return model(**{name: torch.from_numpy(value) for name, value in inputs.items()}).logits.numpy()

    return predict


def onnx_model(arguments, name):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = arguments.threads
    session = onnxruntime.InferenceSession(FOLDER / f"{name}.onnx", options, providers=["CPUExecutionProvider"])
    wanted = {one.name for one in session.get_inputs()}
    return lambda inputs: session.run(None, {name: value for name, value in inputs.items() if name in wanted})[0]


def peer(arguments):
    """One run of a peer in this process."""
    import numpy
    import tokenizers

    texts = [line.split("\t") for line in pathlib.Path(arguments.texts).read_text(encoding="utf-8").split("\n")[:-1]]
    tokenizer = tokenizers.Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    tokenizer.enable_truncation(arguments.max_length)
    tokenizer.no_padding()
    if arguments.peer == "transformers":
        predict = transformers_model(arguments)
    else:
        predict = onnx_model(arguments, arguments.peer.removeprefix("onnx-"))

    def run(chosen):
        encoded = tokenizer.encode_batch([tuple(text) if len(text) == 2 else text[0] for text in chosen])
        order = sorted(range(len(chosen)), key=lambda i: len(encoded[i].ids), reverse=True)
        classes = [0] * len(chosen)
        for begin in range(0, len(order), arguments.batch_size):
            batch = order[begin : begin + arguments.batch_size]
            shape = (len(batch), len(encoded[batch[0]].ids))
            ids, mask, segments = (numpy.zeros(shape, numpy.int64) for _ in range(3))
            for row, i in enumerate(batch):
                one = encoded[i]
                ids[row, : len(one.ids)] = one.ids
                mask[row, : len(one.ids)] = 1
                segments[row, : len(one.ids)] = one.type_ids
            logits = predict({"input_ids": ids, "attention_mask": mask, "token_type_ids": segments})
            for row, i in enumerate(batch):
                classes[i] = int(logits[row].argmax())
        return classes

    clock = time.process_time if arguments.clock == "cpu" else time.perf_counter

    def timed(chosen):
        start = clock()
        classes = run(chosen)
        return clock() - start, classes

    seconds, classes = timed(texts)
    seconds = min([timed(texts)[0] for _ in range(arguments.passes)] or [seconds])
    singles = [timed([text])[0] for text in texts[:20] + texts[: arguments.single]][20:]
    print(json.dumps({"seconds": seconds, "single": singles, "classes": classes}))


def run_peer(arguments, kind, texts, passes, single):
    command = [sys.executable, __file__, "--peer", kind, "--texts", texts, "--passes", passes, "--single", single]
    for name in ("batch_size", "max_length", "threads", "clock"):
        command += [f"--{name.replace('_', '-')}", getattr(arguments, name)]
    return measure.run_json(command)


def run_quire(arguments, precision, texts, passes, single):
    bench = pathlib.Path(arguments.quire).parent / "prediction_bench"
    return measure.run_json([bench, FOLDER, texts, "--precision", precision, "--threads", arguments.threads, "--clock", arguments.clock,
                             "--passes", passes, "--single", single])


def measured(arguments, run, documents, titles):
    """One round of one candidate: everything the table shows."""
    steady = run(documents, arguments.passes, arguments.singles)
    short = run(titles, 0, arguments.singles)
    whole = run(documents, 0, 0)
    result = {"seconds": steady["seconds"], "classes": steady["classes"], "whole": whole["wall"]}
    for name, latencies in (("single", steady["single"]), ("title", short["single"])):
        result[f"{name}_p50"] = statistics.median(latencies) * 1e3
        result[f"{name}_p99"] = statistics.quantiles(latencies, n=100)[98] * 1e3
    return result


def count_tokens(arguments, rows):
    import tokenizers

    tokenizer = tokenizers.Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    tokenizer.enable_truncation(arguments.max_length)
    tokenizer.no_padding()
    return sum(len(one.ids) for one in tokenizer.encode_batch(rows))


def print_tables(found, tokens, documents):
    base = found["ONNX Runtime, fp32"]
    reference = found["transformers, fp32"][0]["classes"]
    print("| | batch, tokens/s | docs/s | times ONNX Runtime's fp32 | whole program, s | same class |")
    print("|---|---|---|---|---|---|")
    for name, rounds in found.items():
        seconds = measure.middle(rounds, "seconds")
        same = sum(a == b for a, b in zip(rounds[0]["classes"], reference)) / documents
        print(f"| {name} | {tokens / seconds:,.0f} | {documents / seconds:.0f} | "
              f"{measure.ratio(rounds, base, 'seconds', inverse=True)} | {measure.middle(rounds, 'whole'):.1f} | "
              f"{100 * same:.1f} % |")
    print("\n| | abstract, p50 ms | p99 | times ONNX Runtime's fp32, p50 | title alone, p50 ms | p99 | times, p50 |")
    print("|---|---|---|---|---|---|---|")
    for name, rounds in found.items():
        cells = [name]
        for kind in ("single", "title"):
            cells += [f"{measure.middle(rounds, f'{kind}_p50'):.2f}", f"{measure.middle(rounds, f'{kind}_p99'):.2f}",
                      measure.ratio(rounds, base, f"{kind}_p50", inverse=True)]
        print(f"| {' | '.join(cells)} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default=str(measure.MODEL))
    parser.add_argument("--table", default=str(measure.TABLES / "holdout_sample_500.tsv.xz"))
    parser.add_argument("--quire", default=str(measure.ROOT / "build/release/quire"))
    parser.add_argument("--documents", type=int, default=500)
    parser.add_argument("--batch-size", type=int, default=16, help="documents in a batch of the peers")
    parser.add_argument("--max-length", type=int, default=512)
    parser.add_argument("--threads", type=int, default=measure.CPUS)
    parser.add_argument("--clock", default="wall", choices=["wall", "cpu"], help="cpu: time the CPUs worked for it")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer", help="run one peer in this process: transformers, onnx-fp32, onnx-int8")
    parser.add_argument("--texts")
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--single", type=int, default=0)
    parser.add_argument("--singles", type=int, default=200, help="texts one after another")
    arguments = parser.parse_args()
    if arguments.peer:
        return peer(arguments)
    make_model(arguments.model)
    rows = [(" ".join(title.split()), " ".join(text.split()))
            for title, text, _ in measure.read_rows(arguments.table, arguments.documents)]
    info = measure.machine(arguments.quire)
    runs = {}
    for precision in ("fp32", "bf16", "int8"):
        if precision != "bf16" or "bf16              none" not in info:
            runs[f"Quire, {precision}"] = lambda *how, precision=precision: run_quire(arguments, precision, *how)
    runs["ONNX Runtime, fp32"] = lambda *how: run_peer(arguments, "onnx-fp32", *how)
    runs["ONNX Runtime, int8"] = lambda *how: run_peer(arguments, "onnx-int8", *how)
    runs["transformers, fp32"] = lambda *how: run_peer(arguments, "transformers", *how)
    with tempfile.TemporaryDirectory() as folder:
        documents, titles = f"{folder}/documents", f"{folder}/titles"
        pathlib.Path(documents).write_text("".join(f"{title}\t{text}\n" for title, text in rows), encoding="utf-8")
        pathlib.Path(titles).write_text("".join(f"{title}\n" for title, _ in rows), encoding="utf-8")
        found = measure.in_turns(
            {name: lambda one=one: measured(arguments, one, documents, titles) for name, one in runs.items()}, arguments.rounds)
        tokens = count_tokens(arguments, rows)
    print(f"{len(rows)} documents, {tokens} tokens, {arguments.threads} threads, {arguments.clock} clock, {arguments.rounds} rounds\n")
    print_tables(found, tokens, len(rows))
    print("\n" + info)


if __name__ == "__main__":
    main()
