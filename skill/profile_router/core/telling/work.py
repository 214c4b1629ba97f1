"""Say what was done: an attempt, a step, what was verified; lines for a person, mappings for a program. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from profile_router.core.profile import backend_name
from profile_router.core.telling.decision import Json, named_fields
from profile_router.core.text import counted, priced, some_of, thousands
from profile_router.values import frozen

if TYPE_CHECKING:
    from profile_router.core.found_check import FoundCheck
    from profile_router.core.ladder.early_score import EarlyScore
    from profile_router.core.ladder.receipt import Attempt, CheckBefore, CheckResult, Receipt, Verified
    from profile_router.core.ladder.steps import TakenStep
    from profile_router.core.ladder.weak_check import WeakCheck
    from profile_router.core.privacy.taint import Taint

_OF_FOUND = ("source", "inconclusive", "all_tests")


def receipt_json(receipt: Receipt) -> Json:
    """Return *receipt* as `run --json` prints it."""
    return named_fields(receipt, *receipt.__dataclass_fields__) | {
        "taints": _taints(receipt.taints),
        "doubts": list(receipt.doubts),
        "early": early_json(receipt.early),
    }


def early_json(score: EarlyScore | None) -> Json | None:
    """Return the score of an attempt, with each term of it, as JSON; None where there was none."""
    if score is None:
        return None
    terms = [named_fields(term, "sign", "points", "said") for term in score.terms]
    return {**named_fields(score, "turns", "needed", "total", "promotes", "spared"), "terms": terms}


def _taints(taints: Sequence[Taint]) -> list[Json]:
    return [named_fields(taint, "path", "why") for taint in taints]


def _weak(weak: Sequence[WeakCheck]) -> list[Json]:
    return [named_fields(one, "kind", "passed", "said", "trusted") for one in weak]


def verified_json(verified: Verified) -> Json:
    """Return *verified* as `run --json` prints it."""
    before = verified.before
    return {
        "files_changed": [
            named_fields(file, "path", "lines_added", "lines_removed") for file in verified.files_changed
        ],
        **named_fields(verified, "lines_added", "lines_removed"),
        "check": _check(verified.check, before),
        "before": before and {**named_fields(before, "passed", "why", "known"), "check": _check(before.check)},
        "put_back": list(verified.put_back),
        "taken_tests": verified.taken_tests,
        "ignored": list(verified.ignored),
        "weak": _weak(verified.weak),
        "unverified": list(verified.unverified),
    }


def _check(check: CheckResult | None, before: CheckBefore | None = None) -> Json | None:
    """Return *check* as JSON. Where it read a withheld file, its output is left out: a parent may be elsewhere."""
    if check is None:
        return None
    from profile_router.core.ladder.check_words import UNTOLD, changed_words, last_line  # not for `route`

    plain = named_fields(check, "command", "folder", "passed", "exit_code", "seconds", *_OF_FOUND)
    plain |= {"last_line": last_line(check), "taints": _taints(check.taints)}
    changed = check.difference
    if check.taints:
        return plain | {"why": UNTOLD if check.why else "", "difference": None}
    told = changed and {
        "words": changed_words(check),
        **{name: list(getattr(changed, name)) for name in ("fixed", "broke", "still", "others", "flaky")},
        **named_fields(changed, "ran", "ran_before", "uncovered"),
    }
    if told and told["fixed"] and before is not None and before.taints:  # ids that the check before printed alone
        told["fixed"] = [UNTOLD]
    return plain | {"why": check.why, "difference": told}


def attempt_line(attempt: Attempt) -> str:
    """Return how an attempt ended, in one line."""
    receipt = attempt.receipt
    served = receipt.model_served or receipt.model_asked
    happened = "" if attempt.failure is None else attempt.failure.message
    happened = happened.replace(backend_name(receipt.profile, receipt.host), receipt.host, 1)  # the line names both
    if receipt.host and receipt.host not in happened:
        served = f"{served} at {receipt.host}"
    if attempt.failure is not None:
        return f"{receipt.profile} · {served} · {happened}{_read(receipt)}"
    turns = counted(receipt.turns, "turn")
    tokens = f"{thousands(receipt.tokens_in)} in, {thousands(receipt.tokens_out)} out"
    cost = f"{priced(receipt.cost_usd, receipt.cost_source)} · {receipt.seconds:.1f} s{_read(receipt)}"
    return f"{receipt.profile} · {served} · {turns} · {tokens} · {cost}"


def _read(receipt: Receipt) -> str:
    if not receipt.taints:
        return ""
    from profile_router.core.privacy.taint import named  # `route` tells of no attempt

    return f" · read {named(receipt.taints)}"


def step_line(taken: TakenStep) -> str:
    """Return a step of the ladder in one line: what happened and what follows."""
    return f"stop: {taken.reason}" if taken.profile is None else taken.reason


@frozen(kw_only=False)
class VerifiedLine:
    """A line of what was verified, and what it is about. `passed` is that of a check.

    `unrun`: it stays open, as the check that was found may not run.
    """

    line: str
    about: Literal["files", "check", "weak", "unrun", "open"]
    passed: bool | None = None


def verified_lines(verified: Verified, found: FoundCheck | None = None) -> list[VerifiedLine]:
    """Return what was verified, a line each for files, check and what stays open; *found* is the task's own check."""
    changed = [changed_text(file.path, file.lines_added, file.lines_removed) for file in verified.files_changed]
    lines = [VerifiedLine(some_of(changed, 8) or "no file changed", "files")]
    if verified.check is not None and not verified.check.inconclusive:
        from profile_router.core.ladder.check_words import (  # not for `route`
            EARLIER,
            NOT_BEGUN,
            ended_check_line,
            passed_before,
        )

        if {EARLIER, NOT_BEGUN}.isdisjoint(verified.unverified):  # that line was told when the check ran
            said = ended_check_line(verified.check, passed_before(verified))
            lines.append(VerifiedLine(said, "check", verified.check.passed))
    if verified.taken_tests:
        lines.append(VerifiedLine(verified.taken_tests, "check", passed=False))
    if verified.put_back:
        lines.append(VerifiedLine(put_back_text(verified.put_back), "files"))
    if verified.ignored:
        lines.append(VerifiedLine(ignored_text(verified.ignored), "files"))
    weak = weak_words(_weak(verified.weak))
    lines += [VerifiedLine(f"weak: {', '.join(weak)}", "weak")] if weak else []
    unrun = found.unrun if found and found.refused else None
    for point in verified.unverified:
        lines.append(VerifiedLine(f"unverified: {point}", "unrun" if point == unrun else "open"))
    return lines


def put_back_text(paths: Sequence[str]) -> str:
    """Return that the test files *paths* are as they were before the work."""
    return f"put back before the check, as the task does not name it: {some_of(paths, 8)}"


def ignored_text(paths: Sequence[str]) -> str:
    """Return that the files *paths*, which git ignores, were changed or removed."""
    return f"ignored files changed: {some_of(paths, 8)}; `undo` does not have them"


def weak_words(weak: Sequence[Json]) -> list[str]:
    """Return what the *weak* checks of a result said; what failed comes first."""
    told = sorted(weak, key=lambda one: bool(one["passed"]))
    return [f"{one['said']}{' (trusted)' if one['trusted'] else ''}" for one in told]


def changed_text(path: str, added: int | None, removed: int | None) -> str:
    """Return what became of the file at *path*; lines of None: it is binary, or was only seen to change."""
    return f"{path} (lines not counted)" if added is None or removed is None else f"{path} +{added} −{removed}"
