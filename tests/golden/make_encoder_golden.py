"""Writes tests/golden/encoder/: tiny random BERT, RoBERTa and ELECTRA classifiers, and what
transformers computes with them. README.md in this folder describes the files.

Expected numbers are computed in float64 and rounded once, so that they are the truth to the
last bit of a float; what transformers itself computes in float32 is compared with them here,
and its error is written beside them.

    python tests/golden/make_encoder_golden.py
"""

import shutil

from golden_tools import HERE, relative_error, save_json, save_tensors
import golden_models as models

import torch
from transformers import get_linear_schedule_with_warmup

OUT = HERE / "encoder"

STEPS = 20
WARMUP = 3  # ceil(0.12 * 20)
TOP_RATE, HEAD_RATE, LAYER_DECAY, WEIGHT_DECAY = 2e-3, 4e-3, 0.95, 0.01
MAX_NORM = 3.0  # these small models' norms lie on both sides of it


def run_document(model, document):
    """One document alone, so that there is no padding anywhere."""
    inputs = {"input_ids": torch.tensor([document["ids"]])}
    inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
    if model.config.model_type != "roberta":
        inputs["token_type_ids"] = torch.tensor([document["segments"]])
    return model(**inputs, output_hidden_states=True)


def forward(model, documents):
    """Hidden states packed to [tokens, hidden], one per layer and the embeddings; logits."""
    outputs = [run_document(model, document) for document in documents]
    hidden = [torch.cat([layer[0] for layer in layers]) for layers in zip(*(o.hidden_states for o in outputs))]
    return hidden, torch.cat([output.logits for output in outputs])


def loss_of(model, documents):
    _, logits = forward(model, documents)
    labels = torch.tensor([document["label"] for document in documents])
    return torch.nn.functional.cross_entropy(logits, labels)


def mean_pooled_logits(model, documents):
    """Mean over a document's tokens, then the classifier's matrix (dropout is off)."""
    hidden = [run_document(model, document).hidden_states[-1][0].mean(0) for document in documents]
    last = model.classifier if isinstance(model.classifier, torch.nn.Linear) else model.classifier.out_proj
    return last(torch.stack(hidden))


def gradients(model, documents, loss=loss_of):
    model.zero_grad(set_to_none=True)
    value = loss(model, documents)
    value.backward()
    found = {models.canonical(name, model): p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    return float(value.detach()), found


def mean_pooled_loss(model, documents):
    labels = torch.tensor([document["label"] for document in documents])
    return torch.nn.functional.cross_entropy(mean_pooled_logits(model, documents), labels)


def rate_of(name, layers):
    """Top layer first, times the decay per layer down, embeddings last; the head apart."""
    if name.startswith("encoder.layer."):
        return TOP_RATE * LAYER_DECAY ** (layers - 1 - int(name.split(".")[2]))
    if name.startswith("embeddings"):  # and ELECTRA's embeddings_project
        return TOP_RATE * LAYER_DECAY**layers
    return TOP_RATE if name.startswith("pooler.") else HEAD_RATE


def parameter_groups(model):
    groups = []
    for name, parameter in model.named_parameters():
        name = models.canonical(name, model)
        plain = name.endswith(".bias") or ".LayerNorm." in name
        groups.append(
            {
                "name": name,
                "params": [parameter],
                "lr": rate_of(name, model.config.num_hidden_layers),
                "weight_decay": 0.0 if plain else WEIGHT_DECAY,
            }
        )
    return groups


def fine_tune(model, documents):
    """20 steps of AdamW; returns one record a step and the final weights."""
    groups = parameter_groups(model)
    optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.999), eps=1e-8)
    schedule = get_linear_schedule_with_warmup(optimiser, WARMUP, STEPS)
    records = []
    for step in range(STEPS):
        chosen = [(3 * step + 5 * i) % len(documents) for i in range(4)]
        optimiser.zero_grad()
        loss = loss_of(model, [documents[i] for i in chosen])
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), MAX_NORM)
        factor = schedule.lr_lambdas[0](schedule.last_epoch)
        optimiser.step()
        schedule.step()
        records.append(
            {"documents": chosen, "loss": float(loss.detach()), "lr_factor": factor, "grad_norm": float(norm)}
        )
    norms = [record["grad_norm"] for record in records]
    assert min(norms) < MAX_NORM < max(norms), "clipping should bite in some steps and not in others"
    final = {models.canonical(name, model): p.detach().clone() for name, p in model.named_parameters()}
    rates = {group["name"]: {"lr": group["initial_lr"], "weight_decay": group["weight_decay"]} for group in optimiser.param_groups}
    return records, final, rates


def check_padded(model, documents, logits):
    """transformers' own batch, padded, must agree with documents run one by one."""
    longest = max(len(document["ids"]) for document in documents)
    pad = model.config.pad_token_id
    ids = torch.tensor([d["ids"] + [pad] * (longest - len(d["ids"])) for d in documents])
    mask = torch.tensor([[1] * len(d["ids"]) + [0] * (longest - len(d["ids"])) for d in documents])
    segments = torch.tensor([d["segments"] + [0] * (longest - len(d["segments"])) for d in documents])
    extra = {} if model.config.model_type == "roberta" else {"token_type_ids": segments}
    found = model(input_ids=ids, attention_mask=mask, **extra).logits
    assert relative_error(found, logits) < 1e-5, "padding changes the reference's logits"


def make_family(family):
    directory = OUT / family
    shutil.rmtree(directory, ignore_errors=True)
    tokenizer = models.make_tokenizer(family, directory / "model")
    documents = models.make_documents(family, tokenizer)
    model = models.make_model(family, tokenizer.get_vocab_size())
    model.save_pretrained(directory / "model")

    exact = models.load(directory / "model").double()
    single = models.load(directory / "model")
    tensors, errors = {}, {}

    def record(name, truth, found):
        tensors[name] = truth
        errors[name] = relative_error(found, truth)

    with torch.no_grad():
        hidden, logits = forward(exact, documents)
        single_hidden, single_logits = forward(single, documents)
        for layer, (truth, found) in enumerate(zip(hidden, single_hidden)):
            assert truth.shape[1] == model.config.hidden_size  # ELECTRA's embeddings after their projection
            record(f"hidden.{layer}", truth, found)
        record("logits", logits, single_logits)
        record("mean_pooling.logits", mean_pooled_logits(exact, documents), mean_pooled_logits(single, documents))
        check_padded(single, documents, single_logits)

    loss, truth = gradients(exact, documents)
    _, found = gradients(single, documents)
    for name in truth:
        record(f"gradient.{name}", truth[name], found[name])
    mean_loss, truth = gradients(exact, documents, mean_pooled_loss)
    _, found = gradients(single, documents, mean_pooled_loss)
    name = "encoder.layer.0.attention.self.query.weight"
    record(f"mean_pooling.gradient.{name}", truth[name], found[name])

    records, final, rates = fine_tune(exact, documents)
    single_records, single_final, _ = fine_tune(single, documents)
    for name in final:
        record(f"final.{name}", final[name], single_final[name])
    for exact_step, single_step in zip(records, single_records):
        exact_step["loss_error"] = abs(single_step["loss"] / exact_step["loss"] - 1)

    extra = {}
    if family == "bert":
        extra = make_variants(directory, documents, tensors)
    save_tensors(directory / "expected.safetensors", tensors)
    save_json(
        directory / "expected.json",
        {
            "labels": [model.config.id2label[i] for i in range(model.config.num_labels)],
            "documents": documents,
            "loss": loss,
            "mean_pooling_loss": mean_loss,
            "fine_tuning": {
                "learning_rate": TOP_RATE,
                "head_learning_rate": HEAD_RATE,
                "layer_decay": LAYER_DECAY,
                "weight_decay": WEIGHT_DECAY,
                "max_grad_norm": MAX_NORM,
                "betas": [0.9, 0.999],
                "epsilon": 1e-8,
                "steps": STEPS,
                "warmup_steps": WARMUP,
                "parameters": rates,
                "records": records,
            },
            "float32_errors": errors,
        }
        | extra,
    )
    worst = {
        kind: max(error for name, error in errors.items() if name.startswith(kind) and not name.endswith("key.bias"))
        for kind in ("hidden", "logits", "gradient", "final")
    }
    print(family, "float32 errors of the reference:", {kind: f"{error:.1e}" for kind, error in worst.items()})
    print("  norms", [round(r["grad_norm"], 2) for r in records])
    print("  losses", [round(r["loss"], 3) for r in records])


def make_variants(directory, documents, tensors):
    """The same model as other checkpoints store it."""
    models.save_old_names(directory / "model", OUT / "bert-old-names")
    for dtype, name in ((torch.float16, "f16"), (torch.bfloat16, "bf16")):
        models.save_reduced(directory / "model", OUT / f"bert-{name}", dtype, plain_encoder=name == "bf16")
    with torch.no_grad():
        half = models.load(OUT / "bert-f16").double()
        tensors["f16.logits"] = forward(half, documents)[1]
        brain = models.load_encoder(OUT / "bert-bf16").double()
        tensors["bf16.hidden.2"] = torch.cat([run_document(brain, d).hidden_states[-1][0] for d in documents])
    return {"variants": ["bert-old-names", "bert-f16", "bert-bf16"]}


if __name__ == "__main__":
    for family in ("bert", "roberta", "electra"):
        make_family(family)
