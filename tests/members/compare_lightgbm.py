#!/usr/bin/env python3
"""Compares the LightGBM member with the lightgbm Python package, on a real table.

    compare_lightgbm.py MEMBER_TOOL TABLE [NAME=VALUE ...]

The package gets the TF-IDF matrices that the member trained on, the same parameters, the same validation
rows and the same early stopping. Expected: the same best round, the same trees, and the same probabilities,
from the package's own model as from the model.txt that the member saved.

Run it with the Python of .deps/venv (scripts/setup --python); build member_tool first.
"""
import subprocess
import sys
import tempfile
from pathlib import Path

import lightgbm
import numpy as np
from sklearn.datasets import load_svmlight_file

THREADS = 2
SEED = 42
# What the tool is given unless the command line says otherwise, and what quire always sets.
OPTIONS = {"rounds": "20", "early_stopping_rounds": "5", "num_leaves": "15", "learning_rate": "0.1",
           "min_data_in_leaf": "20", "feature_fraction": "0.3", "bagging_fraction": "0.8", "bagging_freq": "1",
           "max_bin": "63", "lambda_l2": "1", "min_sum_hessian_in_leaf": "0.5", "max_features": "3000"}
FIXED = {"objective": "multiclass", "metric": "multi_logloss", "deterministic": True, "force_row_wise": True,
         "seed": SEED, "num_threads": THREADS, "verbosity": -1}
# Not parameters of LightGBM.
OURS = {"rounds", "early_stopping_rounds", "max_features", "min_df", "max_word_ngram", "class_weights"}


def trees(text):
    """The trees of a model in the text format, without the parameters behind them.

    The package hands out a model that went through this format once, and a constant tree (of a class
    without rows) loses its leaf's weight on the way.
    """
    return text[text.index("\nTree=0"):text.index("\nend of trees")].replace("\nleaf_weight=0\n", "\nleaf_weight=\n")


def main():
    tool, table, *settings = sys.argv[1:]
    options = OPTIONS | dict(setting.split("=", 1) for setting in settings)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        subprocess.run([tool, "lightgbm", table, folder, f"seed={SEED}", f"threads={THREADS}",
                        *(f"{name}={value}" for name, value in options.items())], check=True)
        ours = np.load(folder / "probabilities.npy")
        saved = lightgbm.Booster(model_file=str(folder / "model.txt"))
        width = saved.num_feature()

        def read(name):
            x, y = load_svmlight_file(str(folder / name), n_features=width, dtype=np.float32, zero_based=True)
            return x, y.astype(int)

        (x, y), (valid_x, valid_y) = read("train.svm"), read("valid.svm")
        rows = np.arange(len(ours))
        ours_valid = ours[rows % 5 == 4]

        weight = None
        if options.get("class_weights", "none") == "balanced":
            counts = np.bincount(y, minlength=ours.shape[1])
            weight = (len(y) / ((counts > 0).sum() * np.maximum(counts, 1)))[y]
        parameters = FIXED | {"num_class": ours.shape[1]} | {
            name: value for name, value in options.items() if name not in OURS}
        data = lightgbm.Dataset(x, y, weight=weight, params=parameters)
        valid = lightgbm.Dataset(valid_x, valid_y, reference=data, params=parameters)
        trained = lightgbm.train(parameters, data, int(options["rounds"]), valid_sets=[valid], callbacks=[
            lightgbm.early_stopping(int(options["early_stopping_rounds"]), verbose=False)])

        print(f"rounds: ours {saved.num_trees() // ours.shape[1]}, the package's {trained.best_iteration}")
        assert saved.num_trees() // ours.shape[1] == trained.best_iteration
        same_trees = trees((folder / "model.txt").read_text()) == trees(
            trained.model_to_string(num_iteration=trained.best_iteration))
        print(f"trees: {'the same text' if same_trees else 'different'}")
        for name, theirs in [("the package's own model", trained.predict(valid_x)),
                             ("our model.txt in the package", saved.predict(valid_x))]:
            theirs /= theirs.sum(axis=1, keepdims=True)  # for "one against all", whose rows do not sum to 1
            difference = np.abs(ours_valid - theirs).max()
            print(f"{len(theirs)} validation rows, {name}: largest difference {difference:.2e}")
            assert difference < 1e-6
        assert same_trees


if __name__ == "__main__":
    main()
