"""Tiny random classifiers with tokenizers and documents of our own."""

import json
import shutil

from golden_tools import save_json, save_tensors

import torch
import transformers
from safetensors.torch import load_file
from tokenizers import AddedToken, ByteLevelBPETokenizer
from tokenizers.implementations import BertWordPieceTokenizer
from tokenizers.processors import RobertaProcessing

LENGTH = 40  # the longest document, in tokens
LABELS = {
    "bert": ["birds", "deep sea", "old maps", "tea", "weather"],
    "roberta": ["birds", "deep sea", "old maps", "tea", "weather"],
    "electra": [f"LABEL_{i}" for i in range(5)],
}

# (text, pair or None, label)
TEXTS = [
    ("The heron waits.", None, 0),
    ("Below the light", "Lanternfish rise at night; the squid follow them.", 1),
    ("A chart of the northern coast, drawn by hand", "It shows three islands that nobody has found since.", 2),
    (
        "Water just off the boil, three minutes, no longer: the leaves open slowly, the cup turns to the colour of "
        "straw, and what was bitter becomes sweet. Pour, wait, pour again; the third cup is the best one.",
        None,
        3,
    ),
    ("", None, 4),  # [CLS] alone, see make_documents
    ("", None, 0),  # [CLS] [SEP]
    ("Rain {pad} then sun", "wind {pad} {mask} from the west", 4),  # special tokens inside the text
    ("Café naïve: ÅNGSTRÖM, 42 µm — 東 ☂", "Ünïcode!?", 1),
]

WORDS = """the a of and to at by it is in no one was that what has from heron light squid rise night chart coast
north hand draw island cup tea leaf water boil straw bitter sweet pour wait third best rain then sun wind west sea
slow open turn colour three minute long nobody found since show follow below just off again cafe""".split()
PIECES = "##s ##es ##ed ##ern ##ly ##fish ##ing ##er ##ow ##en".split()


def make_wordpiece(directory):
    letters = "abcdefghijklmnopqrstuvwxyz"
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *".,:;!?-", *"0123456789", *letters]
    tokens += [f"##{letter}" for letter in letters] + WORDS[1:] + PIECES
    tokens = list(dict.fromkeys(tokens))
    directory.mkdir(parents=True)
    (directory / "vocab.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    tokenizer = BertWordPieceTokenizer({token: i for i, token in enumerate(tokens)}, lowercase=True)
    tokenizer.save(str(directory / "tokenizer.json"))
    return tokenizer, {"tokenizer_class": "BertTokenizer", "do_lower_case": True}


def make_byte_level(directory):
    directory.mkdir(parents=True)
    trainer = ByteLevelBPETokenizer()
    texts = [text for pair in TEXTS for text in pair[:2] if text] + [" ".join(WORDS)]
    trainer.train_from_iterator(
        texts, vocab_size=290, min_frequency=2, show_progress=False,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
    )
    trainer.save_model(str(directory))
    tokenizer = ByteLevelBPETokenizer.from_file(str(directory / "vocab.json"), str(directory / "merges.txt"))
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", AddedToken("<mask>", lstrip=True)])
    tokenizer._tokenizer.post_processor = RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    tokenizer.save(str(directory / "tokenizer.json"))
    return tokenizer, {"tokenizer_class": "RobertaTokenizer", "add_prefix_space": False}


def make_tokenizer(family, directory):
    tokenizer, settings = make_byte_level(directory) if family == "roberta" else make_wordpiece(directory)
    save_json(directory / "tokenizer_config.json", settings | {"model_max_length": LENGTH})
    return tokenizer


def make_documents(family, tokenizer):
    special = {"pad": "<pad>", "mask": "<mask>"} if family == "roberta" else {"pad": "[PAD]", "mask": "[MASK]"}
    tokenizer.enable_truncation(LENGTH)
    documents = []
    for number, (text, pair, label) in enumerate(TEXTS):
        text = text.format(**special)
        pair = pair and pair.format(**special)
        encoded = tokenizer.encode(text, pair)
        ids, segments = encoded.ids, encoded.type_ids
        if number == 4:
            text, ids, segments = None, ids[:1], segments[:1]
        if family == "roberta":
            segments = [0] * len(ids)
        documents.append({"text": text, "pair": pair, "ids": ids, "segments": segments, "label": label})
    tokenizer.no_truncation()
    assert [len(documents[i]["ids"]) for i in (3, 4, 5)] == [LENGTH, 1, 2]
    assert tokenizer.token_to_id(special["pad"]) in documents[6]["ids"]
    return documents


def make_model(family, vocab_size):
    labels = LABELS[family]
    shared = dict(
        vocab_size=vocab_size, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, max_position_embeddings=LENGTH,
        id2label=dict(enumerate(labels)), label2id={label: i for i, label in enumerate(labels)},
    )
    torch.manual_seed({"bert": 1, "roberta": 2, "electra": 3}[family])
    if family == "bert":
        model = transformers.BertForSequenceClassification(transformers.BertConfig(**shared))
    elif family == "roberta":
        # As roberta-base: positions 0 and 1 of the table are never used.
        shared |= dict(max_position_embeddings=LENGTH + 2, type_vocab_size=1, layer_norm_eps=1e-5)
        model = transformers.RobertaForSequenceClassification(transformers.RobertaConfig(**shared))
    else:
        model = transformers.ElectraForSequenceClassification(transformers.ElectraConfig(embedding_size=16, **shared))
    # Large enough that attention is far from uniform; norms and biases away from one and nil.
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.normal_(0.0, 0.15)
            if name.endswith("LayerNorm.weight"):
                parameter.add_(1.0)
    return model


def load(directory):
    return transformers.AutoModelForSequenceClassification.from_pretrained(
        directory, attn_implementation="eager", dtype=torch.float32
    ).train()  # every dropout is 0


def load_encoder(directory):
    return transformers.AutoModel.from_pretrained(directory, attn_implementation="eager", dtype=torch.float32)


def canonical(name, model):
    """A parameter's name without the family's prefix."""
    return name.removeprefix(model.base_model_prefix + ".")


def copy_others(source, target):
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.safetensors", "tokenizer*.json"))


def save_old_names(source, target):
    """As the first BERT checkpoints are: gamma and beta, heads of pretraining, position_ids."""
    copy_others(source, target)
    tensors = {}
    for name, tensor in load_file(source / "model.safetensors").items():
        for new, old in (("LayerNorm.weight", "LayerNorm.gamma"), ("LayerNorm.bias", "LayerNorm.beta")):
            name = name.replace(new, old)
        tensors[name] = tensor
    torch.manual_seed(4)
    vocab_size = tensors["bert.embeddings.word_embeddings.weight"].shape[0]
    tensors["bert.embeddings.position_ids"] = torch.arange(LENGTH)[None]
    tensors["cls.predictions.bias"] = torch.randn(vocab_size)
    tensors["cls.predictions.transform.LayerNorm.gamma"] = torch.randn(32)
    tensors["cls.predictions.transform.LayerNorm.beta"] = torch.randn(32)
    tensors["cls.predictions.transform.dense.weight"] = torch.randn(32, 32)
    tensors["cls.predictions.transform.dense.bias"] = torch.randn(32)
    tensors["cls.seq_relationship.weight"] = torch.randn(2, 32)
    tensors["cls.seq_relationship.bias"] = torch.randn(2)
    save_tensors(target / "model.safetensors", tensors)


def save_reduced(source, target, dtype, plain_encoder):
    """Weights of half the width; a plain encoder has neither prefix nor classifier."""
    copy_others(source, target)
    config = json.loads((target / "config.json").read_text(encoding="utf-8"))
    config["dtype"] = str(dtype).removeprefix("torch.")
    tensors = {name: tensor.to(dtype) for name, tensor in load_file(source / "model.safetensors").items()}
    if plain_encoder:
        tensors = {n.removeprefix("bert."): t for n, t in tensors.items() if not n.startswith("classifier.")}
        config["architectures"] = ["BertModel"]
        for key in ("id2label", "label2id"):
            config.pop(key, None)
    save_json(target / "config.json", config)
    save_tensors(target / "model.safetensors", tensors)
