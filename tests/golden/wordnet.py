"""NLTK's lemmatiser on the WordNet of Debian's wordnet-base, which the program reads too."""

import pathlib
import shutil
import tempfile

import nltk

DEBIAN = pathlib.Path("/usr/share/wordnet")


def lemmatizer():
    """A WordNetLemmatizer that has read its dictionary. The copy it reads lies in a temporary folder."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="nltk_data-"))
    wordnet = folder / "corpora" / "wordnet"
    wordnet.mkdir(parents=True)
    for path in DEBIAN.iterdir():
        shutil.copy(path, wordnet / path.name)
    (wordnet / "lexnames").touch()  # NLTK wants it, the package lacks it, lemmas do not need it
    nltk.data.path.insert(0, str(folder))
    from nltk.stem import WordNetLemmatizer
    found = WordNetLemmatizer()
    found.lemmatize("words")  # loads the dictionary
    shutil.rmtree(folder)
    return found
