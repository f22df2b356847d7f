#!/usr/bin/env python3
"""Writes tests/golden/linear/: linear models as scikit-learn fits them, to convergence.

    .venv/bin/python tests/golden/make_linear_golden.py
"""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from golden_tools import HERE, save_json

OUTPUT = HERE / "linear"


def problem(rows, features, classes, seed, keep=1.0):
    """Rows around one centre for each class, rounded so that JSON holds them exactly as float32."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(classes, features))
    labels = np.concatenate([np.arange(classes), random.integers(classes, size=rows - classes)])
    x = centres[labels] + 1.5 * random.normal(size=(rows, features))
    x *= random.random(size=x.shape) < keep
    return np.round(x * 16) / 16, labels


def logistic(x, labels, c):
    # Its L-BFGS also stops when the loss no longer changes, some 1e-6 away from the minimum.
    model = LogisticRegression(C=c, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(x, labels)
    assert model.n_iter_.max() < 1000
    return {
        "C": c,
        "weights": model.coef_.tolist(),  # one row, of the second class, when there are two
        "bias": model.intercept_.tolist(),
        "probabilities": model.predict_proba(x[:10]).tolist(),
    }


def svm(x, labels, c):
    model = LinearSVC(C=c, tol=1e-10, max_iter=1000000, dual=True, random_state=0).fit(x, labels)
    return {"C": c, "weights": model.coef_.tolist(), "bias": model.intercept_.tolist()}


def weighted(name, x, labels):
    """The same with class_weight, as a member of the task gets it from --class-weights."""
    weights = {int(k): [0.5, 3.0, 1.25, 2.0, 0.75][int(k)] for k in np.unique(labels)}
    model = LogisticRegression(C=2.0, class_weight=weights, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    model.fit(x, labels)
    machine = LinearSVC(C=0.5, class_weight=weights, tol=1e-10, max_iter=1000000, dual=True, random_state=0)
    machine.fit(x, labels)
    fits = {
        "logistic": [{"C": 2.0, "weights": model.coef_.tolist(), "bias": model.intercept_.tolist()}],
        "svm": [{"C": 0.5, "weights": machine.coef_.tolist(), "bias": machine.intercept_.tolist()}],
    }
    data = {"features": x.tolist(), "labels": labels.tolist()}
    return {"name": name, **data, "class_weights": list(weights.values()), **fits}


def case(name, x, labels):
    return {
        "name": name,
        "features": x.tolist(),
        "labels": labels.tolist(),
        "logistic": [logistic(x, labels, c) for c in (0.1, 1.0, 20.0)],
        "svm": [svm(x, labels, c) for c in (0.1, 1.0, 10.0)],
    }


PROBLEMS = {
    "four classes, dense": problem(90, 7, 4, seed=1),
    "five classes, sparse": problem(60, 25, 5, seed=2, keep=0.2),
    "two classes": problem(50, 6, 2, seed=3),
}


def main():
    for file, fit in (("cases.json", case), ("weighted.json", weighted)):
        save_json(OUTPUT / file, {"cases": [fit(name, *data) for name, data in PROBLEMS.items()]})


if __name__ == "__main__":
    main()
