"""One child is one run of the router. Hermes' question makes it, and the child's answer tells its end."""

from __future__ import annotations

import secrets
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from .chat_lines import show_in_chat
from .children import CHILDREN, ChildAnswer, DelegatedChild, cost_of
from .consent import CONSENT
from .conversation import conversation_of, lineage_of
from .process import Following, Ran, run_router
from .prompts import ChildTask
from .receipts import receipt_lines, usd_for_people
from .results import entry_of, plugin_failed
from .settings import GRACE_S, Settings, folder_here, plugin_settings

Fields = dict[str, Any]  # of a task, as the router reads it

_STOP_S = 1.2  # that a stopped router has to end what it started, before it is killed with it
_LONGEST_WHY = 480  # characters: Hermes cuts what a model's client raises at 500


def run_child(child: DelegatedChild, asked: ChildTask, fields: Fields) -> ChildAnswer:
    """Run the task that *child* was *asked* for, with its *fields* on top, and return how it ended. Never raises."""
    child.thread, child.begun = child.thread or secrets.token_hex(4), time.monotonic()
    child.bare = asked.bare
    show_in_chat(f"{child.thread} begins: {' '.join(asked.goal.split())[:80]}")
    try:
        child.answer = _followed(child, asked, fields)
    except Exception as error:
        child.answer = ChildAnswer(text=plugin_failed(error), failed=True)
    child.ended_at = time.monotonic()
    answer = child.answer
    ended = f"failed: {answer.text}" if answer.failed else "done"
    spent = f"{usd_for_people(answer.usd)}, " if child.ran and child.ran.result else ""
    show_in_chat(f"{child.thread} {ended} ({spent}{child.seconds:.0f} s)")
    return answer


def _followed(child: DelegatedChild, asked: ChildTask, fields: Fields) -> ChildAnswer:
    settings = plugin_settings()
    if settings.problem:
        return ChildAnswer(text=settings.problem, failed=True)
    folder = folder_here()
    following = Following(
        settings=settings,
        deadline=child.begun + settings.limit_s + GRACE_S,
        alive=_heard(child),
        folder=folder,
        interrupted=child.stopped.is_set,
        allows=CONSENT.of,
        agrees=lambda _: True if child.agreed_usd else None,  # the order holds it to that
        stop_s=_STOP_S,
    )
    with tempfile.TemporaryDirectory(prefix="profile-router-") as images:
        asked = replace(asked, images=(*asked.images, *_written(asked, Path(images))))
        order = _order(child, asked, fields, settings, folder)
        [ran] = run_router([order], following, in_copy=CHILDREN.beside(child))
    child.ran = ran
    return _answer(child, ran)


def _written(asked: ChildTask, folder: Path) -> list[str]:
    """Write the images that came within the message into *folder*, which is private; return their paths."""
    paths = []
    for number, (kind, content) in enumerate(asked.inline, 1):
        path = folder / f"image-{number}.{kind}"
        path.write_bytes(content)
        paths.append(str(path))
    return paths


def _order(child: DelegatedChild, asked: ChildTask, fields: Fields, settings: Settings, folder: str) -> dict[str, Any]:
    """Return the task as the router reads it: what Hermes asked, *fields* on top, and what the parent's chat said."""
    wanted = fields.get("timeout")
    timeout = min(wanted, settings.limit_s) if isinstance(wanted, int | float) else settings.limit_s
    if child.agreed_usd:
        most = fields.get("max_cost")
        bound = most if isinstance(most, int | float) else child.agreed_usd
        fields = {**fields, "max_cost": min(bound, child.agreed_usd)}
    return {
        "goal": asked.goal,
        "context": asked.context or None,
        "images": list(asked.images) or None,
        "workspace": folder or None,
        **fields,
        "whole_answer": asked.bare or None,
        "thread": child.thread,
        "timeout": timeout,
        "conversation": conversation_of(child.parent) or None,
        "sessions": lineage_of(child.parent) or None,
    }


def _heard(child: DelegatedChild) -> Any:
    """Return what takes the newest line of the run, again and again: each is kept and shown once."""

    def alive(line: str) -> None:
        if line and (not child.lines or child.lines[-1] != line):
            child.lines.append(line)
            show_in_chat(f"{child.thread} {line}")

    return alive


def _answer(child: DelegatedChild, ran: Ran) -> ChildAnswer:
    result = ran.result or {}
    entry = entry_of(0, ran, child.thread, seconds=child.seconds)
    tokens = entry.get("tokens") or {}
    spent = (int(tokens.get("input") or 0), int(tokens.get("output") or 0))
    if ran.mode in ("off", "explain", "observe"):
        return ChildAnswer(text=_switched(ran.mode), failed=True)
    if entry.get("status") != "completed":
        why = _why(child, ran, entry)
        return ChildAnswer(text=why, failed=True, tokens=spent, usd=cost_of(result))
    text = str(entry.get("summary") or "").strip() or "(the subagent said nothing)"
    receipt = receipt_lines(result, child.thread)
    verdict = str(entry.get("verdict") or "")
    return ChildAnswer(text=text, verdict=verdict, receipt=receipt, tokens=spent, usd=cost_of(result))


def _switched(mode: str) -> str:
    return (
        f"the policy of profile-router says hermes_plugin: {mode}, but delegation.provider still names it; "
        "take that line out of config.yaml, or set hermes_plugin: on"
    )


def _why(child: DelegatedChild, ran: Ran, entry: dict[str, Any]) -> str:
    """Return why no answer came, what would help, what it cost and its thread: all that fits into one error."""
    result = ran.result or {}
    why = "stopped" if child.stopped.is_set() and ran.result is None else str(entry.get("error") or "it failed")
    ways = [str(way) for way in result.get("unblock") or ()]
    spent = f" · {usd_for_people(result.get('cost_usd'))}" if result else ""  # else /profile-router asks the ledger
    behind = f"{spent} · thread {child.thread}"
    told = f"{why}; unblock: {'; or '.join(ways)}" if ways else why
    return told[: _LONGEST_WHY - len(behind)] + behind
