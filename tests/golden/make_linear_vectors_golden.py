#!/usr/bin/env python3
"""Writes tests/golden/linear_vectors/: scikit-learn's linear models on frozen vectors by transformers.

    .venv/bin/python tests/golden/make_linear_vectors_golden.py

The vectors are the mean of the last hidden states over all tokens of a document, scaled to length 1, of the
tiny encoders in tests/golden/encoder/.
"""

import random

from golden_tools import HERE, save_json, save_tensors

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
from transformers import AutoModel, AutoTokenizer

OUTPUT = HERE / "linear_vectors"
MAX_LENGTH = 24
TRAIN = 45
SUBJECTS = ["heron light wind west", "squid sea night rise", "tea leaf cup boil"]
NOISE = "the a of and to at by it is in no one was that what has from rain sun three minute slow".split()


def documents():
    """(title, abstract, class); every fifth has no abstract, every seventh is longer than MAX_LENGTH."""
    draw = random.Random(7)
    found = []
    for i in range(60):
        words = draw.choices(NOISE, k=30 if i % 7 == 0 else 8) + draw.sample(SUBJECTS[i % 3].split(), 3)
        draw.shuffle(words)
        found.append((" ".join(draw.choices(NOISE, k=3)), None if i % 5 == 0 else " ".join(words), i % 3))
    return found


def vectors(family, rows):
    directory = HERE / "encoder" / family / "model"
    tokenizer = AutoTokenizer.from_pretrained(directory)
    model = AutoModel.from_pretrained(directory, attn_implementation="eager").eval()
    found = []
    for title, abstract, _ in rows:
        encoded = tokenizer(title, abstract, truncation="longest_first", max_length=MAX_LENGTH, return_tensors="pt")
        with torch.no_grad():
            found.append(model(**encoded).last_hidden_state[0].mean(0).double())
    found = torch.stack(found)
    return torch.nn.functional.normalize(found).float().double().numpy()


def case(family, x, labels):
    logistic = LogisticRegression(C=30, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(x[:TRAIN], labels[:TRAIN])
    svm = LinearSVC(C=10, tol=1e-10, max_iter=10000000, dual=True, random_state=0).fit(x[:TRAIN], labels[:TRAIN])
    return {
        "family": family,
        "logistic": {"C": 30, "probabilities": logistic.predict_proba(x[TRAIN:]).tolist()},
        "svm": {"C": 10, "scores": svm.decision_function(x[TRAIN:]).tolist()},
        "accuracy": [float(model.score(x[TRAIN:], labels[TRAIN:])) for model in (logistic, svm)],
    }


def main():
    rows = documents()
    labels = np.array([label for *_, label in rows])
    found = {family: vectors(family, rows) for family in ("bert", "roberta", "electra")}
    save_tensors(OUTPUT / "vectors.safetensors", {family: torch.from_numpy(x) for family, x in found.items()})
    save_json(OUTPUT / "cases.json", {
        "max_length": MAX_LENGTH,
        "train": TRAIN,
        "documents": rows,
        "cases": [case(family, x, labels) for family, x in found.items()],
    })


if __name__ == "__main__":
    main()
