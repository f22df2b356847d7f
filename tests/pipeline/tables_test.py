"""Runs the program on tables as people have them: ids, quotes, encodings, places that are not there.

usage: tables_test.py QUIRE MODEL
"""
import os
import struct
import tempfile

from program import check, finish, model, refuses, run

with tempfile.TemporaryDirectory() as folder:
    path = lambda name: os.path.join(folder, name)
    read = lambda name: open(path(name), newline="").read()

    def table(name, text):
        with open(path(name), "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return path(name)

    def train(name, file, *options):
        return run("train", file, "-o", path(name), "--member", "linear", "--folds", "2", "--threads", "1", *options)

    def recipe(name):
        return read(f"{name}/recipe.toml")

    def rows(name, header, row, count=40):
        return table(name, header + "\n" + "".join(row(i) + "\n" for i in range(count)))

    text = lambda i: "bank loan" if i % 2 else "cat dog"

    # ---- Ids ---------------------------------------------------------------------------------------------
    result = train("ids", rows("ids.tsv", "paperid\ttext\tlabel", lambda i: f"p{i}\t{text(i)}\t{i % 2}"))
    check("a name that ends in id", result.returncode == 0 and "id = 'paperid'" in recipe("ids"), result)
    without = table("without.tsv", "text\tlabel\ncat dog\t0\nbank loan\t1\n")
    result = run("predict", path("ids"), without, "-o", path("p.tsv"))
    check("a run with ids predicts a table without",
          result.returncode == 0 and read("p.tsv").startswith("id\tlabel\tprobability\n0\t0\t"), result)
    check("and says so", "rows are numbered from 0" in result.stderr, result)
    refuses("an id that the user names", ["predict", path("ids"), without, "-o", path("p.tsv"), "--id", "paperid"], "paperid")
    check("eval needs no ids", run("eval", path("ids"), without).returncode == 0)
    twice = table("twice.tsv", "paperid\ttext\tlabel\na\tcat dog\t0\na\tbank loan\t1\n")
    result = run("eval", path("ids"), twice)
    check("eval does not look at ids", result.returncode == 0 and "repeat" not in result.stderr, result)
    refuses("predictions need ids of their own", ["predict", path("ids"), twice, "-o", path("p.tsv")], "twice.tsv:3", "'a'")
    for name in ("grid", "paid", "android"):
        result = train(name, rows(f"{name}.tsv", f"{name}\ttext\tlabel", lambda i: f"{i % 3}\t{text(i)}\t{i % 2}"))
        check(f"{name} is no id", result.returncode == 0 and f"text = [ '{name}', 'text' ]".replace("[ ", "[").replace(" ]", "]") in recipe(name), result)
        result = run("predict", path(name), path(f"{name}.tsv"), "-o", path("p.tsv"))
        check(f"{name} does not forbid prediction", result.returncode == 0, result)
    result = train("user", rows("user.csv", "text,sentiment,user_id", lambda i: f"{text(i)},{i % 2},u{i % 7}"))
    check("an id is not the label", result.returncode == 0 and "label = 'sentiment'" in recipe("user"), result)
    check("a doubtful guess is a warning", "warning: the column 'user_id'" in result.stderr, result)
    content = "userid\ttext\tlabel\n" + "".join(f"{i % 900}\t{text(i)}\t{i % 2}\n" for i in range(1800))
    result = run("clean", "-", "-o", "-", stdin=content)
    check("a stream is read ahead", result.returncode == 0 and result.stdout == content and "values of 'userid' repeat" in result.stderr, result)

    # ---- Quotes ------------------------------------------------------------------------------------------
    plain = ["--quoting", "none"]
    result = train("quotes", rows("quotes.tsv", "id\ttext\tlabel", lambda i: f'{i}\t"{text(i)}\t"{i % 2}"'), *plain)
    check("trains without quoting", result.returncode == 0, result)
    new = table("new.tsv", 'id\ttext\n1\t"cat dog\n2\tbank loan\n3\tdog cat"\n4\tbank bank\n')
    result = run("predict", path("quotes"), new, "-o", path("p.tsv"))
    check("predicts without quoting", result.returncode == 0 and len(read("p.tsv").splitlines()) == 5, result)
    result = run("predict", path("quotes"), new, "-o", path("p.tsv"), "--quoting", "automatic")
    check("unless told otherwise", len(read("p.tsv").splitlines()) == 3, result)
    result = run("eval", path("quotes"), path("quotes.tsv"))
    check("evaluates without quoting", result.returncode == 0 and "40 rows" in result.stdout, result)
    dirty = table("dirty.tsv", 'id\ttext\tlabel\n1\t"big" cat\tx\n2\t"open\ty\n')
    check("cleans without quoting", run("clean", dirty, "-o", path("clean.tsv"), *plain).returncode == 0)
    check("and writes what it read", read("clean.tsv") == read("dirty.tsv"))
    comma = table("comma.tsv", "id\ttext\n1\ta, b\n")
    refuses("what cannot be written without quotes", ["clean", comma, "-o", path("clean.csv"), *plain], "row 1 of", "'a, b' holds a comma")
    check("leaves nothing", not os.path.exists(path("clean.csv")))

    # ---- Probabilities -----------------------------------------------------------------------------------
    probabilities = ["predict", path("ids"), path("ids.tsv"), "-o", path("q.tsv"), "--probabilities"]
    result = refuses("a folder that is not there", [*probabilities, path("nowhere/p.npy")], "nowhere/p.npy")
    check("is said before the first document", "predicting" not in result.stderr and not os.path.exists(path("q.tsv")), result)
    refuses("an output's folder that is not there", ["predict", path("ids"), path("ids.tsv"), "-o", path("nowhere/q.tsv")], "nowhere/q.tsv")
    refuses("a matrix of another kind", [*probabilities, path("p.txt")], ".npy", ".tsv")
    refuses("a full disk", [*probabilities, "/dev/full"], "/dev/full", code=1)
    check("does not take the labels", len(read("q.tsv").splitlines()) == 41)
    check("probabilities as a matrix", run(*probabilities, path("p.npy")).returncode == 0)
    check("probabilities as a table", run(*probabilities, path("p.tsv")).returncode == 0)
    lines = read("p.tsv").splitlines()
    check("a column a class", lines[0] == "paperid\t0\t1" and len(lines) == 41 and lines[1].startswith("p0\t"))
    with open(path("p.npy"), "rb") as file:
        content = file.read()
    check("whose header counts the rows", b"'shape': (40, 2)" in content[:128] and len(content) == 128 + 40 * 2 * 4)
    matrix = struct.unpack("<80f", content[128:])
    found = [float(value) for line in lines[1:] for value in line.split("\t")[1:]]
    check("both hold the same numbers", [struct.unpack("<f", struct.pack("<f", value))[0] for value in found] == list(matrix))

    # ---- Names -------------------------------------------------------------------------------------------
    latin = b"id,text,label\n" + b"".join(b"%d,%s,%s\n" % (i, text(i).encode(), [b"p\xe9", b"p\xe8", b"q"][i % 3]) for i in range(60))
    result = train("latin", table("latin.csv", latin))
    check("labels in Latin-1", result.returncode == 2 and "latin.csv:2: the label 'p\\xE9' is not valid UTF-8" in result.stderr and "iconv" in result.stderr, result)
    check("make no run", not os.path.exists(path("latin")))
    check("nor are they cleaned", run("clean", path("latin.csv"), "-o", path("x.csv")).returncode == 2)
    result = train("texts", rows("texts.csv", "Class Index,Title,Description", lambda i: f"{i % 4},title {i},a description of row {i} and nothing else", 5000))
    check("texts in the label's place", result.returncode == 2 and len(result.stderr) < 3000 and "more" in result.stderr and "--label" in result.stderr, result)

    # ---- Word vectors ------------------------------------------------------------------------------------
    for what, vectors, part in (("nan", "2 2\ncat 1 2\ndog nan 3\n", "x.vec:3"),
                                ("a comma", "2 2\ncat 1,5 2\nbank 4 5\n", "x.vec:2"),
                                ("a cut file", "9 2\ncat 1 2\nbank 4 5\n", "2 of 9")):
        file = table("x.vec", vectors)
        refuses(f"fastText, {what}", ["train", path("ids.tsv"), "-o", path("v"), "--member", "fasttext", "--pretrained-vectors", file], part)
        refuses(f"TextCNN, {what}", ["train", path("ids.tsv"), "-o", path("v"), "--member", "textcnn", "--embeddings", file], part)
    cnn = ["train", path("ids.tsv"), "-o", path("cnn"), "--member", "textcnn", "--folds", "1", "--epochs", "1", "--model", model,
           "--embeddings", table("x.vec", "3 2\ncat 1 2\nlight 4 5\nzzz 1 1\n")]
    result = run(*cnn)
    check("vectors of a tokenizer's words", result.returncode == 0 and "1 of " in result.stderr and "have a vector" in result.stderr, result)
    cnn[-1] = table("x.vec", "1 2\nzzz 1 1\n")
    refuses("vectors of no word", [*cnn, "--force"], "none of", "x.vec")

finish()
