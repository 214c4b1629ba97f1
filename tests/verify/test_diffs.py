"""The diff of a handoff: a part per file, no content of what is private or binary, nothing unlooked at."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from tests.core.privacy.secret_samples import TOKENS
from tests.git.git_repository import repository, run_git, write_files
from tests.verify.test_set_back import a_verifier

from profile_router.core.attempt.handoff import FileDiff
from profile_router.verify.changes import diffs as work_diffs
from profile_router.verify.verifier import WorkspaceVerifier
from profile_router.withheld.whole_scan import WINDOW

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\n" + "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ\n" * 4


def diff(verifier: WorkspaceVerifier, mark: str, wrote: list[str] | None = None) -> dict[str, FileDiff]:
    found = asyncio.run(verifier.diff(mark, wrote))
    assert len({file.path for file in found}) == len(found) or any(file.text for file in found)
    return {file.path: file for file in found}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", {"a.py": "one\ntwo\n", "gone.py": "g\n", "b.bin": b"\0\1", "sub/x.py": "x\n"})


def test_every_changed_file_has_its_part(repo: Path, tmp_path: Path) -> None:
    verifier = a_verifier(repo, tmp_path / "state")
    mark = verifier.snapshot()
    evil = "+++ b/other\ndiff --git a/z b/z\n"
    write_files(repo, {"a.py": "one\nzwei\n", "new.py": evil, "b.bin": b"\0\2", "odd\nname.py": "o\n"})
    (repo / "gone.py").unlink()
    (repo / "sub/x.py").unlink()
    (repo / "sub/x.py").symlink_to("../a.py")
    found = asyncio.run(verifier.diff(mark, None))
    assert [file.path for file in found] == [
        "a.py", "b.bin", "gone.py", "new.py", "odd\\nname.py", "sub/x.py", "sub/x.py"
    ]  # fmt: skip
    texts = {file.path: file.text for file in found[:5]}
    assert texts["a.py"].endswith("@@ -1,2 +1,2 @@\n one\n-two\n+zwei\n")
    assert texts["new.py"].endswith("++++ b/other\n+diff --git a/z b/z\n")
    assert "-g\n" in texts["gone.py"]
    assert [file.form for file in found] == ["text", "binary", *["text"] * 5]
    assert found[1].text == ""


def test_only_the_files_that_the_attempt_wrote_are_shown_where_they_are_known(repo: Path, tmp_path: Path) -> None:
    verifier = a_verifier(repo, tmp_path / "state")
    mark = verifier.snapshot()
    write_files(repo, {"a.py": "1\n", "sub/x.py": "2\n"})
    assert set(diff(verifier, mark, ["sub/x.py"])) == {"sub/x.py"}


def test_a_private_path_is_named_and_nothing_more(repo: Path, tmp_path: Path) -> None:
    verifier = a_verifier(repo, tmp_path / "state")
    mark = verifier.snapshot()
    write_files(repo, {"secrets/plan.md": "the launch\n", "sub/.env.local": "A=1\n"})
    found = diff(verifier, mark)
    assert {(file.path, file.text, file.form) for file in found.values()} == {
        ("secrets/plan.md", "", "private"), ("sub/.env.local", "", "private")
    }  # fmt: skip
    assert found["secrets/plan.md"].holds == "path (policy: secrets/**)"


def test_a_key_in_a_binary_file_makes_it_private(repo: Path, tmp_path: Path) -> None:
    verifier = a_verifier(repo, tmp_path / "state")
    mark = verifier.snapshot()
    write_files(repo, {"b.bin": b"\0\n" + KEY.encode()})
    assert diff(verifier, mark)["b.bin"] == FileDiff(path="b.bin", form="binary", holds="private key")


@pytest.mark.parametrize("before", [300_000, 2_000_000, WINDOW - 12])
def test_a_token_anywhere_in_a_binary_file_makes_it_private(before: int, repo: Path, tmp_path: Path) -> None:
    verifier = a_verifier(repo, tmp_path / "state")
    mark = verifier.snapshot()
    write_files(repo, {"b.bin": b"\0\xff" * (before // 2) + b"\n" + TOKENS["token of GitHub"].encode()})
    assert diff(verifier, mark)["b.bin"].holds == "token of GitHub"


def test_a_binary_file_that_was_not_read_to_its_end_is_not_clear(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work_diffs, "MOST_BINARY", 1_000)
    verifier = a_verifier(repo, tmp_path / "state")
    mark = verifier.snapshot()
    write_files(repo, {"b.bin": b"\0\xff" * 1_000})
    assert diff(verifier, mark)["b.bin"].holds == work_diffs.UNCHECKED


def test_what_is_too_much_to_be_looked_at_counts_as_private(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work_diffs, "MOST_CHARS", 600)
    verifier = a_verifier(repo, tmp_path / "state")
    mark = verifier.snapshot()
    write_files(repo, {"a.py": "x\n", "c.py": "y\n" * 400})
    found = diff(verifier, mark)
    assert (found["a.py"].form, found["a.py"].holds) == ("text", "")
    assert (found["c.py"].form, found["c.py"].holds, found["c.py"].text) == ("large", work_diffs.UNCHECKED, "")


def test_nothing_of_the_repositorys_own_settings_gets_to_run(repo: Path, tmp_path: Path) -> None:
    run_git(repo, "config", "diff.external", "touch ran")
    run_git(repo, "config", "diff.x.textconv", "touch ran")
    run_git(repo, "config", "core.quotePath", "true")
    write_files(repo, {".gitattributes": "*.py diff=x\n"})
    verifier = a_verifier(repo, tmp_path / "state")
    mark = verifier.snapshot()
    write_files(repo, {"a.py": "1\n", "ü.py": "2\n"})
    assert set(diff(verifier, mark)) == {"a.py", "ü.py"}
    assert not (repo / "ran").exists()


def test_outside_of_git_the_journal_is_compared_with_what_is_there(tmp_path: Path) -> None:
    root = tmp_path / "plain"
    write_files(root, {"a.py": "one\nzwei\n", "b.bin": b"\0", "same.py": "s\n", ".env": "A=1\n"})
    journal: dict[str, bytes | None] = {
        "a.py": b"one\ntwo\n", "b.bin": None, "same.py": b"s\n", ".env": None, "gone.py": b"g\n", "other.py": b"o\n"
    }  # fmt: skip
    verifier = a_verifier(root, tmp_path / "state", git=False, journal=journal)
    found = diff(verifier, "", ["a.py", "b.bin", "same.py", ".env", "gone.py"])
    assert set(found) == {".env", "a.py", "b.bin", "gone.py"}
    assert found["a.py"].text == "--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,2 @@\n one\n-two\n+zwei\n"
    assert found["gone.py"].text == "--- a/gone.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-g\n"
    assert (found["b.bin"].form, found[".env"].form) == ("binary", "private")


def test_names_and_contents_that_are_not_text_do_no_harm(repo: Path, tmp_path: Path) -> None:
    verifier = a_verifier(repo, tmp_path / "state")
    mark = verifier.snapshot()
    write_files(repo, {os.fsdecode(b"\xe9.py"): b"caf\xe9\n"})
    (file,) = diff(verifier, mark).values()
    (file.path + file.text).encode()
    assert "caf" in file.text


def test_what_a_private_file_says_is_private_wherever_it_is_written(repo: Path, tmp_path: Path) -> None:
    write_files(repo, {".gitignore": ".env\n", ".env": "NODE_ENV=production\nPORT=8080\nDB=tarn-7f3k\n"})
    write_files(repo, {"secrets/plan.md": "# Plan\n\nThe launch of the new thing is on Friday.\n"})
    verifier = a_verifier(repo, tmp_path / "state")
    mark = verifier.snapshot()
    write_files(repo, {"a.py": "# the launch of\n# Production, 8080\n", "new.py": "connect('tarn-7f3k')\n"})
    write_files(repo, {"sub/x.py": "The launch of the\n  new thing is on Friday.\n"})
    found = diff(verifier, mark)
    assert {path: file.holds for path, file in found.items()} == {
        "a.py": "", "new.py": "what .env says", "sub/x.py": "what secrets/plan.md says"
    }  # fmt: skip
    assert verifier.copied(("fine", "so: the new thing")) == ""
    assert verifier.copied(("fine", "DB is tarn-7f3k")) == ".env"


def test_without_a_workspace_there_is_no_diff(tmp_path: Path) -> None:
    verifier = WorkspaceVerifier(workspace=None, scratch=tmp_path, environ={}, journal={})
    assert asyncio.run(verifier.diff(verifier.snapshot(), None)) == ()
