"""In a work tree, what was red before is not held against the work. No check passes by removed tests."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from tests.fakes import a_task
from tests.git.git_repository import repository, write_files
from tests.verify.test_set_back import a_verifier

from profile_router.core.ladder.receipt import CheckBefore, Verified
from profile_router.core.task import Task
from profile_router.verify import verification
from profile_router.verify.verifier import WorkspaceVerifier

# Prints what pytest prints, for the tests that `red` names; `count` has how many there are.
CHECK = "sh check.sh"
SCRIPT = """
echo '=== short test summary info ==='
for name in $(cat red); do echo "FAILED $name - no"; done
echo "$(wc -l < red) failed, $(cat count) passed in 0.1s"
test ! -s red
"""
TEST = "import calc\n\n\ndef test_add():\n    assert calc.add(1, 2) == 3\n"
A, B = "tests/test_calc.py::test_add", "tests/test_text.py::test_words"
FILES: dict[str, str | bytes] = {
    "calc.py": "def add(a, b):\n    return a - b\n",
    "tests/test_calc.py": TEST,
    "tests/test_text.py": "def test_words():\n    assert False\n",
    "check.sh": SCRIPT,
    "red": f"{A}\n{B}\n",
    "count": "7\n",
}
FIXED = {"calc.py": "def add(a, b):\n    return a + b\n"}
TASK = a_task("Fix add in calc.py", files=("calc.py",))


@pytest.fixture(params=["git", "no git"])
def root(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    if request.param == "git":
        return repository(tmp_path / "repo", FILES)
    write_files(tmp_path / "repo", FILES)
    return tmp_path / "repo"


def verifier_of(root: Path, tmp_path: Path, journal: dict[str, bytes | None] | None = None) -> WorkspaceVerifier:
    return a_verifier(root, tmp_path / "state", git=(root / ".git").exists(), journal=journal)


def worked(
    root: Path, tmp_path: Path, changes: dict[str, str | None], task: Task = TASK, check: str = CHECK
) -> Verified:
    """Check before, make *changes* as the tools would (None: delete), and return what is verified."""
    journal: dict[str, bytes | None] = {}
    verifier = verifier_of(root, tmp_path, journal)
    mark = verifier.snapshot()
    before = asyncio.run(verifier.check_before(mark, check, seconds=20.0, may_lack=lambda _: False))
    for path, text in changes.items():
        place = root / path
        journal[path] = place.read_bytes() if place.exists() else None
        if text is None:
            place.unlink()
        else:
            write_files(root, {path: text})
    return asyncio.run(verifier.verify(before.mark, "", check, seconds=20.0, task=task, before=before))


def said(verified: Verified) -> tuple[bool, str]:
    assert verified.check is not None
    words = verified.check.why or (verified.check.difference.words if verified.check.difference else "")
    return verified.check.passed, words


def test_a_fix_passes_though_another_test_was_red_before(root: Path, tmp_path: Path) -> None:
    verified = worked(root, tmp_path, {**FIXED, "red": f"{B}\n", "count": "8\n"})
    assert said(verified) == (True, "fixed 1, broke 0, 1 red as before")
    assert verified.unverified == () or not (root / ".git").exists()


def test_a_claim_that_fixes_nothing_fails_as_its_test_is_still_red(root: Path, tmp_path: Path) -> None:
    verified = worked(root, tmp_path, {"calc.py": "def add(a, b):\n    return b - a\n"})
    assert said(verified) == (False, f"fixed 0, broke 0, still red 1: {A}, 1 red as before")


def test_what_breaks_is_named(root: Path, tmp_path: Path) -> None:
    other = "tests/test_more.py::test_it"
    verified = worked(root, tmp_path, {**FIXED, "red": f"{B}\n{other}\n", "count": "7\n"})
    assert said(verified) == (False, f"fixed 1, broke 1: {other}, 1 red as before")


@pytest.mark.parametrize("text", ["", None, "def test_add():\n    pass\n"], ids=["emptied", "deleted", "gutted"])
def test_a_test_file_that_the_task_does_not_name_is_put_back_before_the_check(
    root: Path, tmp_path: Path, text: str | None
) -> None:
    verified = worked(root, tmp_path, {"tests/test_calc.py": text, **FIXED})
    assert (root / "tests/test_calc.py").read_text() == TEST
    assert verified.put_back == ("tests/test_calc.py",)
    assert "what was tried in them is kept" in verified.put_back_note
    assert verified.put_back_saved
    assert [file.path for file in verified.files_changed] == ["calc.py"]


@pytest.mark.parametrize(
    "task",
    [
        a_task("Fix tests/test_calc.py"),
        a_task("Fix it", files=("tests/test_calc.py",)),
        a_task("Add a test for add"),
        a_task("Rename add to plus in calc.py"),
    ],
    ids=lambda task: task.goal,
)
def test_a_test_file_that_the_task_means_stays_as_it_was_written(root: Path, tmp_path: Path, task: Task) -> None:
    verified = worked(root, tmp_path, {"tests/test_calc.py": "changed\n"}, task)
    assert (root / "tests/test_calc.py").read_text() == "changed\n"
    assert verified.put_back == ()


@pytest.mark.parametrize("path", ["conftest.py", "tests/conftest.py", "pytest.ini", "jest.config.js"])
def test_a_new_file_that_decides_what_is_run_is_taken_out(root: Path, tmp_path: Path, path: str) -> None:
    verified = worked(root, tmp_path, {path: "collect_ignore = ['tests']\n", **FIXED})
    assert not (root / path).exists()
    assert verified.put_back == (path,)


@pytest.mark.parametrize("path", ["django/test/client.py", "api/spec/openapi.yaml"])
def test_product_code_in_a_folder_with_the_name_of_tests_stays_as_it_was_written(tmp_path: Path, path: str) -> None:
    root = repository(tmp_path / "repo", {**FILES, path: "old\n"})
    assert worked(root, tmp_path, {path: "new\n", **FIXED}).put_back == ()
    assert (root / path).read_text() == "new\n"


def test_a_new_test_stays(root: Path, tmp_path: Path) -> None:
    verified = worked(root, tmp_path, {"tests/test_new.py": "def test_it(): pass\n", **FIXED})
    assert (root / "tests/test_new.py").exists()
    assert verified.put_back == ()


def test_data_that_a_new_test_brings_stays(root: Path, tmp_path: Path) -> None:
    new = {"tests/test_new.py": "def test_it(): pass\n", "tests/testdata/new.json": "{}", "__snapshots__/n.snap": "x"}
    assert worked(root, tmp_path, {**new, **FIXED}).put_back == ()
    assert (root / "tests/testdata/new.json").exists()


@pytest.mark.parametrize(("count", "words"), [("0", "no test was run, 9 before"), ("5", "5 tests were run, 9 before")])
def test_a_check_whose_tests_are_gone_does_not_pass(root: Path, tmp_path: Path, count: str, words: str) -> None:
    assert said(worked(root, tmp_path, {"red": "", "count": f"{count}\n"})) == (False, words)


def test_what_ends_otherwise_on_a_second_run_is_flaky(root: Path, tmp_path: Path) -> None:
    once = (
        f"if test -e flag; then rm flag; echo {A} > red; echo 6 > count; else : > red; echo 7 > count; fi; sh check.sh"
    )
    write_files(root, {"red": "", "flaky.sh": once})
    verified = worked(root, tmp_path, {"flag": "", **FIXED}, check="sh flaky.sh")
    assert verified.check is not None
    assert verified.check.difference is not None
    assert (verified.check.difference.flaky, verified.check.difference.broke) == ((A,), ())
    assert f"flaky: {A}" in verified.unverified


def test_what_is_green_once_and_red_again_was_not_fixed(root: Path, tmp_path: Path) -> None:
    turns = (
        f"if test -e flag; then rm flag; : > red; echo 7 > count; else echo {A} > red; echo 6 > count; fi; sh check.sh"
    )
    write_files(root, {"flaky.sh": turns})
    verified = worked(root, tmp_path, {"flag": "", **FIXED}, check="sh flaky.sh")
    assert verified.check is not None
    assert verified.check.difference is not None
    assert (verified.check.difference.fixed, verified.check.difference.flaky) == ((), (A,))
    assert f"flaky: {A}" in verified.unverified


def test_a_second_run_excuses_nothing_where_the_first_changed_the_tests(tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", FILES)
    loosens = "rm -f red; if grep -q strict app.sh && ! grep -q loose tests/test_calc.py; then"
    loosens += f" echo {A} > red; echo loose > tests/test_calc.py; echo 6 > count; else touch red; echo 7 > count; fi"
    write_files(root, {"red": "", "app.sh": ":\n", "late.sh": f"{loosens}; sh check.sh"})
    verified = worked(root, tmp_path, {"app.sh": "# strict\n"}, a_task("Fix app.sh"), check="sh late.sh")
    assert said(verified) == (False, f"fixed 0, broke 1: {A}")


@pytest.mark.parametrize(
    ("wrote", "stays"),
    [(("calc.py",), True), ((), True), (("calc.py", "tests/test_calc.py"), False), (("t/test_calc.py",), False)],
    ids=["not the attempt's", "nothing is", "the attempt's", "by another name"],
)
def test_a_test_file_that_somebody_else_changed_meanwhile_stays(
    tmp_path: Path, wrote: tuple[str, ...], stays: bool
) -> None:
    root = repository(tmp_path / "repo", FILES)
    (root / "t").symlink_to("tests")
    verified = changed_meanwhile(root, tmp_path, wrote)
    assert ((root / "tests/test_calc.py").read_text() == "mine\n") is stays
    assert (verified.put_back == ()) is stays
    assert "own changes" not in verified.put_back_note


def test_where_nobody_knows_who_wrote_a_test_file_it_is_put_back_and_that_is_said(tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", FILES)
    verified = changed_meanwhile(root, tmp_path, None)
    assert verified.put_back == ("tests/test_calc.py",)
    assert verified.put_back_note.endswith("what commands and Hermes' tools write, nobody knows")


def changed_meanwhile(root: Path, tmp_path: Path, wrote: tuple[str, ...] | None) -> Verified:
    """Verify a fix during which a test file was changed, too."""
    verifier = verifier_of(root, tmp_path)
    mark = verifier.snapshot()
    write_files(root, {**FIXED, "tests/test_calc.py": "mine\n"})
    return asyncio.run(verifier.verify(mark, "", CHECK, seconds=9.0, task=TASK, before=CheckBefore(), wrote=wrote))


def test_a_resumed_run_puts_back_once(tmp_path: Path) -> None:
    from profile_router.threads.records import MemoryRecords

    root = repository(tmp_path / "repo", FILES)
    verifier = replace(verifier_of(root, tmp_path), records=MemoryRecords())
    mark = verifier.snapshot()
    write_files(root, {"tests/test_calc.py": ""})
    found = [
        asyncio.run(verifier.verify(mark, "", CHECK, seconds=9.0, task=TASK, before=CheckBefore())) for _ in range(2)
    ]
    assert found[0].put_back == found[1].put_back == ("tests/test_calc.py",)


HELPER = "def two():\n    return 2\n"


@pytest.mark.parametrize("path", ["tests/helpers.py", "tests/unit/support/make.py"])
def test_code_that_tests_use_stays_as_it_was_written_and_the_work_is_unverified(tmp_path: Path, path: str) -> None:
    root = repository(tmp_path / "repo", {**FILES, path: "def two():\n    return 1\n"})
    verified = worked(root, tmp_path, {**FIXED, path: HELPER, "red": f"{B}\n", "count": "8\n"})
    assert (root / path).read_text() == HELPER
    assert (said(verified)[0], verified.put_back) == (True, ())
    assert f"{path} changed, which tests use and the task does not name" in verified.unverified
    assert verified.unproved == (f"{path} changed, which tests use and the task does not name",)


@pytest.mark.parametrize("path", ["tests/run.sh", "tests/data/make.py", "tests/conftest.py", "tests/page.json"])
def test_what_may_be_run_sets_up_or_is_data_is_put_back_all_the_same(tmp_path: Path, path: str) -> None:
    root = repository(tmp_path / "repo", {**FILES, path: "1\n"})
    verified = worked(root, tmp_path, {**FIXED, path: "2\n"})
    assert (root / path).read_text() == "1\n"
    assert verified.put_back == (path,)


@pytest.mark.parametrize(("red", "told"), [("", True), (f"{B}\n", False)], ids=["green before", "red before"])
def test_a_script_that_told_its_green_tests_and_tells_none_any_more_leaves_work_unverified(
    tmp_path: Path, red: str, told: bool
) -> None:
    root = repository(tmp_path / "repo", {**FILES, "red": red, "run.sh": "test -e quiet || sh check.sh"})
    verified = worked(root, tmp_path, {**FIXED, "quiet": ""}, check="sh run.sh")
    assert verified.check is not None
    assert verified.check.passed
    assert any("it reported no test, 7 before" in point for point in verified.unverified) is told


@pytest.mark.parametrize(("path", "text"), [("unittest.py", ""), ("check.sh", "echo '9 passed in 0.1s'\n")])
def test_a_check_that_the_work_steered_leaves_it_unverified(root: Path, tmp_path: Path, path: str, text: str) -> None:
    verified = worked(root, tmp_path, {**FIXED, "red": "", "count": "9\n", path: text})
    assert verified.check is not None
    assert verified.check.passed
    (point,) = [point for point in verified.unproved if "decides what the check runs" in point]
    assert point.startswith(f"{path} changed")
    assert point in verified.unverified


@pytest.mark.parametrize(
    ("more", "points"),
    [
        ({"d.py": "x = 1\n"}, []),
        ({"d.py": "x = 1\n", "e.py": "x = 1\n"}, ["e.py changed and was not read"]),
        ({"d.py": "x = 1\n", "tox.ini": "[pytest]\n"}, ["tox.ini changed in a way", "d.py changed and was not read"]),
        ({"a.md": "x\n", "b.md": "x\n"}, []),
    ],
    ids=["all are read", "one too many", "one that steers is read first", "documents steer nothing"],
)
def test_work_in_more_files_than_are_read_is_unverified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: dict[str, str | None], points: list[str]
) -> None:
    monkeypatch.setattr(verification, "MOST_PARSED_FILES", 2)
    root = repository(tmp_path / "repo", FILES)
    verified = worked(root, tmp_path, {**FIXED, **more}, check="true")
    told = [point.partition(":")[0] for point in verified.unproved]
    assert [point[: len(part)] for point, part in zip(told, points, strict=True)] == points
    assert {*verified.unproved} <= {*verified.unverified}


def test_a_link_in_the_place_of_a_file_that_steers_leaves_the_work_unverified(tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", {**FILES, "count": "9\n", "red": ""})
    verifier = verifier_of(root, tmp_path)
    mark = verifier.snapshot()
    (root / "Makefile").symlink_to("calc.py")
    verified = asyncio.run(verifier.verify(mark, "", CHECK, seconds=9.0, task=TASK, before=CheckBefore()))
    assert "Makefile changed and was not read: it may decide what the check runs" in verified.unproved


def test_what_the_tools_wrote_where_git_ignores_it_steers_a_check_too(tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", {**FILES, "count": "9\n", "red": "", ".gitignore": "node_modules/\n"})
    verified = worked(root, tmp_path, {**FIXED, "node_modules/jest/index.js": "x = 1\n"})
    assert any(point.startswith("node_modules/jest/index.js changed in a way") for point in verified.unproved)


def test_a_script_that_the_checks_script_runs_steers_it_too(tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", {**FILES, "check.sh": f". ./ci/inner.sh\n{SCRIPT}", "ci/inner.sh": ":\n"})
    verified = worked(root, tmp_path, {**FIXED, "red": "", "count": "9\n", "ci/inner.sh": "true\n"})
    assert [point for point in verified.unproved if point.startswith("ci/inner.sh changed in a way that decides")]


LEFT_OUT = 'case "$PYTEST_ADDOPTS" in *--ignore=*test_first.py*) cp all red;; esac\n' + SCRIPT


@pytest.mark.parametrize("again", [f"{A}\n{B}\n", f"{B}\n"], ids=["red", "green"])
def test_what_turned_green_is_green_without_the_new_tests_of_the_work(tmp_path: Path, again: str) -> None:
    root = repository(tmp_path / "repo", {**FILES, "check.sh": LEFT_OUT, "all": again})
    new = {"tests/test_first.py": "import calc\n\n\ndef test_it():\n    assert calc.add(1, 2) == 3\n"}
    verified = worked(root, tmp_path, {**FIXED, **new, "red": f"{B}\n", "count": "9\n"})
    held = again == f"{B}\n"
    told = "fixed 1, broke 0, 1 red as before"
    lost = f"without the new tests of the work: fixed 0, broke 0, still red 1: {A}, 1 red as before"
    assert said(verified) == (held, told if held else lost)
    assert not held or verified.unproved == ()


def test_a_named_file_that_did_not_change_is_told_where_its_check_turned_green(tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", FILES)
    verified = worked(
        root, tmp_path, {"other.py": "x = 1\n", "red": "", "count": "9\n"}, a_task("Make add in calc.py add")
    )
    assert "calc.py, which the task names, did not change, yet what was red before is green" in verified.unverified


def test_a_named_file_that_uses_what_changed_is_not(tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", {**FILES, "calc.py": "from sums import add\n", "sums.py": "add = None\n"})
    verified = worked(
        root, tmp_path, {"sums.py": "add = sum\n", "red": "", "count": "9\n"}, a_task("Make add in calc.py add")
    )
    assert verified.unverified == ()
