"""The report: one value, drawn on a screen and as a page that needs nothing from elsewhere."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from tests.fakes import a_policy
from tests.ledger.a_ledger import NOON
from tests.ledger.many_runs import SECRET, fill

from profile_router.cli.commands.report import days_in
from profile_router.cli.report_screen import screen_lines
from profile_router.core.operating.answers import CALIBRATE, Replayed
from profile_router.core.telling.layout import width_of
from profile_router.errors import UsageError
from profile_router.ledger.schema import moment
from profile_router.pages.html import page_of
from profile_router.reporting.sections import report_of
from profile_router.reporting.summary import Summary, summary_json, summary_of

CHROMIUM = shutil.which("chromium")
REPLAYED = Replayed(name="new.yaml", digest="d" * 12, rows=40, moved=4, saved_usd=0.12, age_s=60)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("state")
    fill(folder, 200, now=NOON)
    return folder


def a_summary(state: Path, replayed: Replayed | None = None) -> Summary:
    return summary_of(state, a_policy(), days=30, now=NOON, replayed=replayed)


def element(page: str, name: str) -> str:
    """Return the text of the element whose id is *name*."""
    found = re.search(rf'<section class="callout" id="{name}">(.*?)</section>', page, re.DOTALL)
    assert found is not None, name
    return html.unescape(re.sub(r"<[^>]+>", " ", found[1])).replace("\N{NO-BREAK SPACE}", " ")


def test_the_page_alone_answers_what_was_saved_what_went_wrong_and_what_to_change(state: Path) -> None:
    page = page_of(report_of(a_summary(state, REPLAYED)))
    assert re.search(r"Always-burst: ≈ \$\d+\.\d\d for the \d+ .* \(\d+ %\) less", element(page, "saved"))
    assert re.search(r"\d+ of 200 tasks did not end well", element(page, "wrong"))
    assert "new.yaml moves 4 of 40 tasks, saves ≈ $0.12" in element(page, "change")
    assert "profile-router" in element(page, "change")


def test_json_tells_the_span_and_no_key_of_it_hides_another(state: Path) -> None:
    summary = a_summary(state)
    told = summary_json(summary)
    figures = asdict(summary.totals)
    assert (told["since_days"], told["v"], told["time"]) == (30, 1, moment(NOON))
    assert {name: told[name] for name in figures if name != "since"} == {
        name: value for name, value in figures.items() if name != "since"
    }
    assert told["days"]


def test_page_and_json_name_no_path_of_a_proposal(state: Path) -> None:
    summary = a_summary(state, replace(REPLAYED, file="/home/u/new.yaml", over="/home/u/policy.yaml"))
    assert "/home/u/new.yaml" in "\n".join(screen_lines(report_of(summary), 200))
    assert "/home/u" not in page_of(report_of(summary.to_be_shown)) + json.dumps(summary_json(summary))


def test_calibrate_is_asked_how_many_outcomes_are_missing_before_it_is_advised(tmp_path: Path) -> None:
    fill(tmp_path, 12, now=NOON)
    summary = a_summary(tmp_path)
    commands = [step.command for step in summary.answers[-1].advice]
    assert 0 < summary.missing <= 40
    assert CALIBRATE not in commands


def test_a_proposal_that_is_in_force_is_none_any_more(state: Path) -> None:
    policy = a_policy()
    taken = Replayed(name="new.yaml", digest=policy.digest, rows=1, moved=1, saved_usd=0.0, age_s=1)
    assert summary_of(state, policy, days=30, now=NOON, replayed=taken).replayed is None


def test_the_page_needs_nothing_from_elsewhere_and_holds_nothing_of_a_task(state: Path) -> None:
    summary = a_summary(state)
    page = page_of(report_of(summary))
    for bad in ("<script", "http://", "https://", "src=", "@import", "url(", SECRET, "/home/u", "thread-"):
        assert bad not in page
        assert bad not in json.dumps(summary_json(summary))
    assert "prefers-color-scheme:dark" in page
    assert page.count("<svg") >= 5
    for word in ("The slowest", "The most expensive", "Tasks by rule", "Promotions, and why", "$25.00 is left"):
        assert word in page


@pytest.mark.parametrize("width", [60, 100])
def test_the_tables_fit_a_screen(state: Path, width: int) -> None:
    lines = list(screen_lines(report_of(a_summary(state)), width))
    table = [line for line in lines if line.startswith("  ") and not line.startswith(("  →", "    profile-router"))]
    answers = lines.index("Money")
    assert [line for line in table if lines.index(line) > answers and width_of(line) > width] == []


def test_what_was_refused_or_not_agreed_to_is_not_told_as_failed(state: Path) -> None:
    tables = [table for section in report_of(a_summary(state)).sections for table in section.tables]
    heads = {table.name: tuple(table.columns) for table in tables}
    for name in ("tiers", "rules"):
        assert heads[name][3:6] == ("verified", "unverified", "not well")


def test_a_report_of_no_run_says_how_to_begin(tmp_path: Path) -> None:
    summary = a_summary(tmp_path)
    assert report_of(summary).sections == ()
    assert 'profile-router run "TASK"' in page_of(report_of(summary)).replace("&quot;", '"')


@pytest.mark.parametrize(("given", "days"), [("30d", 30), ("12h", 0.5), ("8w", 56), ("7", 7), ("1.5d", 1.5)])
def test_a_time_is_said_in_hours_days_or_weeks(given: str, days: float) -> None:
    assert days_in(given) == days


@pytest.mark.parametrize("given", ["", "0d", "-1d", "d", "30y", "1e9", "999999w", "30 d", "x" * 90])
def test_another_time_is_refused_with_what_is_allowed(given: str) -> None:
    with pytest.raises(UsageError, match="allowed: a number with h, d or w"):
        days_in(given)


@pytest.mark.nightly
@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium")
@pytest.mark.parametrize(("width", "dark"), [(400, False), (400, True), (1000, False)])
def test_a_browser_draws_the_page_within_its_width(state: Path, tmp_path: Path, width: int, dark: bool) -> None:
    page = page_of(report_of(a_summary(state)))
    # The page tells its own width, in a frame: a window of 400 is less than a browser may have.
    (tmp_path / "report.html").write_text(re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page))
    told = (
        "const d=f.contentDocument.documentElement;const w=[...f.contentDocument.querySelectorAll('h1,h2,p,figure,.wide')]"
        ".filter(e=>e.getBoundingClientRect().right>f.clientWidth+1).length;"
        "document.title=[d.scrollWidth<=f.clientWidth,w,f.contentDocument.querySelectorAll('svg.plot').length,"
        "f.contentWindow.getComputedStyle(f.contentDocument.body).backgroundColor].join(' ')"
    )
    (tmp_path / "frame.html").write_text(
        f"<body><iframe id=f src=report.html width={width} height=900></iframe><script>f.onload=()=>{{{told}}}</script>"
    )
    arguments = [
        *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile"),
        *("--allow-file-access-from-files", "--virtual-time-budget=4000", "--dump-dom"),
        *(["--force-dark-mode", "--blink-settings=preferredColorScheme=0"] if dark else []),
    ]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run(
        [*arguments, f"file://{tmp_path}/frame.html"], capture_output=True, text=True, timeout=120, env=environment
    )
    title = re.search(r"<title>(.*?)</title>", done.stdout)
    assert title is not None, done.stderr[-2000:]
    fits, outside, plots, paper = title[1].split(" ", 3)
    assert (fits, outside) == ("true", "0")
    assert int(plots) >= 5
    assert paper == ("rgb(13, 17, 23)" if dark else "rgb(255, 255, 255)")
