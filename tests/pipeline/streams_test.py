"""Runs the program as shells do: streams that are closed, full or not read any more, links, signals.

usage: streams_test.py QUIRE MODEL
"""
import os
import signal
import subprocess
import sys
import tempfile
import time

quire, model = sys.argv[1], sys.argv[2]
failures = 0
checks = 0


def check(what, condition, found=None):
    global failures, checks
    checks += 1
    if not condition:
        failures += 1
        print(f"FAILED: {what}" + ("" if found is None else f"\n  {found}"))


def shell(command):
    # Python ignores SIGPIPE, which must not be handed down to `head` and its like.
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL,
                          preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_DFL))


def expect(what, command, code, *parts):
    result = shell(command)
    check(f"{what}: exit {code}", result.returncode == code, result)
    for part in parts:
        check(f"{what}: says {part!r}", part in result.stderr, result)
    return result


def start(arguments, folder, **options):
    return subprocess.Popen([quire, *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def wait_for(condition):
    end = time.monotonic() + 60
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)


def end_of(process):
    output, errors = process.communicate(timeout=60)
    return process.returncode, output, errors


with tempfile.TemporaryDirectory() as folder:
    path = lambda name: os.path.join(folder, name)
    with open(path("t.tsv"), "w") as file:
        file.write("id\ttext\tlabel\n")
        file.writelines(f"{i}\t{'cat' if i % 2 else 'dog'} runs\t{'a b' if i % 2 else 'c'}\n" for i in range(200))
    at = f"cd {folder}; {quire}"
    linear = "--member linear --folds 2 --threads 1"
    expect("trains", f"{at} train t.tsv -o run {linear}", 0)

    # stderr is closed, full, or a pipe that nobody reads.
    for name, redirection in (("closed", "2>&-"), ("full", "2>/dev/full")):
        expect(f"train, stderr {name}", f"{at} train t.tsv -o {name} {linear} {redirection}", 0)
        for file in ("labels.txt", "folds.tsv", "members/linear/oof.npy"):
            same = open(path(f"run/{file}"), "rb").read() == open(path(f"{name}/{file}"), "rb").read()
            check(f"train, stderr {name}: {file} is as it should be", same)
        expect(f"predict, stderr {name}", f"{at} predict run t.tsv -o p.tsv {redirection}", 0)
        expect(f"a missing file, stderr {name}", f"{at} train no.tsv -o no {linear} {redirection}", 2)
    gone = shell(f"{at} train t.tsv -o gone {linear} 2>&1 >/dev/null | true")
    check("train, nobody reads stderr", os.path.exists(path("gone/members/linear/oof.npy")), gone)

    # stdout is full, closed, or not read to its end.
    for arguments in ("eval run t.tsv", "eval run t.tsv --json", "info", f"train t.tsv -o unsaid {linear}", "--version", "--help",
                      "train --help", f"tokenize {model} t.tsv", "predict run t.tsv -o -", "clean t.tsv -o -"):
        expect(f"{arguments}, stdout full", f"{at} {arguments} >/dev/full", 1,
               "cannot write 'standard output': No space left on device")
    expect("version, stdout closed", f"{at} --version >&-", 1, "standard output")
    with open(path("long.tsv"), "w") as file:
        file.write("id\ttext\n" + "".join(f"{i}\tcat runs\n" for i in range(30000)))
    for arguments in ("predict run long.tsv -o -", f"tokenize {model} long.tsv", "clean long.tsv -o -", "predict run long.tsv -o /dev/stdout"):
        result = shell(f"{{ {at} {arguments}; echo $? >code; }} | head -1")
        check(f"{arguments} | head -1: one line", result.stdout.count("\n") == 1, result)
        check(f"{arguments} | head -1: nothing is said", "quire:" not in result.stderr, result)
        check(f"{arguments} | head -1: exit 141", open(path("code")).read().strip() == "141", open(path("code")).read())

    # A link is written through.
    os.mkdir(path("elsewhere"))
    os.symlink("elsewhere/p.tsv", path("link.tsv"))
    expect("predict -o LINK", f"{at} predict run t.tsv -o link.tsv", 0)
    check("predict -o LINK writes through it", os.path.islink(path("link.tsv")) and len(open(path("elsewhere/p.tsv")).readlines()) == 201)
    expect("predict -o /dev/stdout", f"cd {folder}; {{ echo first; {quire} predict run t.tsv -o /dev/stdout; echo last; }} >out", 0)
    lines = open(path("out")).read().splitlines()
    check("predict -o /dev/stdout stays in its place", len(lines) == 203 and lines[0] == "first" and lines[-1] == "last", lines[:3])
    check("/dev/stdout is still a link", os.path.islink("/dev/stdout"))

    # Signals.
    def train_long(name, **options):
        process = start(["train", "t.tsv", "-o", name, "--member", "fasttext", "--threads", "1", "--epochs", "100000"], folder, **options)
        wait_for(lambda: os.path.exists(path(f"{name}/members/fasttext/fold-0/train.txt")))
        time.sleep(0.3)
        return process

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        process = train_long(f"by-{int(number)}")
        process.send_signal(number)
        process.send_signal(number)  # as a wrapper does that passes it on
        code, _, errors = end_of(process)
        check(f"{number.name}: exit {128 + number}, once said", code == 128 + number and "stopped by signal" in errors, (code, errors))
    process = train_long("nohup", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    check("SIGHUP under nohup is ignored", process.poll() is None)
    process.send_signal(signal.SIGTERM)
    code, _, errors = end_of(process)
    check("SIGTERM under nohup is not", code == 128 + signal.SIGTERM, (code, errors))

    # Waiting for a line that does not come, it cannot stop by itself.
    process = start(["tokenize", model], folder, stdin=subprocess.PIPE)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    time.sleep(1.2)
    check("a second signal at once is the same request", process.poll() is None)
    process.send_signal(signal.SIGINT)
    wait_for(lambda: process.poll() is not None)
    check("a later signal ends the process", process.poll() == 128 + signal.SIGINT, process.poll())
    process.communicate()

print(f"{checks - failures} of {checks} checks passed")
sys.exit(1 if failures else 0)
