"""Writes heads/: every head, feature, window pooling and loss of ours, computed with PyTorch's own modules
on the encoder of encoder/bert/model (run make_encoder_golden.py first)."""

import json

import golden_models as models
import torch
from golden_tools import HERE, save_json, save_tensors
from torch import nn
from torch.nn import functional

OUT = HERE / "heads"
MODEL = HERE / "encoder" / "bert" / "model"
WATCHED = "encoder.layer.0.attention.self.query.weight"
WINDOWS = [[0, 1], [2], [3, 4, 5], [6, 7]]  # documents of encoder/bert as windows of longer ones


class Attention(nn.Module):
    """softmax over the rows of context . tanh(dense(row)), then their weighted sum (Yang et al. 2016)."""

    def __init__(self, width, inner):
        super().__init__()
        self.dense = nn.Linear(width, inner)
        self.context = nn.Parameter(torch.empty(inner))

    def forward(self, rows):
        weights = torch.softmax(torch.tanh(self.dense(rows)) @ self.context, dim=0)
        return weights @ rows


class Model(nn.Module):
    def __init__(self, encoder, case, classes):
        super().__init__()
        self.encoder = encoder
        self.case = case
        hidden, layers = encoder.config.hidden_size, encoder.config.num_hidden_layers
        kind, _, count = case["features"].partition(":")
        width = hidden * int(count) if kind == "concat" else hidden
        self.head = nn.Module()
        vector = {"concat": 3 * width, "bilstm": 2 * hidden}.get(case["head"], width)
        if case["head"] == "attention":
            self.head.attention = Attention(width, hidden)
        if case["head"] == "bilstm":
            self.head.lstm = nn.LSTM(width, hidden, bidirectional=True, batch_first=True)
        if kind == "mix":
            self.head.mix = nn.Module()
            self.head.mix.weights = nn.Parameter(torch.empty(layers + 1))
            self.head.mix.scale = nn.Parameter(torch.empty(1))
        if case.get("window_pooling") == "attention":
            self.head.windows = Attention(vector, vector)
        if case["head"] == "standard":
            self.head.pooler = nn.Linear(width, hidden)
            self.head.classifier = nn.Linear(hidden, classes)
        else:
            self.head.weight = nn.Parameter(torch.empty(classes, vector))
            self.head.bias = nn.Parameter(torch.empty(classes))

    def features(self, states):
        kind, _, count = self.case["features"].partition(":")
        if kind == "last":
            return states[-1]
        if kind == "layer":
            return states[int(count)]
        if kind == "mix":
            weights = torch.softmax(self.head.mix.weights, dim=0)
            return self.head.mix.scale * sum(w * s for w, s in zip(weights, states))
        chosen = states[-int(count) :]
        if kind == "concat":
            return torch.cat(chosen, dim=1)
        stacked = torch.stack(chosen)
        return stacked.mean(0) if kind == "mean" else stacked.max(0).values

    def vector(self, rows):
        kind = self.case["head"]
        if kind == "standard":
            return rows[0]
        if kind == "mean":
            return rows.mean(0)
        if kind == "max":
            return rows.max(0).values
        if kind == "attention":
            return self.head.attention(rows)
        if kind == "bilstm":
            return self.head.lstm(rows[None])[0][0].mean(0)
        return torch.cat([rows.mean(0), rows.max(0).values, rows[0]])

    def forward(self, windows):
        vectors = []
        for window in windows:
            output = self.encoder(
                input_ids=torch.tensor([window["ids"]]),
                token_type_ids=torch.tensor([window["segments"]]),
                output_hidden_states=True,
            )
            vectors.append(self.vector(self.features([state[0] for state in output.hidden_states])))
        pooling = self.case.get("window_pooling")
        stacked = torch.stack(vectors)
        if pooling == "attention":
            pooled = self.head.windows(stacked)
        elif pooling == "max":
            pooled = stacked.max(0).values
        else:
            pooled = stacked.mean(0)
        if self.case["head"] == "standard":
            return self.head.classifier(torch.tanh(self.head.pooler(pooled)))
        return functional.linear(pooled, self.head.weight, self.head.bias)


CASES = [
    *({"name": head, "head": head, "features": "last"} for head in ("mean", "max", "attention", "concat", "bilstm")),
    *(
        {"name": features.replace(":", "-"), "head": "mean", "features": features}
        for features in ("layer:1", "mean:2", "max:2", "concat:2", "mix")
    ),
    {"name": "standard-on-concat", "head": "standard", "features": "concat:2"},
    {"name": "bilstm-on-concat", "head": "bilstm", "features": "concat:2"},
    *(
        {"name": f"windows-{pooling}", "head": "mean", "features": "last", "window_pooling": pooling}
        for pooling in ("mean", "max", "attention")
    ),
    {"name": "windows-bilstm", "head": "bilstm", "features": "last", "window_pooling": "attention"},
]


def run_case(case, golden, tensors):
    torch.manual_seed(len(tensors))
    encoder = models.load_encoder(MODEL).double()
    model = Model(encoder, case, len(golden["labels"])).double()
    for parameter in model.head.parameters():
        nn.init.normal_(parameter, std=0.3)
    documents = golden["documents"]
    groups = WINDOWS if "window_pooling" in case else [[i] for i in range(len(documents))]
    logits = torch.stack([model([documents[i] for i in group]) for group in groups])
    labels = torch.tensor([documents[group[0]]["label"] for group in groups])
    functional.cross_entropy(logits, labels).backward()
    prefix = case["name"] + "/"
    tensors[prefix + "logits"] = logits
    for name, parameter in model.head.named_parameters():
        tensors[f"{prefix}value.{name}"] = parameter
        tensors[f"{prefix}gradient.{name}"] = parameter.grad
    tensors[f"{prefix}gradient.{WATCHED}"] = dict(encoder.named_parameters())[WATCHED].grad


def losses(tensors):
    """Losses of given logits by document, and the gradient of their sum."""
    torch.manual_seed(7)
    logits = torch.randn(6, 5, dtype=torch.float64) * 2
    other = logits + 0.5 * torch.randn(6, 5, dtype=torch.float64)
    labels = torch.tensor([0, 1, 2, 3, 4, 1])
    weights = torch.tensor([0.5, 1.0, 2.0, 1.5, 0.25], dtype=torch.float64)
    tensors |= {"losses/logits": logits, "losses/other": other, "losses/labels": labels.double(), "losses/weights": weights}

    def focal(x):
        p = torch.softmax(x, 1).gather(1, labels[:, None])[:, 0]
        return (1 - p) ** 2 * functional.cross_entropy(x, labels, reduction="none")

    def divergence(x):
        p, q = functional.log_softmax(x, 1), functional.log_softmax(other, 1)
        kl = lambda a, b: functional.kl_div(a, b, log_target=True, reduction="none").sum(1)
        return (kl(p, q) + kl(q, p)) / 2

    plain = lambda **options: lambda x: functional.cross_entropy(x, labels, reduction="none", **options)
    cases = {
        "plain": plain(),
        "label_smoothing": plain(label_smoothing=0.1),
        "class_weights": plain(weight=weights),
        "both": plain(weight=weights, label_smoothing=0.1),
        "focal": focal,
        "divergence": divergence,
    }
    for name, loss in cases.items():
        x = logits.clone().requires_grad_()
        values = loss(x)
        values.sum().backward()
        tensors[f"losses/{name}.values"] = values
        tensors[f"losses/{name}.gradient"] = x.grad


def main():
    golden = json.loads((HERE / "encoder" / "bert" / "expected.json").read_text(encoding="utf-8"))
    tensors = {}
    for case in CASES:
        run_case(case, golden, tensors)
    losses(tensors)
    save_tensors(OUT / "expected.safetensors", tensors)
    save_json(OUT / "expected.json", {"windows": WINDOWS, "cases": CASES})


if __name__ == "__main__":
    main()
