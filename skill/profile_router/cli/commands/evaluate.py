"""`profile-router evaluate`: measure routes, localisation and cascades on rows whose truth is known."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from profile_router.cli.json_answer import print_json
from profile_router.cli.output_file import page_file, tell_page
from profile_router.cli.progress import folded
from profile_router.cli.screens import Drawing, printable
from profile_router.cli.spelling import as_called
from profile_router.cli.usual_options import add_json, add_policy
from profile_router.core.text import shown
from profile_router.errors import UsageError
from profile_router.evaluation.peers.catalogue import PEERS, peers_named
from profile_router.evaluation.study import Study, TellProgress, run_study
from profile_router.pages.html import page_of
from profile_router.pages.plain_page import report_lines
from profile_router.pages.report import Report, report_json

_EPILOG = "a run that was stopped goes on where it was\npeers are installed below our cache, and only when named:\n{}"


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add_rows(parser)
    add = parser.add_argument
    add("--against", nargs="+", action="extend", default=[], metavar="PEER", help=f"also ask: {', '.join(PEERS)}")
    add(
        "--peer-rows",
        action="append",
        default=[],
        metavar="PEER=N",
        help="ask this peer for at most N rows of a file, the same each time, and compare on those alone",
    )
    add("--outcomes", metavar="FILE", help="what models did with the rows: id and models {NAME: {resolved, cost}}")
    add("--local-model", metavar="NAME", help="the model of the outcomes that stands for the local tier")
    add("--burst-model", metavar="NAME", help="the model of the outcomes that stands for the burst tier")
    add("--free-local", action="store_true", help="count the local model as free")
    add(
        "--check-errors",
        action="append",
        default=[],
        metavar="FA,FR",
        help="how a check errs: false accepts and false rejects, 0 to 1",
    )
    parser.epilog = _EPILOG.format("\n".join(f"{peer.name}: {peer.about}" for peer in PEERS.values()))


def add_rows(parser: argparse.ArgumentParser) -> None:
    """Add what `evaluate` and `fit` share."""
    add = parser.add_argument
    add("data", nargs="+", metavar="DATA", help="files of rows: one JSON object a line with id, text, truth, split")
    add("--repos", metavar="DIR", help="local clones, bare or not, as OWNER/NAME; read at each row's base commit")
    add_policy(parser)
    add("--most", type=int, default=0, metavar="N", help="at most so many rows of each file, always the same ones")
    add("--fresh", action="store_true", help="ask every row anew")
    add("--html", metavar="FILE", help="write the report as one page")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the report, and write the page; return 0."""
    study = replace(
        study_of(arguments),
        against=peers_named(arguments.against),
        peer_rows=_peer_rows(arguments.peer_rows, arguments.against),
        outcomes=Path(arguments.outcomes) if arguments.outcomes else None,
        local_model=arguments.local_model,
        burst_model=arguments.burst_model,
        free_local=arguments.free_local,
        errors=[_errors(given) for given in arguments.check_errors],
    )
    return tell_report(arguments, lambda told: run_study(study, os.environ, told))


def study_of(arguments: argparse.Namespace) -> Study:
    """Return what is asked for, as far as `evaluate` and `fit` share it. Raises UsageError."""
    if arguments.most < 0:
        raise UsageError(f"--most is {arguments.most} (allowed: 0 for all, or more)")
    if arguments.html is not None:
        page_file(arguments.html)
    return Study(
        data=[Path(name) for name in arguments.data],
        repos=Path(arguments.repos).absolute() if arguments.repos else None,
        policy=arguments.policy,
        most=arguments.most,
        fresh=arguments.fresh,
    )


def tell_report(arguments: argparse.Namespace, make: Callable[[TellProgress], Report]) -> int:
    """Print the report that *make* returns, and write its page; return 0."""
    progress = _ProgressLine()
    try:
        report = make(progress.say)
    finally:
        progress.end()
    if arguments.html is not None:
        page_file(arguments.html).write(page_of(report))
        tell_page(arguments.html)
    if arguments.json:
        print_json(report_json(report))
    else:
        print("\n".join(folded(as_called(line), sys.stdout, indent=2) for line in report_lines(report)))
    return 0


def _peer_rows(given: Sequence[str], against: Sequence[str]) -> Mapping[str, int]:
    """Return how many rows of each file a peer is asked for, of values like `aider=40`. Raises UsageError."""
    ranking = [name for name in against if PEERS[name].does == "ranks"]
    known = ", ".join(ranking) or "none is named"
    allowed = f"allowed: PEER=N, N from 1; peers of --against that rank files: {known}"
    found: dict[str, int] = {}
    for value in given:
        name, _, number = value.partition("=")
        if name not in ranking or not (number.isascii() and number.isdigit() and int(number[:9])):
            raise UsageError(f"--peer-rows is '{shown(value)}' ({allowed})")
        found[name] = int(number[:9])
    return found


def _errors(given: str) -> tuple[float, float]:
    """Return the two shares of `0.2,0.1`. Raises UsageError."""
    try:
        accepts, rejects = (float(part) for part in given.split(","))
    except ValueError:
        accepts = rejects = -1.0
    if not (0 <= accepts <= 1 and 0 <= rejects <= 1):
        raise UsageError(f"--check-errors is '{given}' (allowed: two numbers from 0 to 1, such as 0.2,0.1)")
    return accepts, rejects


class _ProgressLine:
    """Shows progress on stderr: on a terminal in one line, elsewhere a line for each hundredth row."""

    def __init__(self) -> None:
        self._on_terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._said = 0

    def say(self, text: str) -> None:
        """Show *text*."""
        self._said += 1
        if self._on_terminal:
            self._draw(printable(text[:100]))
        elif self._said % 100 == 1:
            print(f"profile-router: {text}", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line."""
        if self._on_terminal and self._said:
            self._draw("")

    def _draw(self, text: str) -> None:
        Drawing(sys.stderr).write(f"\r\x1b[2K{text}")
        sys.stderr.flush()
