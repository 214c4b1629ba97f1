"""The tour: ten mixed tasks on the stand-ins, and the report on them as a page."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.cli.command import call

from profile_router.cli import tour as told
from profile_router.core.text import counted
from profile_router.demo.tour import STOPS, TOUR_FILES


def test_the_tour_has_ten_tasks_each_with_files_of_its_own() -> None:
    files = [stop.file for stop in STOPS]
    assert (len(files), set(files)) == (10, set(TOUR_FILES))
    for stop in STOPS:
        for line in (*stop.local, *stop.repair, *stop.burst):
            assert all(arguments["path"] == stop.file for _, arguments in line.calls)


@pytest.mark.parametrize(("given", "place"), [((), "state/tour.html"), (("--html", "mine.html"), "here/mine.html")])
def test_where_nobody_names_the_page_nothing_is_written_where_the_user_stands(
    given: tuple[str, ...], place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from profile_router.cli.app import main

    pages: list[Path] = []

    def heard(page: Path, *, as_json: bool) -> int:
        pages.append(page)
        return int(as_json)

    monkeypatch.setattr(told, "tour", heard)
    monkeypatch.setenv("PROFILE_ROUTER_STATE", str(tmp_path / "state"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert main(["demo", "--tour", *given]) == 0
    assert (pages, list((tmp_path / "here").iterdir())) == ([tmp_path / place], [])


@pytest.mark.nightly
def test_a_stop_is_run_and_reported_and_nothing_but_the_page_stays(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(told, "STOPS", STOPS[:1])
    before = dict(os.environ)
    assert told.tour(tmp_path / "tour.html", as_json=True) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["runs"] == 1
    assert "small-change · coding-local · verified · $0.00" in err
    assert 'id="change"' in (tmp_path / "tour.html").read_text()
    assert dict(os.environ) == before
    assert list(tmp_path.iterdir()) == [tmp_path / "tour.html"]


@pytest.mark.nightly
def test_the_whole_tour_meets_every_tier_and_every_end(tmp_path: Path) -> None:
    done = call("demo", "--tour", "--html", "tour.html", "--json", home=tmp_path)
    assert done.code == 0, done.err
    found = done.json
    assert found["runs"] == 10
    rules = {"small-change", "private", "lint-or-summarize", "vision", "security-or-api-design", "large-change"}
    assert {part["rule"] for part in found["parts"]} == rules
    assert {part["tier"] for part in found["parts"]} == {"local", "cheap", "burst"}
    assert {part["verdict"] for part in found["parts"]} == {"verified", "unverified", "failed"}
    assert {step["step"] for step in found["steps"]} == {"repair", "promote"}
    assert [sum(one["by_rule"].values()) for one in found["misroutes"]] == [1, 1]
    page = (tmp_path / "tour.html").read_text()
    assert all(f'id="{name}"' in page for name in ("saved", "wrong", "change"))
    assert counted(10, "task") in page
    assert not any(stop.goal in page for stop in STOPS)


def test_the_page_goes_nowhere_where_its_folder_is_not_there(tmp_path: Path) -> None:
    done = call("demo", "--tour", "--html", "none/tour.html", home=tmp_path)
    assert (done.code, "its folder is not there" in done.err) == (2, True)


@pytest.mark.parametrize("words", [("--tour", "--cascade"), ("--html", "x.html"), ("--cascade", "--html", "x.html")])
def test_an_option_that_would_count_for_nothing_is_refused(words: tuple[str, ...], tmp_path: Path) -> None:
    from profile_router.cli.app import main

    assert main(["demo", *words]) == 2
    assert list(tmp_path.iterdir()) == []
