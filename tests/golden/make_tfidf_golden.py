#!/usr/bin/env python3
"""Writes tests/golden/tfidf/cases.json: what scikit-learn's TfidfVectorizer makes of the texts below.

    .venv/bin/python tests/golden/make_tfidf_golden.py
"""

from sklearn.feature_extraction.text import TfidfVectorizer

from golden_tools import HERE, save_json

OUTPUT = HERE / "tfidf"

TEXTS = [
    "Graph neural networks learn on graphs; a graph is a set of nodes and edges.",
    "Neural networks learn representations, and deep networks learn them well.",
    "The theorem holds for every finite graph. The proof is short, the theorem is old.",
    "Ein Graph hat Knoten und Kanten; die Straße nach ΟΔΥΣΣΕΥΣ ist lang, ΣΑΣ'Σ Α.",
    "We prove bounds: O(n^2) and x_1 + y_2 = 3.14 in 2020; snake_case, don't, e-mail.",
    "数据 挖掘 и машинное обучение, глубокое ОБУЧЕНИЕ; naïve café İstanbul ǅ.",
    "a b c I",
    "",
    "tabs\tand\nlines \n\n and   runs  of\u00a0spaces \u2003 at the end  ",
    "emoji 🙂🙂 and a\u0301ccents a\u0308 combining; Roman Ⅷ, ① and ½ 10²",
    "learn learn learn learn learn graph graph networks networks proof",
    "\x1dodd\x1cseparators\x1eof\x1fASCII",
]

CASES = [
    {},
    {"ngram_range": [1, 2]},
    {"ngram_range": [2, 3], "min_df": 1},
    {"ngram_range": [1, 2], "min_df": 2, "sublinear_tf": True},
    {"max_df": 3, "min_df": 2},
    {"max_df": 0.25},
    {"min_df": 0.2, "max_df": 0.5},
    {"max_features": 3},
    {"lowercase": False},
    {"norm": None, "smooth_idf": False},
    {"use_idf": False, "sublinear_tf": True},
    {"norm": None, "use_idf": False},
    {"analyzer": "char", "ngram_range": [1, 3]},
    {"analyzer": "char", "ngram_range": [3, 5], "min_df": 2, "sublinear_tf": True},
    {"analyzer": "char_wb", "ngram_range": [2, 4]},
    {"analyzer": "char_wb", "ngram_range": [1, 1], "lowercase": False},
    {"analyzer": "char_wb", "ngram_range": [3, 6], "max_df": 0.5, "min_df": 2},
]


def case(options):
    arguments = dict(options)
    if "ngram_range" in arguments:
        arguments["ngram_range"] = tuple(arguments["ngram_range"])
    # Fitted without the last text, so that it may hold terms that are not known.
    vectorizer = TfidfVectorizer(**arguments).fit(TEXTS[:-1])
    matrix = vectorizer.transform(TEXTS).tocsr()
    matrix.sort_indices()
    rows = [[matrix.indices[a:b].tolist(), matrix.data[a:b].tolist()]
            for a, b in zip(matrix.indptr, matrix.indptr[1:])]
    return {
        "options": options,
        "vocabulary": vectorizer.get_feature_names_out().tolist(),
        "idf": vectorizer.idf_.tolist() if arguments.get("use_idf", True) else [],
        "columns": [columns for columns, _ in rows],
        "values": [values for _, values in rows],
    }


def main():
    save_json(OUTPUT / "cases.json", {"texts": TEXTS, "cases": [case(options) for options in CASES]})


if __name__ == "__main__":
    main()
