"""Writes lightgbm/cases.json: what the lightgbm Python package predicts after training on a small sparse
matrix, for a few sets of parameters. tests/members/lightgbm_test.cpp reads it.

    .deps/venv/bin/python tests/golden/make_lightgbm_golden.py
"""
import json
from pathlib import Path

import lightgbm
import numpy as np
from scipy.sparse import csr_matrix

ROWS, COLS, CLASSES, ROUNDS = 150, 12, 3, 4
COMMON = {"num_class": CLASSES, "num_leaves": 7, "min_data_in_leaf": 5, "learning_rate": 0.3, "max_bin": 15,
          "deterministic": "true", "force_row_wise": "true", "num_threads": 1, "seed": 42, "verbosity": -1}
CASES = [
    {"objective": "multiclass", "metric": "multi_logloss"},
    {"objective": "multiclass", "metric": "multi_error", "feature_fraction": 0.5, "bagging_fraction": 0.7,
     "bagging_freq": 1},
    {"objective": "multiclassova", "metric": "multi_logloss", "lambda_l2": 2},
]


def main():
    random = np.random.default_rng(7)
    labels = random.integers(0, CLASSES, ROWS)
    dense = np.where(random.random((ROWS, COLS)) < 0.3, random.random((ROWS, COLS)), 0)
    for column in range(CLASSES):  # a column that tells something of each class
        dense[:, column] += (labels == column) * (random.random(ROWS) < 0.7) * random.random(ROWS)
    matrix = csr_matrix(np.round(dense, 3).astype(np.float32))
    weights = np.where(labels == 0, 2.0, 1.0)
    cases = []
    for case in CASES:
        parameters = COMMON | case
        # A copy each: the package keeps what it made of the first parameters.
        data = lightgbm.Dataset(matrix.copy(), labels, weight=weights, params=parameters)
        valid = lightgbm.Dataset(matrix[:50], labels[:50], reference=data, params=parameters)
        history = {}
        booster = lightgbm.train(parameters, data, ROUNDS, valid_sets=[valid],
                                 callbacks=[lightgbm.record_evaluation(history)])
        (metric, values), = history["valid_0"].items()
        cases.append({"parameters": " ".join(f"{name}={value}" for name, value in parameters.items()),
                      "metric": metric, "evaluations": values,
                      "gain": booster.feature_importance("gain").tolist(),
                      "splits": booster.feature_importance("split").tolist(),
                      "probabilities": booster.predict(matrix).tolist()})
    golden = {"lightgbm": lightgbm.__version__, "rounds": ROUNDS, "rows": ROWS, "cols": COLS, "valid_rows": 50,
              "begins": matrix.indptr.tolist(), "columns": matrix.indices.tolist(),
              "values": matrix.data.tolist(), "labels": labels.tolist(), "weights": weights.tolist(),
              "cases": cases}
    path = Path(__file__).parent / "lightgbm" / "cases.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
