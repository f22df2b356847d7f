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


def case(name, x, labels):
    return {
        "name": name,
        "features": x.tolist(),
        "labels": labels.tolist(),
        "logistic": [logistic(x, labels, c) for c in (0.1, 1.0, 20.0)],
        "svm": [svm(x, labels, c) for c in (0.1, 1.0, 10.0)],
    }


def main():
    cases = [
        case("four classes, dense", *problem(90, 7, 4, seed=1)),
        case("five classes, sparse", *problem(60, 25, 5, seed=2, keep=0.2)),
        case("two classes", *problem(50, 6, 2, seed=3)),
    ]
    save_json(OUTPUT / "cases.json", {"cases": cases})


if __name__ == "__main__":
    main()
