"""What `quire export` writes must give the same answers in transformers, and what transformers fine-tuned
the same in Quire. Needs torch, transformers and safetensors: skipped (77) where they are not installed.

Usage: export_test.py QUIRE TINY_MODEL
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

SKIPPED = 77

try:
    import numpy
    import torch
    import transformers
except ImportError as missing:
    print(f"skipped for want of transformers: {missing}")
    sys.exit(SKIPPED)

quire, tiny = (str(pathlib.Path(argument).resolve()) for argument in sys.argv[1:3])
TEXTS = ["the cat", "a dog and a house", "the house the house cat", "dog"]


def run(*arguments):
    subprocess.run([quire, *map(str, arguments)], check=True, capture_output=True)


def write_table(path):
    rows = [f"{i}\t{TEXTS[i % 4]} {TEXTS[(i // 4) % 4]}\tclass {i % 4}" for i in range(48)]
    path.write_text("id\ttext\tlabel\n" + "\n".join(rows) + "\n", encoding="utf-8")


def probabilities(directory, table, folder):
    run("predict", directory, table, "-o", folder / "out.tsv", "--probabilities", folder / "p.npy", "--max-length", 32)
    return torch.tensor(numpy.load(folder / "p.npy"))


def texts_of(table):
    return [line.split("\t")[1] for line in table.read_text(encoding="utf-8").splitlines()[1:]]


def transformers_probabilities(directory, texts):
    model = transformers.AutoModelForSequenceClassification.from_pretrained(directory).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(directory)
    with torch.no_grad():
        logits = [model(**tokenizer(t, truncation=True, max_length=32, return_tensors="pt")).logits[0] for t in texts]
    return torch.softmax(torch.stack(logits), 1)


def snippet_of(readme):
    """The Python of a model card, with our texts in place of its two."""
    code = re.search(r"```python\n(.*?)```", readme.read_text(encoding="utf-8"), re.S).group(1)
    return code.replace('["a text", "another one"]', "TEXTS")


def check_close(name, found, expected):
    error = float((found - expected).abs().max())
    print(f"{name}: largest difference of probabilities {error:.1e}")
    assert error < 1e-5, name


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        table = folder / "train.tsv"
        write_table(table)
        common = ["train", table, "--model", tiny, "--folds", 2, "--epochs", 1, "--max-length", 32]

        run(*common, "-o", folder / "standard", "--head-learning-rate", 0.01)
        run("export", folder / "standard", "--fold", 1, "-o", folder / "exported")
        ours = probabilities(folder / "exported", table, folder)
        check_close("standard head", transformers_probabilities(folder / "exported", texts_of(table)), ours)

        # And back: what transformers saves, Quire predicts alike.
        model = transformers.AutoModelForSequenceClassification.from_pretrained(folder / "exported")
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.mul_(1.1)
        model.save_pretrained(folder / "saved")
        transformers.AutoTokenizer.from_pretrained(folder / "exported").save_pretrained(folder / "saved")
        check_close(
            "saved by transformers",
            transformers_probabilities(folder / "saved", texts_of(table)),
            probabilities(folder / "saved", table, folder),
        )

        run(*common, "-o", folder / "mean", "--head", "mean", "--head-init", "probe")
        run("export", folder / "mean", "--fold", 0, "-o", folder / "mean-exported")
        ours = probabilities(folder / "mean-exported", table, folder)
        scope = {"TEXTS": texts_of(table), "print": lambda *_: None}
        os.chdir(folder / "mean-exported")
        with torch.no_grad():
            exec(snippet_of(folder / "mean-exported" / "README.md"), scope)
        os.chdir("/")
        check_close("the card's snippet for mean pooling", torch.softmax(scope["logits"], 1), ours)

        again = subprocess.run([quire, "export", folder / "mean", "--fold", "7", "-o", folder / "x"], capture_output=True)
        assert again.returncode == 2 and b"no finished fold 7" in again.stderr, again.stderr
        taken = subprocess.run([quire, "export", folder / "mean", "--fold", "0", "-o", folder / "saved"], capture_output=True)
        assert taken.returncode == 2 and b"not empty" in taken.stderr, taken.stderr


main()
