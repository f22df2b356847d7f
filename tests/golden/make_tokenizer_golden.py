"""Writes tests/golden/tokenizer/: small tokenizers of our own, and what `tokenizers` and transformers
make of texts with them.

    python tests/golden/make_tokenizer_golden.py

NAME/             a tokenizer's directory
cases.json        by NAME: texts, pairs and lengths, with their ids and segments
code_points.json  by NAME: for each 1024 code points, the CRC-32 of all their ids (see `checksums`)
"""

import json
import pathlib
import shutil
import zlib
from array import array
from collections import Counter

import tokenizers
from tokenizers import Tokenizer
from transformers import BertTokenizer, RobertaTokenizer

HERE = pathlib.Path(__file__).resolve().parent
OUT = HERE / "tokenizer"
PINNED = "0.23.3"
assert tokenizers.__version__ == PINNED

# Byte-level BPE is trained on this, WordPiece's pieces are in it.
CORPUS = """
We show that the training of deep networks is unstable when the learning rates of layers differ.
The transformer's attention isn't all you need; it's what we've got, and they'll use what we'd call heads.
In 2021 the authors re-trained 1234 models on 56 datasets, with errors of 0.5 to 7.89 per cent.
Unbelievable tokenizations of unaffordable words: tokenization, tokenizers, tokens, untokenized.
naïve café Übermaß straße déjà vu ÀÉÎÕÜ Ελληνικά Σίσυφος Русский ёж Йод עברית العربية हिन्दी ไทย 中文字符 日本語 한국어
"""

TEXTS = [
    "", " ", "\t\n\r", "a", "The", "the training of deep networks", "Unbelievable!", "unaffordable tokenization",
    "isn't it's they'll we'd we've I'm you're 'tis 's 't 'S", "what''s ' s 'l 'll' 'r 're 'v 've",
    "  two  spaces   three ", "tab\tnew\nline\r\nend", "\n\nparagraph\n\n", "trailing space ", " leading",
    "1234567890", "12a34", "3.14159, 1e-5 and 50%", "#hashtag @name http://example.org/a?b=c&d=e#f",
    "a-b_c/d\\e|f~g`h^i", "(brackets) [square] {curly} <angle>", "$x_1^2 + \\alpha_{i,j} = \\frac{1}{2}$",
    "“typographic” ‘quotes’ – dashes — and… dots", "¿Qué? ¡No! «guillemets» „German“", "€£¥¢ §¶ ©®™ °C ±1 ×2 ÷3",
    "naïve café Übermaß straße", "nai\u0308ve cafe\u0301 U\u0308berma\u00df", "ÀÉÎÕÜ àéîõü ÇŁØÅ ﬁ ﬂ Ǆ ǅ ǆ",
    "ΑΣ Σ ΑΣΑ ΟΔΥΣΣΕΥΣ ὈΔΥΣΣΕΎΣ", "İstanbul ıI iİ", "ẞ ß SS", "ЁЛКА ёлка Йод", "עִבְרִית שָׁלוֹם", "العَرَبِيَّة ٱلْعَرَبِيَّة",
    "हिन्दी क्षत्रिय", "ภาษาไทย", "中文字符", "a中b文c", "日本語のテキスト カタカナ ﾊﾝｶｸ", "한국어 텍스트 한",
    "\u4e00\u3400\uf900\U00020000\U0002a700\U0002f800\U00030000", "😀👍🏽 👨‍👩‍👧 🇩🇪", "zero\u200bwidth\u200djoiner\ufeffbom",
    "soft\u00adhyphen no\u00a0break\u202fthin\u2009space\u3000wide", "nul\x00 bell\x07 del\x7f vt\x0bff\x0c us\x1f",
    "c1\x85next\x9flast", "replacement\ufffdcharacter", "private\ue000use \U000f0000 \U0010fffd", "noncharacter\ufffe\uffff\ufdd0",
    "e\u0345\u0301x e\u0301\u0345x", "\u1b44\u302e\u0301 \u302e\u1b44 a\u302f\u1b44\u0327", "a\u034f\u0301b \u0300\u0301 \u20dd",
    "\U0001d15e \U0001d165\U0001d16e\U0001d165", "\u08d4\u08e1\u1dfb\U0001e000\U0001e94a", "\u0344 \u0f73\u0f71\u0f72 \u1e9b\u0323",
    "x" * 99, "x" * 100, "x" * 101, "é" * 100, "é" * 101, "e\u0301" * 101, "中" * 120, "token" * 20, "token" * 21,
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "the" + " the" * 40, "=" * 40, " " * 40, ".,;:!?" * 10,
    "[CLS]", "[MASK]", "a [MASK] b", "a[MASK]b", "[mask] [Mask]", "[MASK][MASK] [SEP]", "[ MASK ]", "[MASK", "[[MASK]]",
    "[UNK] [PAD] [CLS] [SEP]", "##ing the##ing", "# #", "<s> </s> <pad> <unk> <mask>", "a <mask> b", "a<mask>b", "a  \t<mask>  b",
    "<mask><mask> <mask>", "<MASK>", "< mask >", "<mask", "<<s>>", "A</s></s>B", "\u00a0<mask>\u3000",
    "user word Word WORD userword user-word", "leftleft left left  left", "right right  right", "both  both  both",
    "stripped \t left \n right \u3000 both \u00a0 end", "Ünïcödé ünïcödé UNICODE unicode", "preprefix prefix pre", "中国 中 国",
    "The transformer's attention in 2021: 1234 models, 0.5 to 7.89 per cent!",
]

PAIRS = [
    ("", ""), ("a", ""), ("", "b"), ("the training", "of deep networks"), ("[MASK] a", "b [SEP] c"), ("<mask> a", "b </s> c"),
    ("the training of deep networks is unstable", "the authors"), ("the authors", "the training of deep networks is unstable"),
    ("a b c d e f g", "a b c d e f g"), ("a b c d e f g h", "a b c d e f g"), ("a b c d e f g", "a b c d e f g h"),
    ("1234567890", "tokenization tokenizers tokens"),
]

LENGTHS = [4, 5, 6, 7, 8, 9, 12, 13, 64]

# Every code point is seen alone and between, before, after and doubled; with marks that reorder.
CONTEXTS = ["{0}", "a{0}b", "a{0}{0}", "A{0}\u0301\u0327x", "e\u0345{0}\u0334", "{0}1"]


def pieces(corpus):
    """A small WordPiece vocabulary: characters, whole words and endings."""
    words = ["the", "training", "of", "deep", "network", "##s", "token", "##ization", "##ize", "##r", "un", "##aff", "##ord",
             "##able", "##believ", "it", "is", "author", "models", "re", "pre", "##ing", "ll", "ve", "naive", "cafe", "xx", "##xx",
             "tokentoken", "##token", "中", "文", "σ", "##σ", "##ς", "ß", "##ß", "strasse", "straße", "us", "user", "left", "right"]
    seen = Counter(c for c in corpus.lower() + corpus if not c.isspace())
    characters = sorted(set(seen) | set("abcdefghijklmnopqrstuvwxyz0123456789!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"))
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    continued = ["##" + c for c in characters if c.isalnum()]
    return list(dict.fromkeys(special + characters + continued + words))


def byte_characters():
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {**{byte: chr(byte) for byte in printable}, **{byte: chr(0x100 + i) for i, byte in enumerate(others)}}


def train_merges(corpus, count):
    """Byte-pair encoding's merges, the most frequent pair first and of equals the smallest."""
    characters = byte_characters()
    words = Counter(tuple(characters[byte] for byte in (" " + word).encode()) for word in corpus.split())
    merges = []
    for _ in range(count):
        pairs = Counter()
        for word, times in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += times
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        merged = Counter()
        for word, times in words.items():
            done, i = [], 0
            while i < len(word):
                step = 2 if word[i:i + 2] == best else 1
                done.append("".join(word[i:i + step]))
                i += step
            merged[tuple(done)] += times
        words = merged
    return merges


def added(content, number, **flags):
    return {"id": number, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
            "normalized": False, "special": True, **flags}


def wordpiece(vocabulary, extra=(), prefix="##", longest=100, post_processor="template", **normalizer):
    template = [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "[SEP]", "type_id": 0}}]
    second = [{"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "[SEP]", "type_id": 1}}]
    special = {token: {"id": token, "ids": [vocabulary.index(token)], "tokens": [token]} for token in ("[CLS]", "[SEP]")}
    processors = {
        "template": {"type": "TemplateProcessing", "single": template, "pair": template + second, "special_tokens": special},
        "bert": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
        "none": None,
    }
    options = {"clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True, **normalizer}
    return {
        "version": "1.0",
        "truncation": {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0},
        "padding": {"strategy": {"Fixed": 8}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0,
                    "pad_type_id": 0, "pad_token": "[PAD]"},
        "added_tokens": [added(token, i) for i, token in enumerate(vocabulary[:5])] + list(extra),
        "normalizer": {"type": "BertNormalizer", **options} if normalizer != {"none": True} else None,
        "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": processors[post_processor],
        "decoder": {"type": "WordPiece", "prefix": prefix, "cleanup": True},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": prefix,
                  "max_input_chars_per_word": longest, "vocab": {token: i for i, token in enumerate(vocabulary)}}}


def byte_level_vocabulary(merges):
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    return special + sorted(byte_characters().values()) + list(dict.fromkeys(map("".join, merges))) + ["<mask>"]


def byte_level(vocabulary, pairs, prefix_space=False, post_processor="roberta", normalized=False, **model):
    index = vocabulary.index
    roberta = {"type": "RobertaProcessing", "sep": ["</s>", index("</s>")], "cls": ["<s>", index("<s>")],
               "trim_offsets": True, "add_prefix_space": prefix_space}
    template = {"type": "TemplateProcessing",
                "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                "pair": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                         {"SpecialToken": {"id": "both", "type_id": 2}}, {"Sequence": {"id": "B", "type_id": 1}}],
                "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]},
                                   "both": {"id": "both", "ids": [2, 0], "tokens": ["</s>", "<s>"]}}}
    level = {"type": "ByteLevel", "add_prefix_space": prefix_space, "trim_offsets": True, "use_regex": True}
    processors = {"roberta": roberta, "template": {"type": "Sequence", "processors": [level, template]}, "level": level}
    tokens = [added(token, index(token), normalized=normalized) for token in ("<s>", "<pad>", "</s>", "<unk>")]
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": tokens + [added("<mask>", index("<mask>"), lstrip=True, normalized=normalized)],
        "normalizer": None, "pre_tokenizer": level, "post_processor": processors[post_processor], "decoder": level,
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": "", "end_of_word_suffix": "",
                  "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                  "vocab": {token: i for i, token in enumerate(vocabulary)}, "merges": [list(pair) for pair in pairs], **model}}


def user_tokens(start):
    """Tokens with each flag, some of whose normal forms differ from them."""
    flags = [("user", {"single_word": True}), ("left", {"lstrip": True}), ("right", {"rstrip": True}),
             ("both", {"lstrip": True, "rstrip": True}), ("Word", {"normalized": True, "special": False}),
             ("Ünïcödé", {"normalized": True, "special": False, "single_word": True}), ("中国", {"normalized": True}),
             ("prefix", {}), ("pre", {"normalized": True, "special": False}), ("network", {"normalized": True, "rstrip": True})]
    return [added(content, start + i, **flag) for i, (content, flag) in enumerate(flags)]


def tokenizer_json_directories():
    vocabulary, merges = pieces(CORPUS), train_merges(CORPUS, 300)
    start = len(vocabulary)
    letters = byte_level_vocabulary(merges)
    few = [token for token in letters if token not in ("Ġ", "z", "q", "Ã")]
    kept = [merge for merge in merges if all(piece in few for piece in [*merge, "".join(merge)])]
    legacy_merges = [" ".join(merge) for merge in merges]
    return {
        "wordpiece": wordpiece(vocabulary),
        "wordpiece-cased": wordpiece(vocabulary, lowercase=False, post_processor="bert"),
        "wordpiece-accents": wordpiece(vocabulary, strip_accents=False),
        "wordpiece-raw": wordpiece(vocabulary, clean_text=False, handle_chinese_chars=False, lowercase=False, strip_accents=True),
        "wordpiece-bare": wordpiece(vocabulary, none=True, post_processor="none", longest=10),
        "wordpiece-added": wordpiece(vocabulary, extra=user_tokens(start)),
        "wordpiece-no-prefix": wordpiece(vocabulary, prefix=""),
        "byte-level": byte_level(letters, merges),
        "byte-level-prefix": byte_level(letters, merges, prefix_space=True, post_processor="template", normalized=True),
        "byte-level-unknown": byte_level(few, kept, unk_token="<unk>", fuse_unk=False, post_processor="level"),
        "byte-level-fused": byte_level(few, kept, unk_token="<unk>", fuse_unk=True),
        "byte-level-dropped": byte_level(few, kept),
        "byte-level-words": byte_level(letters, [], ignore_merges=True),
        "byte-level-legacy": byte_level(letters, merges, merges=legacy_merges),
    }


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=None, separators=(",", ":")) + "\n", encoding="utf-8")


def write_vocabulary_directories():
    """Without a tokenizer.json; returns what transformers makes of each."""
    vocabulary, merges = pieces(CORPUS), train_merges(CORPUS, 300)
    letters = byte_level_vocabulary(merges)
    for name in ("vocab-txt", "vocab-txt-options", "vocab-txt-lacking"):
        tokens = [token for token in vocabulary if name != "vocab-txt-lacking" or token not in ("[MASK]", "[PAD]")]
        (OUT / name).mkdir(parents=True)
        (OUT / name / "vocab.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    write_json(OUT / "vocab-txt-options" / "tokenizer_config.json",
               {"do_lower_case": False, "strip_accents": True, "tokenize_chinese_chars": False, "mask_token": "[M]"})
    write_json(OUT / "vocab-txt-options" / "added_tokens.json", {"Word": len(vocabulary) + 1, "[M]": len(vocabulary)})
    flags = {"single_word": False, "rstrip": False, "normalized": True}
    write_json(OUT / "vocab-txt-lacking" / "special_tokens_map.json",
               {"mask_token": {"content": "[MASK]", "lstrip": True, **flags}, "additional_special_tokens": ["user"]})
    for name in ("merges-txt", "merges-txt-options"):
        write_json(OUT / name / "vocab.json", {token: i for i, token in enumerate(letters)})
        lines = ["#version: 0.2", *map(" ".join, merges)]
        (OUT / name / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        write_json(OUT / name / "special_tokens_map.json", {"mask_token": {"content": "<mask>", "lstrip": True, **flags}})
    write_json(OUT / "merges-txt-options" / "tokenizer_config.json",
               {"add_prefix_space": True, "added_tokens_decoder": {
                   str(letters.index("<mask>")): {"content": "<mask>", "lstrip": False, "special": True, **flags},
                   str(len(letters)): {"content": "Word", "lstrip": True, "special": False, **flags}}})
    classes = {"vocab": BertTokenizer, "merges": RobertaTokenizer}
    return {path.name: classes[path.name.split("-")[0]].from_pretrained(path).backend_tokenizer
            for path in sorted(OUT.iterdir()) if path.name.split("-")[0] in classes}


def cases(tokenizer):
    """[text, pair or null, maximal length or 0, ids, segments] of each."""
    requests = [(text, None, 0) for text in TEXTS] + [(text, pair, 0) for text, pair in PAIRS]
    requests += [(TEXTS[-1], None, length) for length in LENGTHS]
    requests += [(text, pair, length) for text, pair in PAIRS for length in LENGTHS]
    for text, pair, length in requests:
        if length:
            tokenizer.enable_truncation(length)
        encoding = tokenizer.encode(text, pair)
        tokenizer.no_truncation()
        yield [text, pair, length, encoding.ids, encoding.type_ids]


def wide_vocabulary():
    """One token for nearly each character of the scripts, so that nothing hides behind [UNK]. The C++ test
    builds the same."""
    ranges = [(0x21, 0x3400), (0x4E00, 0xA000), (0xA640, 0xAC00), (0xF900, 0xFFFE), (0x10000, 0x20000)]
    characters = [chr(c) for first, end in ranges for c in range(first, end)]
    return ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + [prefix + c for c in characters for prefix in ("", "##")]


def checksums(tokenizer):
    """For each 1024 code points the CRC-32 of, one code point after the other, the number of ids and the ids
    of its contexts joined by spaces, as 32-bit integers; without special tokens."""
    found = []
    for start in range(0, 0x110000, 1024):
        if 0xD800 <= start < 0xE000:
            continue
        texts = [" ".join(context.format(chr(c)) for context in CONTEXTS) for c in range(start, start + 1024)]
        numbers = array("i")
        for encoding in tokenizer.encode_batch(texts, add_special_tokens=False):
            numbers.append(len(encoding.ids))
            numbers.extend(encoding.ids)
        found.append(f"{zlib.crc32(numbers.tobytes()):08x}")
    return " ".join(found)


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    expected = {}
    for name, document in tokenizer_json_directories().items():
        write_json(OUT / name / "tokenizer.json", document)
        tokenizer = Tokenizer.from_file(str(OUT / name / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        expected[name] = list(cases(tokenizer))
    for name, tokenizer in write_vocabulary_directories().items():
        expected[name] = list(cases(tokenizer))
    lines = [json.dumps(name) + ":[\n" + ",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in found) +
             "\n]" for name, found in expected.items()]
    (OUT / "cases.json").write_text("{" + ",\n".join(lines) + "}\n", encoding="utf-8")

    wide = wide_vocabulary()
    variants = {"uncased": {}, "cased": {"lowercase": False}, "accents": {"strip_accents": False},
                "raw": {"clean_text": False, "handle_chinese_chars": False, "lowercase": True}}
    seen = {name: checksums(Tokenizer.from_str(json.dumps({**wordpiece(wide, **options), "padding": None, "truncation": None})))
            for name, options in variants.items()}
    seen["byte-level"] = checksums(Tokenizer.from_file(str(OUT / "byte-level" / "tokenizer.json")))
    (OUT / "code_points.json").write_text(json.dumps(seen, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
