#!/usr/bin/env python3
"""Writes tests/golden/lemmas/lemmas.tsv: what NLTK's WordNetLemmatizer makes of the words below.

    .venv/bin/python tests/golden/make_lemma_golden.py

NLTK reads Debian's own WordNet (wordnet-base), which the program reads too.
"""

import pathlib

from wordnet import lemmatizer

OUTPUT = pathlib.Path(__file__).resolve().parent / "lemmas" / "lemmas.tsv"

# Each rule, its near misses, exceptions, ties, case, punctuation, other scripts.
WORDS = """
dogs dog dogs, Dogs DOGS churches aardwolves abaci hardrock us was has as is its this thus ours his
classes class glasses buses gas gases boxes box axes axis axe oxen ox quizzes quiz waltzes
wolves wolf knives knife leaves leaf halves shelves caves moves ves ses xes zes ches shes men ies s
matches watches witches bushes wishes ashes women woman firemen specimen specimens omen omens regimen yes
ladies lady parties studies movies ties dies species series indices index indexes matrices vertices
mice mouse geese feet teeth children data datum media criteria phenomena phenomenon analyses analysis
theses hypotheses bases basis crises neural networks learning algorithms encodings embeddings
bus mass less loss lens news physics mathematics politics linguistics corpora corpus genera genus
men's dogs' it's state-of-the-art end-to-end 1990s 10s 2s s' 's 'hood .22 a b u as- -s _s
aérosols cafés naïves Σs 数据s café straße
kubernetes llms gpus cpus apis urls pixels voxels tensors datasets benchmarks transformers
addressses processes witnesses lenses lens' uses used houses horses roses phases
superclasses subclasses passes passersby brothers-in-law attorneys_general ice_creams hot_dogs
humen humans human Germans germans germen stamens abdomens yeomen
""".split()


def main():
    lemmatize = lemmatizer().lemmatize
    lines = [f"{word}\t{lemmatize(word)}" for word in dict.fromkeys(WORDS)]
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
