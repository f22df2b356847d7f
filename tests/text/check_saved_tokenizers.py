#!/usr/bin/env python3
"""Does transformers read the tokenizers that we save, with the same ids?

    ninja -C build/release tokenizer_tool
    python tests/text/check_saved_tokenizers.py build/release/tokenizer_tool [DIRECTORY ...]

Each golden tokenizer, and each DIRECTORY, is loaded and saved by us, then loaded by `tokenizers` from
tokenizer.json and by transformers' AutoTokenizer from the directory, once more without tokenizer.json.
Exit code 1 when any id differs from what the original gives.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"

from tokenizers import Tokenizer  # noqa: E402
from transformers import AutoTokenizer, logging  # noqa: E402

from compare_with_reference import ours  # noqa: E402

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden" / "tokenizer"
logging.set_verbosity_error()


def requests():
    cases = json.loads((GOLDEN / "cases.json").read_text(encoding="utf-8"))["wordpiece"]
    return [(text, pair, 0) for text, pair, length, _, _ in cases if length == 0]


def differences(encode, tool, directory):
    """Number of requests with different ids. AutoTokenizer takes an empty pair for none."""
    wanted = [request for request in requests() if request[1] != ""]
    return sum(encode(text, pair) != ids for (text, pair, _), (ids, _) in zip(wanted, ours(tool, directory, wanted)))


def check(tool, directory):
    with tempfile.TemporaryDirectory() as saved:
        subprocess.run([tool, str(directory), "--save", saved], check=True)
        backend = Tokenizer.from_file(f"{saved}/tokenizer.json")
        found = [differences(lambda text, pair: backend.encode(text, pair).ids, tool, directory)]
        whole = AutoTokenizer.from_pretrained(saved)
        found.append(differences(lambda text, pair: whole(text, pair)["input_ids"], tool, directory))
        name = type(whole).__name__
        if name in ("BertTokenizer", "RobertaTokenizer"):
            os.remove(f"{saved}/tokenizer.json")
            older = AutoTokenizer.from_pretrained(saved)
            found.append(differences(lambda text, pair: older(text, pair)["input_ids"], tool, directory))
        print(f"{directory.name:24} {name:24} differences: {found}", flush=True)
        return sum(found)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    directories = sorted(path for path in GOLDEN.iterdir() if path.is_dir())
    return 1 if sum(check(sys.argv[1], path) for path in directories + [*map(pathlib.Path, sys.argv[2:])]) else 0


if __name__ == "__main__":
    sys.exit(main())
