"""Run the task's own check command: the operator's, so by the shell and unjailed, but bounded and without any key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from profile_router.core.ladder.receipt import CheckResult
from profile_router.core.ladder.report import CheckReport
from profile_router.core.policy.private import NO_CONFIDENTIAL, Confidential
from profile_router.core.privacy.findings import masked
from profile_router.core.privacy.taint import Taint
from profile_router.core.text import shown
from profile_router.jail.process import ProcessEnd, run_bounded, without_secrets
from profile_router.reports.reading import read_report
from profile_router.withheld.watch import WithheldWatch, watched

OUTPUT_BYTES = 1_000_000  # the ids of failed tests may stand anywhere in it
_SHOWN_CHARS = 64_000
_LONGEST_ID = 400
_LINE_CHARS = 200
_TAIL_CHARS = 4_000
_SHELL = "/bin/sh"


async def run_check(
    command: str,
    folder: Path,
    environ: Mapping[str, str],
    *,
    seconds: float,
    confidential: Confidential = NO_CONFIDENTIAL,
    watch: Callable[[], WithheldWatch] | None = None,
) -> CheckResult:
    """Return how *command* ended, run by the shell in *folder* for at most *seconds*.

    When it ends, is cancelled, or this process is killed, all that it started ends too.

    Of its output, secrets and what *confidential* calls private are masked. *watch* makes what tells which withheld
    files it opens.
    """
    taints: list[Taint] = []
    if not folder.is_dir():
        return not_run(command, folder)
    async with watched(watch, taints.append):
        ended = await run_bounded(
            [_SHELL, "-c", command],
            folder,
            without_secrets(environ),
            seconds=seconds,
            most_bytes=OUTPUT_BYTES,
            flood=False,
            guarded=True,
        )
    told = partial(check_result, seconds=seconds, confidential=confidential, taints=taints)
    return await asyncio.to_thread(told, command, ended)  # a long output takes a moment to read


def not_run(command: str, folder: Path) -> CheckResult:
    """Return the result of *command* where *folder* is gone."""
    gone = f"it was not run: {shown(str(folder))} is not a folder any more"
    return CheckResult(command=command, exit_code=None, seconds=0.0, last_line=gone, tail=gone)


def check_result(
    command: str,
    ended: ProcessEnd,
    *,
    seconds: float,
    confidential: Confidential = NO_CONFIDENTIAL,
    taints: Sequence[Taint] = (),
) -> CheckResult:
    """Return the result of *command*, which *ended* after at most *seconds*: of its output what is kept, masked."""
    output = ended.output.decode("utf-8", "replace").replace("\r\n", "\n")
    text = masked(output[-_SHOWN_CHARS:], confidential)
    report = None if ended.ended_for else read_report(output)
    return CheckResult(
        command=command,
        exit_code=ended.exit_code,
        seconds=ended.seconds,
        last_line=f"ended after {seconds:,.3g} s" if ended.ended_for else _last_line(text),
        tail=_tail(text),
        taints=tuple(taints),
        outlived=ended.outlived,
        report=report and _masked_ids(report, confidential),
    )


def _masked_ids(report: CheckReport, confidential: Confidential) -> CheckReport:
    """Return *report* with ids in which secrets are masked and nothing is unprintable."""
    ids = [shown(name, len(name)) for name in report.failed]
    said = masked("\n".join(ids), confidential).split("\n") if ids else []
    if len(said) != len(ids):  # a secret over several of them: who knows which
        return replace(report, failed=(), whole=False)
    cut = (shown(one, _LONGEST_ID) for one in said)  # now: half a secret is not recognized
    return replace(report, failed=tuple(dict.fromkeys(cut)))


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "".join(char if char.isprintable() else " " for char in lines[-1][:_LINE_CHARS]) if lines else ""


def _tail(text: str) -> str:
    """Return the last lines of *text*, which was masked before it is cut: half a secret is not recognized."""
    printable = "".join(char if char.isprintable() or char in "\n\t" else " " for char in text).strip()
    end = printable[-_TAIL_CHARS:]
    return end.partition("\n")[2] or end if len(end) < len(printable) else end
