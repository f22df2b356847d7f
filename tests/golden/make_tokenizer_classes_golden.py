"""Writes tests/golden/tokenizer/classes.json: what transformers' AutoTokenizer makes of directories whose
config.json and tokenizer_config.json ask for different classes and options.

    python tests/golden/make_tokenizer_classes_golden.py

Each case has the golden tokenizers' files it copies, the two files beside them (null: none), and for each of
TEXTS the ids and segments, the latter null where a model is told none.
"""

import json
import pathlib
import shutil
import tempfile

import transformers
from transformers import AutoTokenizer

HERE = pathlib.Path(__file__).resolve().parent
OUT = HERE / "tokenizer"
PINNED = "5.23.0"
assert transformers.__version__ == PINNED

TEXTS = [("The Training café [MASK] <mask>, 中文", "of it"), ("Ünïcödé [UNK] <unk> <s> [CLS]", None), ("", "the Naïve")]

PIECES, CASED = ["wordpiece/tokenizer.json"], ["wordpiece-cased/tokenizer.json"]
LINES, ADDED = ["vocab-txt/vocab.txt"], ["wordpiece-added/tokenizer.json"]
BYTES, PREFIX = ["byte-level/tokenizer.json"], ["byte-level-prefix/tokenizer.json"]
MERGES = ["merges-txt/vocab.json", "merges-txt/merges.txt", "merges-txt/special_tokens_map.json"]
BERT, ROBERTA, ELECTRA = ({"model_type": name} for name in ("bert", "roberta", "electra"))
ALL_INPUTS = ["input_ids", "token_type_ids", "attention_mask"]


def named(name, **options):
    return {"tokenizer_class": name, **options}


def requests():
    for files in (PIECES, CASED, LINES, ADDED):
        yield files, BERT, None
        for options in ({"do_lower_case": False}, {"do_lower_case": False, "strip_accents": True},
                        {"strip_accents": False}, {"tokenize_chinese_chars": False}, {"cls_token": "[MASK]"}):
            yield files, BERT, options
        for name in ("BertTokenizer", "BertTokenizerFast", "ElectraTokenizerFast", "DistilBertTokenizer", "MPNetTokenizer",
                     "MobileBertTokenizer", "LayoutLMTokenizerFast"):
            yield files, BERT, named(name)
        yield files, ROBERTA, named("BertTokenizer", do_lower_case=False)
        yield files, ELECTRA, None
        yield files, None, named("BertTokenizer")
        yield files, {**BERT, "tokenizer_class": "MPNetTokenizerFast"}, None
        yield files, {"model_type": "distilbert"}, {"do_lower_case": False}
        yield files, {"model_type": "mpnet"}, None
    for files in (CASED, ADDED):
        for name in ("PreTrainedTokenizerFast", "TokenizersBackend", "PreTrainedTokenizer", "RetriBertTokenizerFast"):
            yield files, BERT, named(name)
        yield files, BERT, named("PreTrainedTokenizerFast", model_input_names=ALL_INPUTS)
        yield files, BERT, named("BertTokenizer", model_input_names=["input_ids", "attention_mask"])
    for files in (BYTES, PREFIX, MERGES):
        yield files, ROBERTA, None
        yield files, ROBERTA, {"add_prefix_space": True}
        for name in ("RobertaTokenizer", "RobertaTokenizerFast", "BartTokenizer", "LongformerTokenizerFast", "LEDTokenizer"):
            yield files, ROBERTA, named(name)
        yield files, BERT, named("RobertaTokenizer")
    for files in (BYTES, PREFIX):
        yield files, ROBERTA, named("PreTrainedTokenizerFast")
        yield files, ROBERTA, named("TokenizersBackend", model_input_names=ALL_INPUTS)


def read(files, config, tokenizer_config):
    with tempfile.TemporaryDirectory() as folder:
        for file in files:
            shutil.copy(OUT / file, folder)
        for name, content in (("config.json", config), ("tokenizer_config.json", tokenizer_config)):
            if content is not None:
                (pathlib.Path(folder) / name).write_text(json.dumps(content), encoding="utf-8")
        return AutoTokenizer.from_pretrained(folder)


def main():
    cases = []
    for files, config, tokenizer_config in requests():
        tokenizer = read(files, config, tokenizer_config)
        tokenizer.backend_tokenizer.no_padding()
        tokenizer.backend_tokenizer.no_truncation()
        found = [tokenizer(text, pair) for text, pair in TEXTS]
        cases.append({"files": files, "config": config, "tokenizer_config": tokenizer_config,
                      "texts": [[text, pair, one["input_ids"], one.get("token_type_ids")]
                                for (text, pair), one in zip(TEXTS, found)]})
    lines = [json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in cases]
    (OUT / "classes.json").write_text("[" + ",\n".join(lines) + "]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
