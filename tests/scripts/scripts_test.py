"""scripts/check-skips and scripts/check-includes find what they are for.

usage: scripts_test.py
"""
import importlib.machinery
import importlib.util
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True


def load(name):
    loader = importlib.machinery.SourceFileLoader(name.replace("-", "_"), str(ROOT / "scripts" / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


class CheckSkips(unittest.TestCase):
    def run_on(self, *outputs):
        cases = "".join(f'<testcase name="T{i}"><skipped/><system-out>{text}</system-out></testcase>'
                        for i, text in enumerate(outputs))
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "tests.xml")
            path.write_text(f'<testsuite><testcase name="ran"/>{cases}</testsuite>', encoding="utf-8")
            return subprocess.run([ROOT / "scripts/check-skips", path, folder], capture_output=True, text=True,
                                  check=False)

    def test_counts_what_is_lacking_here(self):
        result = self.run_on("a.cpp:1: Skipped\nskipped for want of shared data: /no/such/file\n",
                             "skipped for want of shared data: /no/such/other\n")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("2 tests skipped", result.stdout)
        self.assertIn("2 for want of shared data", result.stdout)

    def test_fails_for_what_is_there(self):
        result = self.run_on(f"skipped for want of shared data: {ROOT}\n")
        self.assertEqual(result.returncode, 1)
        self.assertIn("T0 was skipped for want of shared data, but", result.stderr)

    def test_fails_for_a_reason_it_does_not_know(self):
        self.assertEqual(self.run_on("skipped for want of sleep: none\n").returncode, 1)
        self.assertEqual(self.run_on("[  SKIPPED ]\n").returncode, 1)

    def test_is_content_without_skips(self):
        result = self.run_on()
        self.assertEqual((result.returncode, result.stdout), (0, "0 tests skipped\n"))


class CheckIncludes(unittest.TestCase):
    def setUp(self):
        self.check = load("check-includes").check

    def test_private_headers_are_private(self):
        self.assertIn("private", self.check("src/pipeline/train.cpp", "text/trie.h"))
        self.assertIn("private", self.check("include/quire/hub/config.h", "hub/config_names.h"))
        self.assertIn("private", self.check("apps/quire/main.cpp", "text/trie.h"))
        self.assertIsNone(self.check("src/text/components.cpp", "text/trie.h"))
        self.assertIsNone(self.check("tests/text/trie_test.cpp", "text/trie.h"))

    def test_modules_see_those_before_them(self):
        self.assertIn("may include", self.check("src/text/clean.cpp", "quire/hub/config.h"))
        self.assertIn("may include", self.check("src/ensemble/metrics.cpp", "quire/table/labels.h"))
        self.assertIsNone(self.check("src/hub/config.cpp", "quire/base/error.h"))

    def test_rooms_see_those_before_them(self):
        self.assertIn("above", self.check("src/nn/ops/linear.cpp", "quire/nn/encoder.h"))
        self.assertIsNone(self.check("src/nn/models/encoder.cpp", "nn/ops/linear.h"))


if __name__ == "__main__":
    unittest.main()
