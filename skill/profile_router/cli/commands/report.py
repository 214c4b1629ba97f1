"""`profile-router report`: what was saved, what went wrong, what to change, and the figures behind it."""

from __future__ import annotations

import argparse
import os
import sys
import time

from profile_router.cli.commands.history import print_told
from profile_router.cli.json_answer import print_json
from profile_router.cli.output_file import OutputFile, page_file, tell_page
from profile_router.cli.report_screen import screen_lines
from profile_router.cli.screens import columns
from profile_router.cli.usual_options import add_json, add_since
from profile_router.core.text import shown
from profile_router.errors import UsageError
from profile_router.expressions import expression
from profile_router.policies.file import found_policy
from profile_router.reporting.replayed import kept_replay
from profile_router.reporting.sections import report_of
from profile_router.reporting.summary import summary_json, summary_of
from profile_router.state.folder import state_dir

_SINCE = "30d"
_DAYS = {"h": 1 / 24, "d": 1.0, "w": 7.0}
_MOST_DAYS = 100_000
_SPAN = expression(r"(\d{1,6}(?:\.\d{1,3})?)([hdw]?)")


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add = parser.add_argument
    add_since(parser, _SINCE)
    add("--html", metavar="FILE", help="also write it as one page, with plots; - prints the page alone")
    add("--policy", metavar="FILE", help="the policy whose budget and limits count")
    add_json(parser)
    parser.epilog = "neither the page nor the JSON has a task's text, a folder or a key"


def run(arguments: argparse.Namespace) -> int:
    """Print the report, and write the page; return 0."""
    days = days_in(arguments.since)
    page = _page(arguments)
    policy = found_policy(arguments.policy, os.environ)
    summary = summary_of(state_dir(os.environ), policy, days=days, now=time.time(), replayed=kept_replay(os.environ))
    print_told()
    if arguments.html is not None:
        from profile_router.pages.html import page_of

        told = page_of(report_of(summary.to_be_shown))
    if arguments.html == "-":
        print(told, end="")
        return 0
    if page is not None:
        page.write(told)
        tell_page(arguments.html)
    if arguments.json:
        print_json(summary_json(summary))
    else:
        print("\n".join(screen_lines(report_of(summary), columns(sys.stdout))))
    return 0


def days_in(given: str) -> float:
    """Return the days that *given* says, such as `30d`, `12h` or `8w`. Raises UsageError."""
    found = _SPAN.fullmatch(given)
    days = float(found[1]) * _DAYS[found[2] or "d"] if found else 0.0
    if not 0 < days <= _MOST_DAYS:
        raise UsageError(f"--since is {shown(given, 40)} (allowed: a number with h, d or w, such as 12h, 30d or 8w)")
    return days


def _page(arguments: argparse.Namespace) -> OutputFile | None:
    if arguments.html == "-" and arguments.json:
        raise UsageError("--html - prints the page alone; leave --json away, or name a file for the page")
    return None if arguments.html in (None, "-") else page_file(arguments.html)
