"""The page of a report keeps a figure and its sign together. A command stays as it is."""

from __future__ import annotations

import pytest

from profile_router.pages.html import page_of
from profile_router.pages.report import Callout, Report

COMMANDS = ["git log --format %h", "date '+%s'", "printf ' %s' x", "awk '{ print 7 % 2 }' f"]


def page(said: str, command: str) -> str:
    callout = Callout(id="wrong", title="What went wrong?", said=(said,), steps=(("look at it", command),))
    return page_of(Report(title="R", about={}, run={}, notes=(), sections=(), callouts=(callout,)))


@pytest.mark.parametrize("said", ["it saved 12 % of it", "73.9 % at 55 % of its cost"])
def test_a_figure_and_its_per_cent_stay_on_one_line(said: str) -> None:
    assert f"<p>{said.replace(' %', chr(160) + '%')}</p>" in page(said, "ls")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_told_letter_by_letter(command: str) -> None:
    assert f"<code>{command.replace(chr(39), '&#x27;')}</code>" in page("", command)
