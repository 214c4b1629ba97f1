"""What turned green proves nothing where new tests alone changed, or where one changes the code under test."""

from __future__ import annotations

import pytest

from profile_router.core.trust.new_tests import changes_code, new_tests, turned_by_tests

FIX = ("calc.py", b"return a - b", b"return a + b")
PLAIN = b"from calc import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("test_a.py", "import calc\ncalc.add = lambda a, b: a + b\n"),
        ("tests/test_a.py", "from app import (\n    calc,\n    other,\n)\n\ndef test_x():\n    calc.Sum.add = None\n"),
        ("test_a.py", "import calc as c\nc.add: object = None\n"),
        ("test_a.py", "import calc\nsetattr(calc, 'add', None)\n"),
        ("test_a.py", "import calc\nvars(calc)['add'] = None\n"),
        ("test_a.py", "import calc\ncalc.__dict__.update(add=None)\n"),
        ("test_a.py", "import sys\nsys.modules['calc'] = None\n"),
        ("test_a.py", "import os\nos._exit(0)\n"),
        ("test_a.py", "def pytest_collection_modifyitems(items): items.clear()\n"),
        ("sum.test.js", "const sum = require('./sum');\nsum.add = (a, b) => a + b;\n"),
        ("sum.test.js", "require('./sum').add = (a, b) => a + b;\n"),
        ("sum.spec.ts", "import * as sum from './sum';\nsum.add = 1;\n"),
        ("sum.test.js", "Sum.prototype.add = (a, b) => a + b;\n"),
        ("spec/a_spec.rb", "Calc.class_eval { def add(a, b) = a + b }\n"),
        ("a_test.go", "package calc\n\nfunc init() { add = sum }\n"),
        ("a_test.go", "package calc\n\nfunc TestMain(m *testing.M) { os.Exit(0) }\n"),
        ("test_a.py", "#" * 300_000),
    ],
    ids=lambda one: one[-30:],
)
def test_a_new_test_that_changes_code_for_the_others_is_told(path: str, text: str) -> None:
    assert turned_by_tests([FIX, (path, None, text.encode())]).startswith(f"{path} is a new test that changes")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("test_a.py", PLAIN.decode()),
        ("test_a.py", "import calc\n\ndef test_x(monkeypatch):\n    monkeypatch.setattr(calc, 'add', None)\n"),
        ("test_a.py", "from calc import Sum\n\ndef test_x():\n    one = Sum()\n    one.left = 1\n    assert one.left == 1\n"),
        ("test_a.py", "import unittest\nclass A(unittest.TestCase):\n    def setUp(self):\n        self.a = 1\n"),
        ("test_a.py", "import calc\n\ndef test_x():\n    assert calc.add(1, 2) == calc.one\n    calc.add(a=1)\n"),
        ("sum.test.js", "const { add } = require('./sum');\ntest('adds', () => { expect(add(1, 2)).toBe(3); });\n"),
        ("sum.test.ts", "import { add } from './sum';\nconst a = add(1, 2);\nif (sum.a === 1) {}\n"),
        ("spec/a_spec.rb", "RSpec.describe Calc do\n  it { expect(Calc.add(1, 2)).to eq 3 }\nend\n"),
        ("a_test.go", "package calc\n\nfunc TestAdd(t *testing.T) {}\n"),
    ],
    ids=lambda one: one[-30:],
)  # fmt: skip
def test_a_new_test_beside_a_fix_is_well(path: str, text: str) -> None:
    assert turned_by_tests([FIX, (path, None, text.encode())]) == ""


def test_new_tests_alone_turn_nothing_green() -> None:
    assert "no code was fixed" in turned_by_tests([("test_a.py", None, PLAIN), ("test_b.py", None, PLAIN)])
    assert turned_by_tests([FIX]) == turned_by_tests([]) == ""
    assert turned_by_tests([("test_a.py", b"", PLAIN)]) == ""  # the task means it, or it was put back
    assert new_tests([FIX, ("test_a.py", None, PLAIN), ("test_b.py", b"", PLAIN)]) == ("test_a.py",)


@pytest.mark.parametrize(
    "text", [b"a." * 100_000, b" " * 200_000, b"import " * 30_000, b"(" * 200_000, b"a\n" * 100_000]
)
def test_a_test_of_one_long_run_is_read_in_line(text: bytes) -> None:
    assert not any(changes_code(path, text) for path in ("test_a.py", "a.test.js", "a_spec.rb", "a_test.go"))
