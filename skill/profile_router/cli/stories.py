"""How the ledger is shown: a line for each run or group, and the whole story of one run. 60 columns are enough."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from profile_router.cli.progress import TEXT_STARTS, folded, labelled
from profile_router.cli.screens import columns, printable
from profile_router.cli.spelling import as_called
from profile_router.core.attempt.saving import OLDER_VERSION
from profile_router.core.ladder.account import AttemptRow, CheckRow, RunGroup, RunRow, StepRow, Story
from profile_router.core.ladder.check_words import ended, joined_check_line
from profile_router.core.ladder.cost_range import CostRange
from profile_router.core.telling.ways_out import bring_back
from profile_router.core.telling.work import ignored_text
from profile_router.core.text import about, counted, price, priced, saved_beside_label, short_id, thousands, took
from profile_router.ledger.schema import moment, moments

_VERDICT, _PROFILE, _NAME = 11, 12, 26
_SAVED = 18  # columns
_MINUTE_S, _HOUR_S = 120.0, 7_200.0


def run_line(run: RunRow) -> str:
    """Return *run* in one line: id, start, verdict, profile, cost, time; in a pipe also its thread and workspace."""
    profile, cost = _cut(run.profile or "–", _PROFILE), about(run.cost_usd, exact=run.exact)
    line = (
        f"{short_id(run.id)} {_local(run.started, '%m-%d %H:%M')} {run.verdict:<{_VERDICT}} "
        f"{profile:<{_PROFILE}} {cost:>8} {_short(run.seconds):>5}"
    )
    if not sys.stdout.isatty() or columns(sys.stdout) >= len(line) + _SAVED:
        saved = "" if run.saved_usd is None else f"saved {_signed(run.saved_usd)}"
        line = f"{line}  {saved:<{_SAVED - 2}}"
    if sys.stdout.isatty():
        return line.rstrip()
    return f"{line}  {run.thread} {run.workspace}".rstrip()


def group_line(group: RunGroup) -> str:
    """Return *group* in one line: its name, how many runs, how they ended, what they cost."""
    ends = ", ".join(f"{count} {printable(verdict)}" for verdict, count in sorted(group.verdicts.items(), key=_most))
    runs = f"{group.runs:,} run{'s' if group.runs != 1 else ''}"
    name = printable(group.name) or "–"
    cost = about(group.cost_usd, exact=group.exact)
    saved = f"  saved {_signed(group.saved_usd)}" if group.saved_usd else ""
    return folded(f"{name:<{_NAME}} {runs:<9} {cost:>8}  {ends}{saved}", sys.stdout, indent=TEXT_STARTS)


def _signed(usd: float) -> str:
    """Return what was saved where its source has no room; it is by a price, never a provider's own figure."""
    return f"-≈{price(-usd)}" if usd < 0 else about(usd, exact=usd == 0)


def story_lines(story: Story, next_step: str = "") -> Iterator[str]:
    """Yield the whole story for a person: what it was, where it went, each attempt with its end.

    *next_step* says what becomes of a run that has no end.
    """
    run = story.run
    head = " · ".join(filter(None, (f"run {run.id}", run.verdict, run.cause and f"cause: {run.cause}", run.profile)))
    yield folded(printable(head), sys.stdout, indent=TEXT_STARTS)
    ended = f", {took(run.seconds)}" if run.seconds is not None else ", has not ended"
    paused = f", without {took(run.paused_s)} in which it was interrupted" if run.paused_s >= 1 else ""
    yield labelled("when", _local(run.started, "%Y-%m-%d %H:%M:%S") + ended + paused)
    where = " · ".join(filter(None, (run.workspace or "no workspace", run.thread and f"thread {run.thread}")))
    yield labelled("where", where)
    if run.kind == "undo":
        yield labelled("undid", f"the run {run.rule}")
    elif run.rule:
        yield labelled("route", " · ".join(filter(None, (_figured(_routed, story), f"policy {story.policy}"))))
    if story.evidence:
        yield labelled("measured", _figured(_measured, story.evidence))
    if asked := _figured(_asked, story.task):
        yield labelled("asked", asked)
    yield from _happened(story)
    for label in ("why", "unblock"):
        yield from (labelled(label, as_called(str(said))) for said in story.refused.get(label, ()))
    yield labelled("cost", _paid(story))
    if run.ended is not None and run.kind == "run":
        known = run.saved_usd is not None
        said = saved_beside_label(run.saved_usd, run.saved_by if known else "", run.saved_by or OLDER_VERSION)
        yield labelled("saved", said)
    if story.undone_by:
        yield labelled("undone", bring_back(story.undone_by))
    elif next_step:
        yield labelled("next", next_step)


def _happened(story: Story) -> Iterator[str]:
    """Yield attempts, verifications and steps in the order in which they were."""
    for check in story.checks:
        if check.stage == "before":
            yield _first_check(check)
    for attempt in story.attempts:
        yield _attempt(attempt)
        for check in story.checks:
            if check.stage == "after" and check.after == attempt.number + 1:
                yield from _check(check)
        for step in story.steps:
            if step.after == attempt.number + 1:
                yield _step(step)


def _attempt(row: AttemptRow) -> str:
    said = row.receipt
    if row.ended is None:
        what = f"{said['profile']} · {said['model_asked']} · asked at {_local(row.started, '%H:%M:%S')}, has not ended"
        return labelled(f"attempt {row.number + 1}", what, "?")
    served = said["model_served"] or said["model_asked"]
    turns = f"{said['turns']} turn{'s' if said['turns'] != 1 else ''}"
    tokens = f"{thousands(said['tokens_in'])} in, {thousands(said['tokens_out'])} out ({said['tokens_source']})"
    cost = priced(said["cost_usd"], said["cost_source"])
    parts = [said["profile"], served, said["step"], turns, tokens, cost, took(said["seconds"]), said["verdict"]]
    parts += [said["error"]] if said["error"] else []
    parts += [f"read {taint['path']}" for taint in said["taints"]]
    parts += [_score(said["early"])] if said.get("early") and said["verdict"] != "no-progress" else []
    good = said["verdict"] == "ok"
    return labelled(f"attempt {row.number + 1}", " · ".join(map(str, parts)), "●" if good else "✗")


def _score(early: Mapping[str, Any]) -> str:
    """Return the last score of an attempt that was not ended for it; each of its terms."""
    terms = "; ".join(f"{term['said']} ({term['points']:g})" for term in early["terms"])
    return f"score {early['total']:g} of {early['needed']:g}: {terms or 'no sign'}"


def _first_check(row: CheckRow) -> str:
    words = row.words or {}
    check = words.get("check") or {"command": "the check", "last_line": ""}
    before = words.get("before") or {}
    if before.get("why"):
        return labelled("check", f"before the work: it is not known: {before['why']}", "●")
    how = "is not known" if row.passed is None else f"{ended(row.passed, row.exit_code, None)} in {took(row.seconds)}"
    return labelled("check", f"before the work: {check['command']}: {how} · {check['last_line']}".rstrip(" ·"), "●")


def _check(row: CheckRow) -> Iterator[str]:
    words = row.words
    files = ", ".join(one["path"] for one in words["files_changed"]) if words else ""
    changed = f"{row.files_changed} file{'s' if row.files_changed != 1 else ''} changed"
    lines = f", +{row.lines_added} −{row.lines_removed}" if row.files_changed else ""
    yield labelled("verify", f"{changed}{lines}{f': {files}' if files else ''}", "✓")
    if words and words.get("ignored"):
        yield labelled("verify", ignored_text(words["ignored"]), "!")
    if row.passed is not None:
        check: dict[str, Any] = (words or {}).get("check") or {"command": "the check", "last_line": ""}
        how = ended(row.passed, row.exit_code, (words.get("before") or {}).get("passed") if words else None)
        words_of_tests = check.get("why") or (check.get("difference") or {}).get("words", "")
        how = f"{check['command']}: {how} in {took(row.seconds)}"
        said = joined_check_line(how, words_of_tests, check["last_line"], row.passed and row.exit_code)
        yield labelled("verify", said, "✓" if row.passed else "✗")
    for open_point in words["unverified"] if words else ():
        yield labelled("verify", f"unverified: {open_point}", "!")
    if not words and row.unverified:
        yield labelled("verify", f"{counted(row.unverified, 'point')} unverified", "!")


def _step(row: StepRow) -> str:
    leads = f" → {row.profile}" if row.profile else ""
    return labelled("ladder", row.reason or f"{row.step}: {row.cause}{leads}", "→")


def _figured(tell: Callable[[Any], str], of: Any) -> str:
    """Return what *tell* says of the figures in *of*, which the ledger keeps as JSON: any program may write there."""
    try:
        return tell(of)
    except (LookupError, TypeError, ValueError, AttributeError):
        return "its figures in the ledger are damaged"


def _routed(story: Story) -> str:
    guess = story.estimate
    if not guess:
        return f"refused by {story.run.rule}"
    went = f"{guess['profile']} by {story.run.rule}"
    usd = guess["usd"]
    low, high = guess.get("usd_low", usd), guess.get("usd_high", usd)
    cost = CostRange(low=low, middle=usd, high=high, source=guess.get("usd_source", ""))
    return f"{went} · expected {cost.said}, {guess['seconds']:,.0f} s"


def _measured(evidence: Mapping[str, Any]) -> str:
    sizes = [
        _sized(evidence[name], noun, purpose)
        for name, noun, purpose in (
            ("files_to_read", "file", " to read"),
            ("files_to_edit", "file", " to edit"),
            ("lines_to_edit", "line", ""),
        )
    ]
    tokens = evidence["tokens"]
    sizes.append(f"{tokens[0]:,} prompt tokens" if tokens[0] == tokens[1] else f"≤ {tokens[1]:,} prompt tokens")
    images = len(evidence["images"])
    sizes += [f"{images} image{'s' if images != 1 else ''}"] if images else []
    sizes += [f"kinds: {', '.join(evidence['kinds'])}"] if evidence["kinds"] else []
    sizes += [f"private: {', '.join(evidence['private'])}"] if evidence["private"] else []
    return ", ".join(sizes)


def _sized(told: list[Any], noun: str, purpose: str) -> str:
    low, high, source = told
    if high == 0:
        return f"no {noun}{purpose}"
    if source == "guessed":
        return f"{noun}s{purpose} unknown"
    if low == high:
        return counted(low, noun) + purpose
    return f"{low:,}–{high:,} {noun}s{purpose}" if high is not None else f"{low:,} or more {noun}s{purpose}"


def _asked(task: Mapping[str, Any]) -> str:
    said = [
        f"the profile {task['profile']}" if task.get("profile") else "",
        "local only" if task.get("local_only") else "",
        "a check" if task.get("checked") else "",
        f"at most {price(task['max_cost_usd'])}" if task.get("max_cost_usd") is not None else "",
    ]
    return ", ".join(filter(None, said))


def _paid(story: Story) -> str:
    run = story.run
    tokens = f"{thousands(run.tokens_in)} tokens in, {thousands(run.tokens_out)} out"
    held = f" · {price(story.reserved)} still reserved" if story.reserved else ""
    count = f"{run.attempts} attempt{'s' if run.attempts != 1 else ''}"
    return f"{priced(run.cost_usd, run.cost_source)} · {tokens} · {count}{held}"


def run_json(run: RunRow) -> dict[str, Any]:
    """Return *run* as JSON. Moments are UTC."""
    plain = {name: getattr(run, name) for name in run.__dataclass_fields__}
    return plain | moments(run.started, run.ended) | {"seconds": None if run.seconds is None else round(run.seconds, 3)}


def group_json(group: RunGroup) -> dict[str, Any]:
    """Return *group* as JSON."""
    return {name: getattr(group, name) for name in group.__dataclass_fields__}


def story_json(story: Story) -> dict[str, Any]:
    """Return *story* as JSON: the run with its figures, and the rows of what happened in it."""
    return {
        **run_json(story.run),
        "policy": story.policy,
        "program": story.program,
        "task": story.task,
        "evidence": story.evidence,
        "estimate": story.estimate,
        "refused": story.refused,
        "settled_usd": story.paid,
        "reserved_usd": story.reserved,
        "undone_by": story.undone_by,
        "attempts": [{**one.receipt, "number": one.number} | moments(one.started, one.ended) for one in story.attempts],
        "steps": [_row(step) for step in story.steps],
        "verifications": [_row(check) for check in story.checks],
    }


def _row(row: StepRow | CheckRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__} | {"at": moment(row.at)}


def _local(at: float, how: str) -> str:
    return time.strftime(how, time.localtime(at))


def _cut(text: str, most: int) -> str:
    """Return *text* as a terminal's column has it; a program gets it whole."""
    shown = printable(text)
    return shown if len(shown) <= most or not sys.stdout.isatty() else f"{shown[: most - 1]}…"


def _short(seconds: float | None) -> str:
    if seconds is None:
        return "…"
    if seconds < _MINUTE_S:
        return f"{seconds:.0f}s"
    return f"{seconds / 60:.0f}m" if seconds < _HOUR_S else f"{seconds / 3600:.0f}h"


def _most(one: tuple[str, int]) -> tuple[int, str]:
    return -one[1], one[0]


def told_lines(*told: tuple[str, str]) -> list[str]:
    """Return a line for each label and its text."""
    return [labelled(label, text) for label, text in told]
