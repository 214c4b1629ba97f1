"""The tests that touch some files: by name, by import, by a common history; bounded, and never an error."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.git.git_repository import repository, run_git, write_files

from profile_router.checks.narrowing import touching
from profile_router.core.language import test_files
from profile_router.core.language.test_files import changes_tests, is_test
from profile_router.workspace.folder import Workspace


@pytest.mark.parametrize(
    ("path", "subject"),
    [
        ("tests/test_money.py", "money"),
        ("money_test.go", "money"),
        ("src/money.test.ts", "money"),
        ("src/money.spec.tsx", "money"),
        ("src/test/java/MoneyTest.java", "Money"),
        ("spec/money_spec.rb", "money"),
        ("src/__tests__/money.js", ""),
        ("tests/money.rs", ""),
    ],
)
def test_a_test_is_known_by_its_name_and_says_what_it_tests(path: str, subject: str) -> None:
    assert (is_test(path), changes_tests(path), test_files.test_subject(path)) == (True, True, subject)


@pytest.mark.parametrize(
    "path", ["money.py", "latest.py", "contest.go", "src/testing.ts", "tests/data.json", "Test.md"]
)
def test_other_names_are_not_tests(path: str) -> None:
    assert not is_test(path)


@pytest.mark.parametrize(
    "path",
    [
        "tests/conftest.py",
        "pkg/testdata/a.txt",
        "src/__snapshots__/a.snap",
        "test/run.js",
        "tests/run.sh",
        "t/csv.t",
        "src/test/resources/a.json",
        "spec/support/data.rb",
        "pkg/tests/helpers.py",
        "t/lib/Helper.pm",
    ],
)
def test_what_tests_are_made_of_is_known_too(path: str) -> None:
    assert (is_test(path), changes_tests(path)) == (False, True)


@pytest.mark.parametrize(
    ("file", "test", "text"),
    [
        ("shop/money.py", "tests/test_x.py", "from shop.money import add\n"),
        ("shop/money.py", "tests/test_x.py", "from shop import (\n    cart,\n    money,\n)\n"),
        ("shop/__init__.py", "tests/test_x.py", "import shop\n"),
        ("src/money.ts", "src/x.test.ts", 'import { add } from "./money";\n'),
        ("src/money.js", "x.test.js", "const { add } = require('../src/money.js')\n"),
        ("src/money/index.ts", "src/x.spec.ts", 'import { add } from "./money";\n'),
        ("lib/money.rb", "test/x_test.rb", 'require_relative "../lib/money"\n'),
        ("src/money.rs", "tests/x.rs", "use shop::money::add;\n"),
        ("src/Money.java", "src/XTest.java", "import shop.Money;\n"),
    ],
)
def test_a_test_touches_what_it_imports(tmp_path: Path, file: str, test: str, text: str) -> None:
    other = test.replace("x", "y").replace("X", "Y")
    files = {file: "", test: text, other: "# money and shop are only words here\n"}
    root = repository(tmp_path / "ws", files)
    assert touching(Workspace(root, git=True), [file]).near == (test,)


def test_a_test_touches_what_it_often_changed_together_with(tmp_path: Path) -> None:
    root = repository(tmp_path / "ws", {"rates.toml": "0", "tests/test_totals.py": "0", "tests/test_once.py": "0"})
    for turn, also in enumerate(["tests/test_totals.py", "tests/test_totals.py", "tests/test_once.py"]):
        write_files(root, {"rates.toml": f"{turn + 1}", also: f"{turn + 1}"})
        run_git(root, "commit", "--quiet", "--all", "--message=change")
    assert touching(Workspace(root, git=True), ["rates.toml"]).near == ("tests/test_totals.py",)


@pytest.mark.parametrize("files", [{}, {"a.bin": "\0"}, {"test_a.py": "import b\n"}])
def test_where_nothing_is_known_there_is_no_test_and_no_error(tmp_path: Path, files: Mapping[str, str]) -> None:
    (tmp_path / "ws").mkdir()
    write_files(tmp_path / "ws", dict(files))
    assert touching(Workspace(tmp_path / "ws", git=False), ["a.py", "../x", "gone.py"]).near == (
        ("test_a.py",) if "test_a.py" in files else ()
    )


def test_a_source_of_rust_that_holds_its_own_tests_touches_itself(tmp_path: Path) -> None:
    tested = "pub fn add() {}\n#[cfg(test)]\nmod tests {}\n"
    files = {"src/lib.rs": "mod a;\n", "src/a.rs": tested, "src/b.rs": tested, "tests/api.rs": "use x::a;\n"}
    found = touching(Workspace(repository(tmp_path / "ws", files), git=True), ["src/a.rs", "src/lib.rs"])
    assert (found.near, found.far) == (("tests/api.rs", "src/a.rs"), ("src/b.rs", "src/lib.rs"))
