"""What `/profile-router` answers without words: the delegated children that run now, and the last that ended.

Hermes shows no cost for a child that was stopped or failed. The ledger has it, and so it stands here. One Hermes may
serve several people, and a command is not told who asks. So what a task is about is shown at a terminal alone.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress

from .chat_lines import at_a_terminal, printable_in_chat
from .children import CHILDREN, DelegatedChild
from .receipts import usd_for_people
from .settings import environment, plugin_settings

_NEWEST = 10
_LEDGER_S = 10.0
_LONGEST = 60  # characters of a goal
_NOTHING = (
    "no delegated child has begun in this Hermes; to ask where a task would go, say it: "
    "/profile-router fix the typo in README.md"
)


def children_told() -> str:
    """Return a line for each child, those that run first; asks the ledger for what it must not guess."""
    shown = CHILDREN.shown()
    children = [*(one for one in shown if one.running), *[one for one in shown if not one.running][:_NEWEST]]
    spent = _spent(children) if any(_unknown(one) for one in children) else {}
    return "\n".join(_line(one, spent) for one in children) or _NOTHING


def _unknown(child: DelegatedChild) -> bool:
    """Tell whether what *child* cost is not known here: it was ended before it had a result."""
    return not child.running and (child.ran is None or child.ran.result is None)


def _line(child: DelegatedChild, spent: Mapping[str, float]) -> str:
    answer = child.answer
    if child.running:
        state, news = "running", child.lines[-1] if child.lines else "measuring the task"
        price = ""
    else:
        failed = answer is None or answer.failed
        state = "stopped" if child.stopped.is_set() and failed else "failed" if failed else "done"
        usd = spent.get(child.thread, 0.0) if _unknown(child) else answer.usd if answer else 0.0
        price, news = usd_for_people(usd), _words(child)
    told = (_short(child.goal), price, news) if at_a_terminal() else (price,)
    return printable_in_chat("  ·  ".join([f"{child.thread}  {state:<7}  {child.seconds:.0f} s", *filter(None, told)]))


def _words(child: DelegatedChild) -> str:
    answer = child.answer
    if answer is None:
        return "no answer"
    return answer.text.partition("\n")[0][:200] if answer.failed else " · ".join(answer.receipt)


def _spent(children: Sequence[DelegatedChild]) -> dict[str, float]:
    """Return what the ledger has for the newest runs, in USD by thread; nothing where it cannot be asked."""
    with suppress(Exception):
        command = [*plugin_settings().command, "history", "--json", "--limit", str(50 + len(children))]
        said = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            errors="replace", timeout=_LEDGER_S, env=environment(), check=True,
        ).stdout  # fmt: skip
        return {str(run["thread"]): float(run["cost_usd"]) for run in reversed(json.loads(said)["runs"])}
    return {}


def _short(goal: str) -> str:
    words = " ".join(goal.split())
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"
