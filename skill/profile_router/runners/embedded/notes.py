"""What is noted of an attempt of the embedded runner, beside its receipt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from profile_router.core.attempt.order import Order
from profile_router.git.command import work_tree
from profile_router.jail.view import has_landlock
from profile_router.runners.embedded.request import OFFERED
from profile_router.runners.tools.terminal import Jailed


def terminal_notes(terminal: Jailed | None, refused: str, workspace: Path | None) -> Iterator[str]:
    """Yield what is noted of the commands that ran in *terminal*, or why there was none."""
    if refused:
        yield refused
    if terminal is None or not terminal.used:
        return
    if workspace is not None and work_tree(workspace) is None:
        yield "commands were run outside of git: what they changed is not among the files listed as changed"
    if not has_landlock():
        yield "this kernel has no Landlock: commands were confined by namespaces alone"
    if terminal.made:
        first, *more = sorted(terminal.made)
        others = f" and {len(more)} more" if more else ""
        yield f"a command made {first!a}{others}, which git would obey: look at it before you run git there"


def tool_notes(order: Order, workspace: Path | None) -> Iterator[str]:
    """Yield which tools of *order* the attempt did not have."""
    unknown = sorted(set(order.task.toolsets or ()) - OFFERED - {"terminal"})
    if unknown:
        yield f"not offered by the embedded runner: {', '.join(unknown)} (offered: {', '.join(sorted(OFFERED))})"
    if workspace is None:
        yield "no workspace: the subagent had no file tools; name one with --workspace"
