#!/usr/bin/env python3
"""Compares our token ids with those of the pinned `tokenizers`, far beyond what the unit tests do.

    ninja -C build/release tokenizer_tool
    python tests/text/compare_with_reference.py build/release/tokenizer_tool DIRECTORY [table.tsv.xz ...]

DIRECTORY holds a tokenizer.json, a vocab.txt, or a vocab.json and a merges.txt. Compared are every
Unicode code point in several contexts, random strings, and the columns of the tables, singly and in
pairs, whole and truncated. Exit code 1 when anything differs.
"""

import argparse
import array
import csv
import json
import lzma
import pathlib
import random
import struct
import subprocess
import sys

import tokenizers
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors

BATCH = 200_000
CONTEXTS = ["{0}", "a{0}b", " {0}", "{0} ", "a {0}{0} b", "A{0}\u0301\u0327x", "e\u0345{0}\u0334", "1{0}2", "'{0}s",
            "\u00a0{0}\u3000", "[{0}]", "\u4e2d{0}\u00c9"]


def reference(directory):
    """What `tokenizers` makes of a directory, without truncation and padding."""
    if (directory / "tokenizer.json").exists():
        tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
    elif (directory / "vocab.txt").exists():
        tokenizer = bert(directory)
    else:
        tokenizer = roberta(directory)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def bert(directory):
    """As transformers' BertTokenizer does without a tokenizer_config.json."""
    tokenizer = Tokenizer(models.WordPiece.from_file(str(directory / "vocab.txt"), unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(["[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in ("[CLS]", "[SEP]")])
    return tokenizer


def roberta(directory):
    """As transformers' RobertaTokenizer does; the mask takes the space before it."""
    flags = {"mask_token": {"content": "<mask>", "lstrip": True, "normalized": False}}
    if (directory / "special_tokens_map.json").exists():
        flags = json.loads((directory / "special_tokens_map.json").read_text())
    tokenizer = Tokenizer(models.BPE.from_file(str(directory / "vocab.json"), str(directory / "merges.txt")))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    for role, token in [("bos_token", "<s>"), ("eos_token", "</s>"), ("unk_token", "<unk>"),
                        ("pad_token", "<pad>"), ("mask_token", "<mask>")]:
        entry = flags.get(role, token)
        entry = {"content": entry, "normalized": False} if isinstance(entry, str) else entry
        tokenizer.add_special_tokens([AddedToken(**entry, special=True)])
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", tokenizer.token_to_id("</s>")), ("<s>", tokenizer.token_to_id("<s>")), add_prefix_space=False)
    return tokenizer


def ours(tool, directory, requests):
    """(ids, segments) of each (text, pair or None, maximal length or 0)."""
    packed = bytearray()
    for text, pair, length in requests:
        first = text.encode()
        second = b"" if pair is None else pair.encode()
        packed += struct.pack("=iii", len(first), -1 if pair is None else len(second), length) + first + second
    reply = subprocess.run([tool, str(directory)], input=bytes(packed), stdout=subprocess.PIPE, check=True).stdout
    position = 0
    for _ in requests:
        (count,) = struct.unpack_from("=I", reply, position)
        middle = position + 4 + 4 * count
        yield array.array("i", reply[position + 4:middle]).tolist(), list(reply[middle:middle + count])
        position = middle + count


class Comparison:
    def __init__(self, tool, directory):
        self.tool, self.directory = tool, directory
        self.tokenizer = reference(directory)
        self.compared = self.differences = self.tokens = 0

    def theirs(self, requests):
        results = [None] * len(requests)
        for length in {request[2] for request in requests}:
            chosen = [i for i, request in enumerate(requests) if request[2] == length]
            if length:
                self.tokenizer.enable_truncation(length)
            else:
                self.tokenizer.no_truncation()
            inputs = [requests[i][0] if requests[i][1] is None else requests[i][:2] for i in chosen]
            for i, encoding in zip(chosen, self.tokenizer.encode_batch(inputs)):
                results[i] = encoding.ids, encoding.type_ids
        return results

    def run(self, name, requests):
        compared, differences = self.compared, self.differences
        batch = []
        for request in requests:
            batch.append(request)
            if len(batch) == BATCH:
                self.compare(batch)
                batch = []
        self.compare(batch)
        print(f"{name}: {self.compared - compared} texts compared, {self.differences - differences} differ",
              flush=True)

    def compare(self, batch):
        if not batch:
            return
        for request, found, expected in zip(batch, ours(self.tool, self.directory, batch), self.theirs(batch)):
            self.compared += 1
            self.tokens += len(expected[0])
            if found != expected:
                self.differences += 1
                if self.differences <= 20:
                    print(f"DIFFERENCE on {ascii(request)}:\n  ours   {found}\n  theirs {expected}")


def code_points():
    for code in range(0x110000):
        if not 0xD800 <= code < 0xE000:
            for context in CONTEXTS:
                yield context.format(chr(code)), None, 0


def random_strings(count, special, rng):
    """Strings of characters that interact: marks, spaces, case, scripts, special tokens, long words."""
    pools = [
        "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789", " \t\n\r\v\f", "'’s't're've'm'll'd",
        "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~", [chr(c) for c in range(0x80, 0x250)],
        [chr(c) for c in range(0x300, 0x370)], [chr(c) for c in range(0x370, 0x530)],
        [chr(c) for c in range(0x590, 0xE00)], [chr(c) for c in range(0x1E00, 0x2C00)],
        [chr(c) for c in range(0x2E80, 0x3400)], [chr(c) for c in range(0x4E00, 0x4F00)],
        [chr(c) for c in range(0xAC00, 0xAD00)], [chr(c) for c in range(0x1D100, 0x1D200)],
        [chr(c) for c in range(0x1E000, 0x1E030)],
        ["\u1b44", "\u302e", "\u302f", "\u08d4", "\u08e1", "\u1dfb", "\u0345", "\u0334", "\u034f", "\u0130", "\u03a3"],
        ["the", "of", "ing", "token", "ization", "Über", "naïve", "中国", "x" * 101, "é" * 101, "a" * 100], special,
        [token.lower() for token in special], [" " + token + " " for token in special]]
    anything = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]

    def text():
        chosen = rng.choices(pools, k=rng.randint(1, 4))
        pieces = [rng.choice(rng.choice(chosen)) for _ in range(rng.randint(0, 40))]
        if rng.random() < 0.2:
            pieces.insert(rng.randint(0, len(pieces)), chr(rng.choice(anything)))
        return "".join(pieces)

    for _ in range(count):
        yield text(), text() if rng.random() < 0.3 else None, rng.choice([0, 0, 0, 5, 6, 7, 8, 13, 16, 32])


def table_rows(paths):
    for path in paths:
        with (lzma.open if path.endswith(".xz") else open)(path, "rt", encoding="utf-8", newline="") as file:
            csv.field_size_limit(1 << 30)
            yield from csv.reader(file, delimiter="\t")


def real_texts(rows, rng):
    for row in rows:
        for field in row:
            yield field, None, 0
        if len(row) > 1:
            first, second = rng.sample(row, 2)
            yield first, second, 0
            yield first, second, rng.choice([8, 16, 31, 64, 128, 300, 512])
            yield second, None, rng.choice([8, 31, 128, 300])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool")
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("tables", nargs="*")
    parser.add_argument("--random", type=int, default=200_000, help="number of random strings")
    parser.add_argument("--seed", type=int, default=42)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    comparison = Comparison(options.tool, options.directory)
    special = [token.content for token in comparison.tokenizer.get_added_tokens_decoder().values()]
    print(f"{options.directory}, tokenizers {tokenizers.__version__}")
    comparison.run("random strings", random_strings(options.random, special, rng))
    comparison.run("tables", real_texts(table_rows(options.tables), rng))
    comparison.run("code points", code_points())
    print(f"{comparison.compared} texts, {comparison.tokens} tokens, {comparison.differences} differences")
    return 1 if comparison.differences else 0


if __name__ == "__main__":
    sys.exit(main())
