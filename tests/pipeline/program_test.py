"""Runs the program with good and bad input: exit codes, messages, and that nothing is left behind.

usage: program_test.py QUIRE MODEL
"""
import json
import os
import shutil
import subprocess
import tempfile

from program import check, finish, model, quire, refuses, run

with tempfile.TemporaryDirectory() as folder:
    path = lambda name: os.path.join(folder, name)

    def table(name, text):
        with open(path(name), "w", newline="") as file:
            file.write(text)
        return path(name)

    rows = "".join(f"{i}\t{'cat' if i % 2 else 'dog'} runs\t{'a b' if i % 2 else 'c'}\n" for i in range(40))
    good = table("good.tsv", "id\ttext\tlabel\n" + rows)
    out = path("run")
    train = ["train", good, "-o", out, "--model", model, "--folds", "2", "--epochs", "1", "--max-length", "16"]

    refuses("no verb", [], "--help")
    refuses("misspelt verb", ["trian"], "did you mean train?")
    refuses("misspelt option", [*train, "--epoch", "3"], "unknown option '--epoch'", "--epochs")
    refuses("option out of range", [*train, "--epochs", "0"], "--epochs is 0")
    refuses("option of another type", [*train, "--epochs", "many"], "many")
    refuses("no such file", ["train", path("no.tsv"), "-o", out, "--model", model, "--max-length", "16"], "no.tsv")
    refuses("empty file", ["train", table("empty.tsv", ""), "-o", out, "--model", model, "--max-length", "16"], "empty.tsv")
    refuses("header only", ["train", table("header.tsv", "id\ttext\tlabel\n"), "-o", out, "--model", model, "--max-length", "16"], "header.tsv")
    refuses("no such column", [*train, "--label", "lable"], "lable", "label")
    refuses("too few fields", ["train", table("few.tsv", "id\ttext\tlabel\n1\tx\ta\n2\ty\n"), "-o", out, "--model", model, "--max-length", "16"], "few.tsv:3")
    refuses("too many fields", ["train", table("many.tsv", "id\ttext\tlabel\n1\tx\ta\tb\n"), "-o", out, "--model", model, "--max-length", "16"], "many.tsv:2")
    refuses("unclosed quote", ["train", table("quote.tsv", 'id\ttext\tlabel\n1\t"x\ta\n2\ty\tb\n'), "-o", out, "--model", model, "--max-length", "16"], "quote.tsv:2", "--quoting none")
    refuses("single row", ["train", table("one.tsv", "id\ttext\tlabel\n1\tx\ta\n2\ty\ta\n3\tz\tb\n"), "-o", out, "--model", model, "--max-length", "16"], "b")
    refuses("model without config", ["train", good, "-o", out, "--model", folder], "config.json")
    os.mkdir(path("cut"))
    for name in os.listdir(model):
        with open(os.path.join(model, name), "rb") as source, open(path(f"cut/{name}"), "wb") as target:
            content = source.read()
            target.write(content[: len(content) // 2] if name == "model.safetensors" else content)
    refuses("cut weights", ["train", good, "-o", out, "--model", path("cut"), "--max-length", "16"], "model.safetensors")
    linear = ["train", good, "-o", out, "--member", "linear"]
    refuses("no such member", [*linear[:-1], "liner"], "no member is called 'liner'", "did you mean linear?")
    refuses("option of another member", [*linear, "--epochs", "3"], "'--epochs' is no option of this member",
            "--member encoder, fasttext, textcnn")
    refuses("unknown step of cleaning", [*linear, "--clean", "lowercas"], "lowercas")
    refuses("vectors without a model", [*linear, "--features", "vectors"], "--features vectors needs an encoder", "--model DIR")
    refuses("vectors of no model", [*linear, "--model", path("nowhere")], "nowhere")
    refuses("vectors of a folder without a model", [*linear, "--model", folder], "config.json")
    refuses("length without a model", [*linear, "--max-length", "64"], "--max-length is about an encoder")
    refuses("terms with vectors alone", [*linear, "--model", model, "--min-df", "3"], "--min-df is about TF-IDF")
    refuses("length beyond the model", [*linear, "--model", model, "--max-length", "4000"], "--max-length is 4000")
    refuses("unknown LightGBM parameter", [*linear[:-1], "lightgbm", "--parameters", "num_leafs=3"], "num_leafs", "did you mean num_leaf")
    refuses("no such vectors", [*linear[:-1], "textcnn", "--embeddings", path("no.vec")], "no.vec")
    refuses("training in int8", [*train, "--precision", "int8"], "--precision is 'int8'", "fp32, bf16, auto")
    cuda = next((line for line in run("info").stdout.splitlines() if line.startswith("cuda ")), "")
    check("info says what there is of CUDA", len(cuda.split()) > 1)
    if "(CUDA " not in cuda:
        refuses("no GPU here", [*train, "--device", "cuda"], "--device is cuda", cuda[4:].strip())
        refuses("no GPU for TextCNN", [*linear[:-1], "textcnn", "--device", "cuda"], "--device is cuda")
    refuses("no such device", [*train, "--device", "gpu"], "--device is 'gpu'")
    refuses("no such device to predict on", ["predict", out, good, "-o", path("x.tsv"), "--device", "gpu"], "gpu")
    refuses("features beyond the model", [*train, "--features", "mean:9"], "--features", "1 to 2")
    refuses("frozen beyond the model", [*train, "--freeze-layers", "3"], "--freeze-layers is 3")
    refuses("window stride", [*train, "--window-stride", "17"], "--window-stride 17")
    refuses("class weights", [*train, "--class-weights", path("no.tsv")], "no.tsv")
    refuses("cleaning a file that is not there", ["clean", path("no.tsv"), "-o", path("x.tsv")], "no.tsv")
    check("nothing is left behind by refusals", not os.path.exists(out))
    result = run(*linear, "--help")
    check("what is on by default can be turned off", "--no-sublinear-tf" in result.stdout, result)
    plain = path("plain")
    result = run(*linear[:3], plain, *linear[4:], "--no-sublinear-tf", "--min-df", "1", "--folds", "2")
    check("turned off", result.returncode == 0 and "sublinear_tf = false" in open(f"{plain}/recipe.toml").read(), result)
    check("says folds as others do", "fold 1/2" in result.stderr, result)
    result = run("predict", plain, good, "-o", path("plain.tsv"))
    check("predicts plain counts", result.returncode == 0, result)

    result = run(*train)
    check("trains", result.returncode == 0 and "out-of-fold" in result.stdout, result)
    refuses("existing run", train, "exists", "--force")
    if "(CUDA " not in cuda:
        refuses("no GPU to predict on", ["predict", out, good, "-o", path("x.tsv"), "--device", "cuda"], "--device is cuda")
    by_device = [path("run-aten") if word == out else word for word in train]
    for environment in ({}, {"QUIRE_ISA": "aten"}):
        result = run(*by_device, "--device", "auto", "--force", environment=environment)
        check(f"trains on the device there is {environment}", result.returncode == 0, result)
        result = run("predict", path("run-aten"), good, "-o", path("by-device.tsv"), "--device", "auto", environment=environment)
        check(f"predicts on the device there is {environment}", result.returncode == 0, result)
    if result.returncode == 0:
        labels = lambda file: [line.split("\t")[1] for line in open(path(file)).read().splitlines()]
        run("predict", out, good, "-o", path("by-kernels.tsv"))
        check("kernels and ATen's operations agree", labels("by-device.tsv") == labels("by-kernels.tsv"))
    check("resume of a finished run", run(*train, "--resume").returncode == 0)
    refuses("force on a stranger", [*train[:3], path("cut"), *train[4:], "--force"], "not a run")

    result = run(*train, "--overfit-batch")
    check("overfit-batch writes nothing and needs no place", "one batch of" in result.stderr, result)
    test = table("test.tsv", "id\ttext\n7\tcat runs\n8\tdog runs\n")
    result = run("predict", out, test, "-o", path("p.tsv"), "--submission")
    check("predicts", result.returncode == 0, result)
    if result.returncode == 0:
        lines = open(path("p.tsv")).read().splitlines()
        check("submission has id and label", lines[0] == "id\tlabel" and lines[1].startswith("7\t") and len(lines) == 3)
    exact = path("exact.tsv")
    check("predicts all labels", run("predict", out, test, "-o", exact).returncode == 0)
    for precision in ("auto", "int8"):
        result = run("predict", out, test, "-o", path("p.tsv"), "--precision", precision)
        check(f"predicts in {precision}", result.returncode == 0, result)
        pairs = zip(open(exact).read().splitlines()[1:], open(path("p.tsv")).read().splitlines()[1:])
        check(f"{precision} is near fp32", all(abs(float(a.split("\t")[2]) - float(b.split("\t")[2])) < .02 for a, b in pairs))
    refuses("no such precision", ["predict", out, test, "-o", path("p.tsv"), "--precision", "int4"], "int4")
    check("trains a linear member", run(*linear[:3], path("linear"), *linear[4:], "--folds", "2").returncode == 0)
    refuses("a linear member in int8", ["predict", path("linear"), test, "-o", path("p.tsv"), "--precision", "int8"], "--precision is int8", "linear member")
    refuses("duplicate ids", ["predict", out, table("twice.tsv", "id\ttext\n7\tx\n7\ty\n"), "-o", path("q.tsv")], "twice.tsv:3")
    check("no half-written predictions", not os.path.exists(path("q.tsv")))
    refuses("unknown label", ["eval", out, table("label.tsv", "id\ttext\tlabel\n1\tx\tzebra\n")], "zebra")
    result = run("eval", out, good, "--json")
    check("eval --json", result.returncode == 0 and json.loads(result.stdout)["n"] == 40, result)
    refuses("full disk", ["predict", out, test, "-o", "/dev/full"], "/dev/full", code=1)
    check("a device stays a device", not os.path.isfile("/dev/full"))
    result = run("tokenize", model, stdin="cat\n")
    check("tokenizes", result.returncode == 0 and json.loads(result.stdout)["segments"][0] == 0, result)
    check("info", run("info").returncode == 0)

    # Any library without the entry of this build stands for one of another build.
    stale = path("stale")
    os.makedirs(f"{stale}/lib")
    shutil.copy(quire, f"{stale}/quire")
    for name in ("libquire.so", "libquire_torch.so"):
        shutil.copy(os.path.join(os.path.dirname(quire), "lib/libquire.so"), f"{stale}/lib/{name}")
    result = subprocess.run([f"{stale}/quire", *train[:3], path("by-stale"), *train[4:]], capture_output=True, text=True, env={})
    check("refuses libquire_torch.so of another build", result.returncode == 1 and "belongs to another build" in result.stderr, result)
    result = subprocess.run(["sh", "-c", f"ulimit -v 250000; exec {quire} info"], capture_output=True, text=True, env={})
    check("says when memory is short for libtorch", "not enough memory to load" in result.stdout, result)
    check("version", run("--version").returncode == 0)

finish()
