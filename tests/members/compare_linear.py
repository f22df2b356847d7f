#!/usr/bin/env python3
"""The linear member against scikit-learn on the same features and the same C: accuracy, time, memory.

    ninja -C build/release linear_tool
    .venv/bin/python tests/members/compare_linear.py build/release/linear_tool TRAIN TEST LOSS C [THREADS]

Tables have the columns id, title, abstract and label; LOSS is svm or logistic. Times are processor
seconds and seconds on the wall; ours hold the choice of a temperature (svm), which fits more models
than scikit-learn's one. Exits with 1 when accuracies are more than .002 apart.
"""

import json
import lzma
import os
import resource
import subprocess
import sys
import tempfile
import time

THREADS = sys.argv[6] if len(sys.argv) > 6 else "2"
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = THREADS

from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.svm import LinearSVC  # noqa: E402


def read(path):
    with (lzma.open if path.endswith(".xz") else open)(path, "rt", encoding="utf-8", newline="\n") as table:
        rows = [line.rstrip("\n").split("\t") for line in table][1:]
    return [f"{row[1].strip()}\n{row[2].strip()}" for row in rows], [row[3] for row in rows]


def ours(tool, train, test, loss, c):
    with tempfile.TemporaryDirectory() as folder:
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run([tool, train, test, folder, f"loss={loss}", f"c={c}", f"threads={THREADS}"],
                              capture_output=True, check=True, encoding="utf-8")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = json.loads(done.stdout)
    return {"accuracy": result["accuracy"], "wall": time.perf_counter() - start,
            "cpu": after.ru_utime - before.ru_utime, "peak_mb": result["peak_mb"]}


def theirs(train, test, loss, c):
    start, cpu = time.perf_counter(), time.process_time()
    texts, labels = read(train)
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    features = vectorizer.fit_transform(texts)
    model = LinearSVC(C=c) if loss == "svm" else LogisticRegression(C=c, max_iter=1000)
    model.fit(features, labels)
    texts, labels = read(test)
    accuracy = model.score(vectorizer.transform(texts), labels)
    return {"accuracy": accuracy, "wall": time.perf_counter() - start, "cpu": time.process_time() - cpu,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


def main():
    tool, train, test, loss, c = sys.argv[1:6]
    found = {"ours": ours(tool, train, test, loss, float(c)),
             "scikit-learn": theirs(train, test, loss, float(c))}
    for name, result in found.items():
        print(f"{name:13} accuracy {result['accuracy']:.4f}, {result['wall']:.1f} s on the wall, "
              f"{result['cpu']:.1f} s of processor, {result['peak_mb']} MB")
    apart = abs(found["ours"]["accuracy"] - found["scikit-learn"]["accuracy"])
    sys.exit(0 if apart <= 0.002 else 1)


if __name__ == "__main__":
    main()
