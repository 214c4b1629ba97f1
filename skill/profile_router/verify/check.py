"""Run the task's own check command: the operator's, so by the shell and unjailed, but bounded and without any key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from profile_router.core.ladder.receipt import CheckResult
from profile_router.core.policy.private import NOTHING, Confidential
from profile_router.core.privacy.findings import masked
from profile_router.core.privacy.taint import Taint
from profile_router.core.text import shown
from profile_router.jail.process import run_bounded, without_secrets
from profile_router.withheld.watch import WithheldWatch, watched

_KEPT_BYTES = 64_000
_LINE_CHARS = 200
_TAIL_CHARS = 4_000
_SHELL = "/bin/sh"


async def run_check(
    command: str,
    folder: Path,
    environ: Mapping[str, str],
    *,
    seconds: float,
    confidential: Confidential = NOTHING,
    watch: Callable[[], WithheldWatch] | None = None,
) -> CheckResult:
    """Return how *command* ended, run by the shell in *folder* for at most *seconds*. Cancelling it ends its group.

    Of its output, secrets and what *confidential* calls private are masked. *watch* makes what tells which withheld
    files it opens.
    """
    taints: list[Taint] = []
    if not folder.is_dir():
        gone = f"it was not run: {shown(str(folder))} is not a folder any more"
        return CheckResult(command=command, exit_code=None, seconds=0.0, last_line=gone, tail=gone)
    async with watched(watch, taints.append):
        ended = await run_bounded(
            [_SHELL, "-c", command], folder, without_secrets(environ), seconds=seconds, kept=_KEPT_BYTES, flood=False
        )
    text = masked(ended.output.decode("utf-8", "replace").replace("\r\n", "\n"), confidential)
    return CheckResult(
        command=command,
        exit_code=ended.exit_code,
        seconds=ended.seconds,
        last_line=f"ended after {seconds:g} s" if ended.ended_for else _last_line(text),
        tail=_tail(text),
        taints=tuple(taints),
    )


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "".join(char if char.isprintable() else " " for char in lines[-1][:_LINE_CHARS]) if lines else ""


def _tail(text: str) -> str:
    """Return the last lines of *text*, which was masked before it is cut: half a secret is not recognized."""
    printable = "".join(char if char.isprintable() or char in "\n\t" else " " for char in text).strip()
    end = printable[-_TAIL_CHARS:]
    return end.partition("\n")[2] or end if len(end) < len(printable) else end
