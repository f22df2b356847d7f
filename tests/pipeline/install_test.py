"""Installs into a temporary prefix and runs what needs each library: libquire, LightGBM's, libquire_torch.

usage: install_test.py CMAKE BUILD MODEL
"""
import os
import subprocess
import sys
import tempfile

cmake, build, model = sys.argv[1:4]

with tempfile.TemporaryDirectory() as folder:
    prefix = os.path.join(folder, "prefix")
    subprocess.run([cmake, "--install", build, "--prefix", prefix], check=True, stdout=subprocess.DEVNULL)
    table = os.path.join(folder, "table.tsv")
    with open(table, "w") as file:
        file.write("id\ttext\tlabel\n")
        file.writelines(f"{i}\t{'cat' if i % 2 else 'dog'} runs\t{'a' if i % 2 else 'b'}\n" for i in range(60))
    libraries = [name for _, _, names in os.walk(prefix) for name in names]
    members = {"linear": [], "encoder": ["--model", model, "--max-length", "16", "--epochs", "1"]}
    if "lib_lightgbm.so" in libraries:
        members["lightgbm"] = ["--rounds", "2", "--min-df", "1", "--min-data-in-leaf", "1"]
    failures = 0
    for member, options in members.items():
        command = [os.path.join(prefix, "bin", "quire"), "train", table, "-o", os.path.join(folder, member),
                   "--member", member, "--folds", "2", *options]
        result = subprocess.run(command, env={}, capture_output=True, text=True, timeout=300)
        print(f"{member}: exit {result.returncode}")
        if result.returncode != 0:
            failures += 1
            print(result.stderr[-1000:])
    sys.exit(failures)
