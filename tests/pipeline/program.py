"""What the tests of the program share: running it, and counting what does not hold.

A test sets nothing up: it takes QUIRE and MODEL from its command line, calls `run`, `check` and `refuses`, and ends
with `finish`.
"""
import subprocess
import sys

quire, model = sys.argv[1], sys.argv[2]
failures = 0
checks = 0


def run(*arguments, stdin="", environment={}):
    # No locale, no home, no terminal.
    return subprocess.run([quire, *arguments], input=stdin, capture_output=True, text=True, env=environment, timeout=300)


def check(what, condition, result=None):
    global failures, checks
    checks += 1
    if not condition:
        failures += 1
        print(f"FAILED: {what}")
        if result is not None:
            print(f"  exit {result.returncode}\n  stdout {result.stdout[-300:]!r}\n  stderr {result.stderr[-600:]!r}")


def refuses(what, arguments, *parts, code=2):
    result = run(*arguments)
    check(f"{what}: exit {code}", result.returncode == code, result)
    for part in parts:
        check(f"{what}: says {part!r}", part in result.stderr, result)
    return result


def finish():
    print(f"{checks - failures} of {checks} checks passed")
    sys.exit(1 if failures else 0)
