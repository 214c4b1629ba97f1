"""`profile-router evaluate`: the answer on stdout, progress on stderr, and one line for what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.api.forms import unlike
from tests.evaluation.made_rows import row, written

from profile_router.cli.app import main


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "HERMES_HOME"):
        monkeypatch.delenv(name, raising=False)
    return written(tmp_path / "made.dev.jsonl", [row(f"r{n}", "Fix it " * n, lines_changed=n * 40) for n in range(12)])


def test_the_answer_is_json_and_the_page_is_written(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.html"
    assert main(["evaluate", str(data), "--json", "--html", str(page)]) == 0
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert unlike("evaluate", told) == []
    assert told["about"]["rows"].startswith("12 (12 dev)")
    assert "profile-router: no repository 1/12" in said.err
    assert page.read_text().startswith("<!doctype html>")
    assert main(["evaluate", str(data)]) == 0
    assert "Size and difficulty before any work" in capsys.readouterr().out


def test_only_dev_rows_are_fitted_on(tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held_out = written(tmp_path / "held.jsonl", [row("r", "t", split="test", date="2026-01-01")])
    assert main(["fit", str(held_out)]) == 2
    assert capsys.readouterr().err.endswith("held.jsonl:1: the row r is of the split 'test'; allowed: dev\n")
    assert main(["fit", str(data)]) == 2
    assert "has no date" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["none.jsonl"], "the data is absent: none.jsonl"),
        (["DATA", "--repos", "none"], "is not a folder"),
        (["DATA", "--against", "best"], "no peer is named 'best'"),
        (["DATA", "--most", "-1"], "--most is -1"),
        (["DATA", "--peer-rows", "aider=40"], "that rank files: none is named"),
        (["DATA", "--peer-rows", "litellm=40", "--against", "litellm", "bm25"], "that rank files: bm25"),
        (["DATA", "--peer-rows", "bm25=0", "--against", "bm25"], "--peer-rows is 'bm25=0'"),
        (["DATA", "--peer-rows", "bm25", "--against", "bm25"], "--peer-rows is 'bm25'"),
        (["DATA", "--check-errors", "2,0"], "--check-errors is '2,0'"),
        (["DATA", "--check-errors", "half"], "--check-errors is 'half'"),
        (["DATA", "--html", "none/page.html"], "its folder is not there"),
        (["DATA", "--policy", "none.yaml"], "none.yaml"),
    ],
)
def test_what_is_wrong_is_one_line(
    data: Path, words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main(["evaluate", *(str(data) if word == "DATA" else word for word in words)]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert len(err.splitlines()) == 1
