"""What would flip a route. Each candidate is tried on the decision itself, so that what is shown is true."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from profile_router.core.evidence import Evidence, ImageFact, Range, TokenCount, Window
from profile_router.core.policy import Policy
from profile_router.core.policy.rules import LargeChangeRule, LongContextRule, SmallChangeRule
from profile_router.core.routing.route import Decision, Refusal, Route
from profile_router.core.routing.window_fit import counting_limits
from profile_router.core.task import Task

Trial = tuple[str, str, Task, Evidence]  # unit, what a person reads, and the task and evidence so changed
_AN_IMAGE = ImageFact(place="an image", form="png", bytes=1)


def find_flips(
    task: Task, evidence: Evidence, policy: Policy, decide: Callable[[Task, Evidence], Decision], now: Route
) -> tuple[str, ...]:
    """Return lines like `20 files or 200 lines → probe`: each change that leads elsewhere, grouped by where."""
    there: dict[str, dict[str, str]] = {}
    for unit, label, changed_task, changed in _trials(task, evidence, policy):
        target = _target(decide(changed_task, changed))
        if target != _target(now):
            there.setdefault(target, {}).setdefault(unit, label)
    return tuple(f"{_either(list(labels.values()))} → {target}" for target, labels in there.items())


def _target(decision: Decision) -> str:
    if isinstance(decision, Refusal):
        return "refused"
    return "probe" if decision.needs_probe else decision.profile


def _either(labels: list[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} or {labels[-1]}"


def _trials(task: Task, evidence: Evidence, policy: Policy) -> Iterator[Trial]:
    """Yield what could change, smallest step first: growing, then shrinking, then lifting what the caller said."""
    for limit in _file_limits(policy):
        if limit > max(evidence.files_to_read.top, evidence.files_to_edit.top):
            yield "files", f"{limit} files", task, replace(evidence, files_to_read=Range(limit, limit, "stated"))
    for limit in _line_limits(policy):
        if limit > evidence.lines_to_edit.top:
            yield "lines", f"{limit} lines", task, replace(evidence, lines_to_edit=Range(limit, limit, "stated"))
    if not evidence.images:
        yield "image", "an image", task, replace(evidence, images=(_AN_IMAGE,))
    for limit in _token_limits(evidence, policy):
        if limit > evidence.tokens.high:
            longer = replace(evidence, tokens=TokenCount(limit, limit, "counted"), windows=_uncounted(evidence))
            yield "tokens", f"{limit:,} tokens", task, longer
    yield from _shrinking(task, evidence, policy)


def _shrinking(task: Task, evidence: Evidence, policy: Policy) -> Iterator[Trial]:
    if evidence.images:
        yield "image", "no image", task, replace(evidence, images=())
    for limit in reversed(_file_limits(policy)):
        if max(evidence.files_to_read.top, evidence.files_to_edit.top) >= limit:
            fewer = Range(limit - 1, limit - 1, "stated")
            yield "files", f"{limit - 1} files", task, replace(evidence, files_to_read=fewer, files_to_edit=fewer)
    for limit in _line_limits(policy):
        if evidence.lines_to_edit.known and evidence.lines_to_edit.top >= limit:
            yield (
                "lines",
                f"{limit - 1} lines",
                task,
                replace(evidence, lines_to_edit=Range(limit - 1, limit - 1, "stated")),
            )
    for hit in evidence.kinds:
        others = tuple(other for other in evidence.kinds if other != hit)
        yield hit.kind, f"no {hit.kind}", task, replace(evidence, kinds=others)
    if task.profile is not None:
        yield "profile", "no --profile", replace(task, profile=None), evidence
    if evidence.private:
        yield "private", "nothing private", replace(task, local_only=False), replace(evidence, private=())


def _file_limits(policy: Policy) -> tuple[int, ...]:
    limits = set()
    for rule in policy.rules:
        if isinstance(rule, SmallChangeRule):
            limits.add(rule.below_files)
        if isinstance(rule, LargeChangeRule):
            limits.add(rule.above_files + 1)
    return tuple(sorted(limits))


def _line_limits(policy: Policy) -> tuple[int, ...]:
    return tuple(rule.below_lines for rule in policy.rules if isinstance(rule, SmallChangeRule))


def _token_limits(evidence: Evidence, policy: Policy) -> tuple[int, ...]:
    above = next((rule.above_tokens for rule in policy.rules if isinstance(rule, LongContextRule)), None)
    local = evidence.window(policy.tiers.local)
    return tuple(limit + 1 for limit in counting_limits((local,) if local else (), policy.counting, above))


def _uncounted(evidence: Evidence) -> tuple[Window, ...]:
    """Return the windows without the server's count, which belongs to the prompt as it is."""
    return tuple(replace(window, prompt_tokens=None) for window in evidence.windows)
