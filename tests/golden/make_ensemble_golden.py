"""Writes ensemble/: what scikit-learn, scipy, statsmodels and cleanlab make of small problems of our own.

All inputs are float32 values computed with in float64, as our programs read them.
"""

import json
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from sklearn.metrics import accuracy_score, f1_score, log_loss
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

import cleanlab
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores

FOLDER = Path(__file__).parent / "ensemble"


def rounded(values, digits=6):
    """float32 values of few digits: small files, and exactly what the tests read."""
    return np.round(np.asarray(values, dtype=np.float64), digits).astype(np.float32)


def draw(rng, rows, classes, sureness, noise=0.0, rare=False):
    """Labels and probabilities of a model that is right more often the larger `sureness`."""
    share = rng.dirichlet(np.full(classes, 0.7 if rare else 5.0))
    truth = rng.choice(classes, rows, p=share)
    scores = rng.normal(size=(rows, classes))
    scores[np.arange(rows), truth] += sureness
    probabilities = np.exp(scores)
    probabilities = rounded(probabilities / probabilities.sum(1, keepdims=True))
    labels = np.where(rng.random(rows) < noise, rng.integers(0, classes, rows), truth)
    return truth, labels, probabilities


def member_matrices(rng, truth, classes, sureness):
    members = []
    for strength in sureness:
        scores = rng.normal(size=(len(truth), classes)) * 1.2
        scores[np.arange(len(truth)), truth] += strength
        p = np.exp(scores)
        members.append(rounded(p / p.sum(1, keepdims=True), 5))
    return members


def expected_calibration_error(p, labels, bins=15):
    confidence = p.max(1).astype(np.float64)
    right = p.argmax(1) == labels
    total = 0.0
    for low in range(bins):
        inside = (confidence > low / bins) & (confidence <= (low + 1) / bins)
        if inside.any():
            total += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return total


def scores_case():
    rng = np.random.default_rng(1)
    _, labels, p = draw(rng, 60, 5, 1.5)
    p64 = p.astype(np.float64)
    normal = p64 / p64.sum(1, keepdims=True)
    return {
        "probabilities": p.tolist(),
        "labels": labels.tolist(),
        "accuracy": accuracy_score(labels, p.argmax(1)),
        "macro_f1": f1_score(labels, p.argmax(1), average="macro"),
        "log_loss": log_loss(labels, normal, labels=range(5)),
        "ece": expected_calibration_error(p, labels),
    }


def significance_cases():
    wilson = [(0, 1), (1, 1), (0, 20), (7, 20), (20, 20), (4123, 5000), (1, 10**6), (999999, 10**6), (123456789, 10**9)]
    pairs = [(0, 0), (0, 1), (1, 1), (5, 0), (3, 9), (10, 11), (224, 105), (1000, 1000), (5200, 4800), (0, 200),
             (50500, 49500), (501000, 499000), (0, 1000), (5000300, 4999700)]
    return {
        "wilson": [
            {"successes": k, "count": n, "interval": [float(x) for x in proportion_confint(k, n, method="wilson")]}
            for k, n in wilson
        ],
        "mcnemar": [
            {"first": a, "second": b, "p": float(mcnemar([[0, a], [b, 0]], exact=True).pvalue)} for a, b in pairs
        ],
    }


def mixture_case(seed, rows, classes, sureness):
    """The weights on the simplex that minimise the log loss, by scipy."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, rows)
    members = member_matrices(rng, truth, classes, sureness)
    chances = np.stack([m[np.arange(rows), truth] for m in members], 1).astype(np.float32)
    c64 = np.maximum(chances.astype(np.float64), 1e-12)

    def loss(w):
        return -np.log(c64 @ w).mean()

    def slope(w):
        return -(c64 / (c64 @ w)[:, None]).mean(0)

    count = len(members)
    best = minimize(loss, np.full(count, 1 / count), jac=slope, method="SLSQP", bounds=[(0, 1)] * count,
                    constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda w: np.ones(count)},
                    options={"ftol": 1e-15, "maxiter": 1000})
    return {"chances": chances.tolist(), "weights": best.x.tolist(), "loss": float(best.fun)}


def temperature_case(seed, sureness, factor):
    """The inverse temperature that minimises the log loss, by scipy."""
    rng = np.random.default_rng(seed)
    truth, labels, p = draw(rng, 300, 4, sureness)
    logs = np.log(np.maximum(p.astype(np.float64), 1e-12))
    sharp = np.exp(factor * logs)
    p = rounded(sharp / sharp.sum(1, keepdims=True))
    logs = np.log(np.maximum(p.astype(np.float64), 1e-12))

    def loss(b):
        z = b[0] * logs
        z = z - z.max(1, keepdims=True)
        return (np.log(np.exp(z).sum(1)) - z[np.arange(len(labels)), labels]).mean()

    best = minimize(loss, [1.0], method="L-BFGS-B", bounds=[(0.05, 20)], options={"ftol": 1e-15, "gtol": 1e-10})
    return {"probabilities": p.tolist(), "labels": labels.tolist(), "temperature": 1 / float(best.x[0])}


def stable(function, *arguments, **options):
    """Calls it with numpy's sorts made stable, so that ties are broken alike on every machine."""
    original = np.argsort
    np.argsort = lambda a, *rest, **more: original(a, *rest, **{**more, "kind": "stable"})
    try:
        return function(*arguments, **options)
    finally:
        np.argsort = original


def issues_case(name, labels, p):
    p64 = p.astype(np.float64)
    mask = stable(find_label_issues, labels, p64, filter_by="prune_by_noise_rate", n_jobs=1)
    joint = stable(cleanlab.count.compute_confident_joint, labels, p64)
    return {
        "name": name,
        "labels": labels.tolist(),
        "probabilities": p.tolist(),
        "issues": np.where(mask)[0].tolist(),
        "confident_joint": joint.tolist(),
        "self_confidence": get_label_quality_scores(labels, p64, method="self_confidence").tolist(),
        "normalized_margin": get_label_quality_scores(labels, p64, method="normalized_margin").tolist(),
    }


def issues_cases():
    cases = []
    rng = np.random.default_rng(5)
    _, labels, p = draw(rng, 200, 4, 2.0, noise=0.15)
    cases.append(issues_case("four classes", labels, p))
    _, labels, p = draw(rng, 250, 12, 2.0, noise=0.2, rare=True)
    cases.append(issues_case("rare classes", labels, p))
    _, labels, p = draw(rng, 120, 2, 1.5, noise=0.2)
    cases.append(issues_case("two classes", labels, p))
    _, labels, p = draw(rng, 150, 5, 1.0, noise=0.3)
    cases.append(issues_case("a class without rows", np.where(labels == 3, 1, labels), p))
    _, labels, p = draw(rng, 100, 3, 6.0)
    cases.append(issues_case("sure and right", labels, p))
    _, labels, p = draw(rng, 150, 3, 1.2, noise=0.3)
    coarse = np.maximum(np.round(p.astype(np.float64) * 8), 0)
    coarse[:, 0] += 8 - coarse.sum(1)
    cases.append(issues_case("ties", labels, rounded(np.clip(coarse / 8, 0, 1))))
    return cases


def write(name, content):
    FOLDER.mkdir(exist_ok=True)
    text = json.dumps(content, separators=(",", ":"))
    (FOLDER / name).write_text(text + "\n")


def short(value):
    """float32 lists print as doubles of 17 digits; their shortest form is read back the same."""
    if isinstance(value, list):
        return [short(one) for one in value]
    if isinstance(value, dict):
        return {key: short(one) if key in ("probabilities", "chances") else one for key, one in value.items()}
    return float(np.format_float_positional(np.float32(value), unique=True)) if isinstance(value, float) else value


if __name__ == "__main__":
    write("scores.json", short(scores_case()))
    write("significance.json", significance_cases())
    write("mixture.json", {"cases": [short(one) for one in (
        mixture_case(1, 80, 4, [2.0, 1.5, 1.0]), mixture_case(2, 150, 6, [2.0, 1.9, 1.8, 0.0, 1.0]),
        mixture_case(3, 200, 10, [1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 0.1]))]})
    write("temperature.json", {"cases": [short(one) for one in (
        temperature_case(1, 2.0, 1.0), temperature_case(2, 2.0, 3.0), temperature_case(3, 1.5, 0.3))]})
    write("label_issues.json", {"cases": [short(one) for one in issues_cases()]})
