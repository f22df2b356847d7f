"""Runs the program over directories that somebody else wrote, or an older or newer Quire: what they say counts, or is
refused before anything is trained.

usage: foreign_files_test.py QUIRE MODEL
"""
import json
import os
import shutil
import tempfile

from program import check, finish, model, quire, refuses, run

with tempfile.TemporaryDirectory() as folder:
    path = lambda *names: os.path.join(folder, *names)

    def write(name, text):
        with open(path(name), "w", newline="") as file:
            file.write(text)
        return path(name)

    def change(file, **keys):
        """Sets keys of a JSON file, or takes out those that are None."""
        with open(file) as source:
            content = json.load(source)
        content.update(keys)
        with open(file, "w") as target:
            json.dump({key: value for key, value in content.items() if value is not None}, target)

    def copy(name, **keys):
        """A copy of the model with other keys in its config.json."""
        shutil.copytree(model, path(name))
        change(path(name, "config.json"), **keys)
        return path(name)

    words = [f"{'cat' if i % 2 else 'dog'} runs" for i in range(24)]
    label = lambda i: "a b" if i % 2 else "c"
    table = write("t.tsv", "id\ttext\tlabel\n" + "".join(f"{i}\t{word}\t{label(i)}\n" for i, word in enumerate(words)))
    pairs = write("p.tsv", "id\ttitle\ttext\tlabel\n" +
                  "".join(f"{i}\tone\t{word}\t{label(i)}\n" for i, word in enumerate(words)))
    options = ["--folds", "2", "--epochs", "1", "--max-length", "12", "--threads", "1", "--quiet"]

    def train(run_name, model_directory, *more, file=table):
        return ["train", file, "-o", path(run_name), "--model", model_directory, *options, *more]

    # ---- JSON that does harm, before the fold is trained ----
    deep = copy("deep")
    with open(path("deep", "config.json")) as source:
        content = source.read()
    write("deep/config.json", content.replace("{", '{"x":' + "[" * 200000 + "]" * 200000 + ",", 1))
    refuses("nested config.json", train("nested", deep), "nested more than 100 deep")
    check("nested config.json: nothing is trained", not os.path.exists(path("nested", "members", "encoder", "fold-0", "log.jsonl")))

    # ---- Two columns of text and one segment ----
    one_segment = copy("one-segment")
    with open(path("one-segment", "model.safetensors"), "rb") as source:
        data = source.read()
    length = int.from_bytes(data[:8], "little")
    header, body = json.loads(data[8:8 + length]), data[8 + length:]
    name = next(key for key in header if key.endswith("token_type_embeddings.weight"))
    parts, kept = {}, bytearray()
    for key, entry in sorted(((k, v) for k, v in header.items() if k != "__metadata__"), key=lambda item: item[1]["data_offsets"]):
        begin, end = entry["data_offsets"]
        if key == name:
            entry["shape"][0], end = 1, begin + (end - begin) // entry["shape"][0]
        start = len(kept)
        kept += body[begin:end]
        parts[key] = {**entry, "data_offsets": [start, len(kept)]}
    text = json.dumps({**({"__metadata__": header["__metadata__"]} if "__metadata__" in header else {}), **parts}).encode()
    with open(path("one-segment", "model.safetensors"), "wb") as target:
        target.write(len(text).to_bytes(8, "little") + text + kept)
    change(path("one-segment", "config.json"), type_vocab_size=1)
    refuses("pairs for one segment", train("pairs", one_segment, file=pairs), "two columns of text", '"type_vocab_size" is 1', "--text")
    check("one text for one segment", run(*train("single", one_segment)).returncode == 0)
    change(path("one-segment", "tokenizer_config.json"), model_input_names=["input_ids", "attention_mask"])
    result = run(*train("zeros", one_segment, file=pairs))
    check("pairs in one segment, as the tokenizer's inputs say", result.returncode == 0, result)

    # ---- Labels ----
    for what, labels, code in (("numbers", {"0": 1, "1": 2}, 0), ("out of order", {"1": "y", "0": "x"}, 0)):
        fold = path(f"labels-{code}-{what[:3]}")
        result = run(*train("labelled", model, "--force")) if not os.path.exists(path("labelled")) else None
        shutil.copytree(path("labelled", "members", "encoder", "fold-0"), fold)
        change(os.path.join(fold, "config.json"), id2label=labels, label2id=None)
        result = run("predict", fold, table, "-o", path("out.tsv"), "--quiet")
        check(f"id2label of {what}", result.returncode == code, result)
        with open(path("out.tsv")) as out:
            found = {line.split("\t")[1] for line in out.read().splitlines()[1:]}
        check(f"id2label of {what} names the classes", found <= {str(label) for label in labels.values()}, result)
    change(os.path.join(fold, "config.json"), id2label={"0": "x", "2": "y"})
    refuses("id2label with a gap", ["predict", fold, table, "-o", path("out.tsv")], "a class 2 where 1 is expected")

    # ---- A directory of ours, trained again ----
    for what, first in (("head", ["--head", "mean"]), ("features", ["--features", "layer:0"]),
                        ("windows", ["--long-text", "windows"]), ("tail", ["--long-text", "tail"])):
        result = run(*train(f"first-{what}", model, *first))
        check(f"first training, {what}", result.returncode == 0, result)
        result = run(*train(f"second-{what}", path(f"first-{what}", "members", "encoder", "fold-0")))
        check(f"second training, {what}", result.returncode == 0, result)
        with open(path(f"second-{what}", "members", "encoder", "fold-0", "config.json")) as file:
            own = json.load(file)["quire"]
        check(f"second training, {what}: keys are {own}", own == {"format": 1, "max_length": 12})
        result = run("predict", path(f"second-{what}"), table, "-o", path("out.tsv"), "--quiet")
        check(f"second training, {what}: predicts", result.returncode == 0, result)

    # ---- Files of another Quire ----
    first = path("first-head", "members", "encoder", "fold-0")
    change(os.path.join(first, "config.json"), quire={"format": 2})
    refuses("config.json of a newer Quire", ["predict", first, table, "-o", path("out.tsv")], "newer Quire (format 2); this one reads up to 1")
    change(os.path.join(first, "config.json"), quire=None, quire_head={"kind": "mean"})
    refuses("config.json of an older Quire", ["predict", first, table, "-o", path("out.tsv")], '"quire_head" was written by an older Quire')
    for member, file, more in (("linear", "linear.json", []), ("textcnn", "textcnn.json", ["--epochs", "1"]),
                               ("fasttext", "preprocessing.json", []), ("lightgbm", "preprocessing.json", [])):
        result = run("train", table, "-o", path(member), "--member", member, "--folds", "2", "--threads", "1", "--quiet", *more,
                     *(["--min-df", "1"] if member in ("linear", "lightgbm") else []))
        if result.returncode != 0:  # LightGBM's library may be missing, and finds little in 24 rows
            check(f"{member} trains", member == "lightgbm", result)
            continue
        fold = path(member, "members", member, "fold-0")
        check(f"{file} of {member} has its number", json.load(open(os.path.join(fold, file)))["format"] == 1)
        change(os.path.join(fold, file), format=2)
        refuses(f"{file} of a newer Quire", ["predict", path(member), table, "-o", path("out.tsv")], "newer Quire (format 2)")
        change(os.path.join(fold, file), format=None)
        refuses(f"{file} of an older Quire", ["predict", path(member), table, "-o", path("out.tsv")], "an older Quire wrote it")

    # ---- Tokenizers of other kinds ----
    japanese = copy("japanese")
    os.remove(path("japanese", "tokenizer.json"))
    write("japanese/tokenizer_config.json", '{"tokenizer_class":"BertJapaneseTokenizer","word_tokenizer_type":"mecab"}')
    refuses("BertJapaneseTokenizer", train("japan", japanese), '"tokenizer_class" is "BertJapaneseTokenizer"', "tokenizer.json")

finish()
