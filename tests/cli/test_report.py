"""`report` as a person calls it: a screen, a page, and JSON for programs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.api.forms import unlike
from tests.cli.command import call
from tests.cli.screen import shown
from tests.examples import by_night
from tests.ledger.many_runs import SECRET, fill


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    fill(folder / "state", 60, now=time.time(), days=5)
    return folder


def test_a_report_is_told_as_json_and_written_as_a_page(home: Path) -> None:
    done = call("report", "--since", "30d", "--html", "report.html", "--json", home=home)
    assert done.code == 0, done.err
    assert (done.json["runs"], set(done.json["answers"])) == (60, {"saved", "wrong", "change"})
    assert unlike("report", done.json) == []
    page = (home / "report.html").read_text()
    assert all(f'id="{name}"' in page for name in done.json["answers"])
    assert SECRET not in page + done.out + done.err


@pytest.mark.parametrize("columns", [60, by_night(100)])
def test_a_report_fits_its_screen(home: Path, columns: int) -> None:
    screen = shown("report", home=home, columns=columns)
    assert screen.code == 0, screen.text
    assert screen.too_wide(columns) == []
    assert "What to change?" in screen.text


def test_a_report_goes_nowhere_where_its_folder_is_not_there(home: Path) -> None:
    done = call("report", "--html", "none/report.html", home=home)
    assert (done.code, done.out) == (2, "")
    assert "--html none/report.html: its folder is not there; make it first" in done.err
