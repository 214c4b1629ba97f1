"""The conditions of the policy's rules, one function each, and the table that names them.

A condition returns the reasons why it fires, or None. The reasons quote the evidence. Which tier a rule leads to, its
thresholds and its place in the order are the policy's, not this module's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from profile_router.core.evidence import Evidence, Range
from profile_router.core.locating.located import Located, SizeGuess
from profile_router.core.policy import Policy
from profile_router.core.policy.rules import (
    BorderlineRule,
    KindsRule,
    LargeChangeRule,
    LightRule,
    LongContextRule,
    PrivateRule,
    Refactor,
    SmallChangeRule,
    VisionRule,
)
from profile_router.core.routing.window_fit import fits, fits_text
from profile_router.values import frozen

Reasons = tuple[str, ...]
_PRIVATE: Mapping[str, str] = {
    "label": "labelled local-only ({place})",
    "path": "{place} is a private path",
    "thread": "{place}",
    "unread": "{place}",
}


@frozen
class Case:
    """What a condition looks at: the evidence, the policy, and the profile that its rule would lead to."""

    evidence: Evidence
    policy: Policy
    profile: str


def files_said(evidence: Evidence) -> str:
    """Say how many files the task reads and edits, and how that is known."""
    read = _range_text(evidence.files_to_read, "file", "to read")
    return f"{read}, {_range_text(evidence.files_to_edit, 'file', 'to edit')}"


def lines_text(evidence: Evidence) -> str:
    """Say how many lines the task edits, and how that is known."""
    return _range_text(evidence.lines_to_edit, "line", "to edit")


def _range_text(of: Range, unit: str, purpose: str) -> str:
    if of.high == 0:
        return f"no {unit} {purpose} ({of.source})"
    if not of.known:
        return f"{unit}s {purpose} unknown"
    amount = f"{of.low:,}" if of.high == of.low else f"{of.low:,}–{of.top:,}"
    plural = "" if amount == "1" else "s"
    return f"{amount} {unit}{plural} {purpose} ({of.source})"


def _known_low(*sizes: Range) -> int:
    return max((size.low for size in sizes if size.known), default=0)


def _known_top(*sizes: Range) -> int:
    return max((size.top for size in sizes if size.known), default=0)


def _kind_reason(case: Case, kinds: tuple[str, ...]) -> Reasons | None:
    hit = case.evidence.kind(*kinds)
    return None if hit is None else (f"the act asked for is {hit.kind} ('{hit.quote}')",)


def private(case: Case, _rule: PrivateRule) -> Reasons | None:
    """Fire on any private finding."""
    if not case.evidence.private:
        return None
    found = [_PRIVATE.get(finding.kind, "{kind} in {place}") for finding in case.evidence.private]
    said = [
        text.format(kind=finding.kind, place=finding.place)
        for text, finding in zip(found, case.evidence.private, strict=True)
    ]
    return (f"{said[0]}, so the task stays on this machine", *said[1:])


def vision(case: Case, _rule: VisionRule) -> Reasons | None:
    """Fire on any image."""
    images = case.evidence.images
    if not images:
        return None
    shown = ", ".join(f"{image.place} ({image.form})" for image in images[:3])
    return (f"{len(images)} image{'s' if len(images) > 1 else ''}: {shown}",)


def security_or_api_design(case: Case, rule: KindsRule) -> Reasons | None:
    """Fire when the act asked for is one of the rule's kinds."""
    return _kind_reason(case, rule.kinds)


def large_change(case: Case, rule: LargeChangeRule) -> Reasons | None:
    """Fire on many files, on an architecture change, or on a large refactor."""
    evidence = case.evidence
    if _known_low(evidence.files_to_read, evidence.files_to_edit) > rule.above_files:
        return (f"{files_said(evidence)}: above {rule.above_files}",)
    return _kind_reason(case, rule.kinds) or _large_refactor(evidence, rule.refactor)


def _large_refactor(evidence: Evidence, limits: Refactor) -> Reasons | None:
    hit = evidence.kind("refactor")
    if hit is None:
        return None
    if evidence.scope_word:
        return (f"a refactor ('{hit.quote}') over a wide scope ('{evidence.scope_word}')",)
    if _known_top(evidence.files_to_read, evidence.files_to_edit) >= limits.files:
        return (f"a refactor ('{hit.quote}') of {files_said(evidence)}: {limits.files} or more",)
    if _known_top(evidence.lines_to_edit) >= limits.lines:
        return (f"a refactor ('{hit.quote}') of {lines_text(evidence)}: {limits.lines} or more",)
    return None


def lint_or_summarize(case: Case, rule: LightRule) -> Reasons | None:
    """Fire on light kinds of work that stay small and fit the window of the profile they would go to."""
    evidence = case.evidence
    window = evidence.window(case.profile)
    small = (
        _known_top(evidence.lines_to_edit) < rule.below_lines
        and _known_top(evidence.files_to_read, evidence.files_to_edit) <= rule.up_to_files
    )
    if not small or window is None or not fits(evidence, window, case.policy.counting):
        return None
    return _kind_reason(case, rule.kinds)


def long_context(case: Case, rule: LongContextRule) -> Reasons | None:
    """Fire when the prompt is over a limit of the policy, or over what the local window really holds."""
    evidence = case.evidence
    if evidence.tokens.low > rule.above_tokens:
        return (f"{tokens_text(evidence)} of prompt: above {rule.above_tokens:,}",)
    if evidence.chars > rule.above_chars:
        return (f"{evidence.chars:,} characters of prompt: above {rule.above_chars:,}",)
    window = evidence.window(case.policy.tiers.local)
    if window is not None and not fits(evidence, window, case.policy.counting):
        return (f"the prompt is over the local window: {fits_text(evidence, window, case.policy.counting)}",)
    return None


def tokens_text(evidence: Evidence) -> str:
    """Say how many tokens the prompt has: exactly, or at most."""
    count = evidence.tokens
    if count.low == count.high:
        return f"{count.high:,} tokens"
    return f"at most {count.high:,} tokens" if count.source == "bounded" else f"over {count.low:,} tokens"


def small_change(case: Case, rule: SmallChangeRule) -> Reasons | None:
    """Fire below both limits, and where nothing is a sign that the task is large."""
    evidence = case.evidence
    sizes = (evidence.files_to_read, evidence.files_to_edit, evidence.lines_to_edit)
    if not any(size.known for size in sizes):
        return _unsized(evidence.located, rule)
    files = _known_top(evidence.files_to_read, evidence.files_to_edit)
    if files < rule.below_files and _known_top(evidence.lines_to_edit) < rule.below_lines:
        return (files_said(evidence), lines_text(evidence) if evidence.lines_to_edit.known else "few lines (guessed)")
    return None


def _unsized(located: Located | None, rule: SmallChangeRule) -> Reasons | None:
    """Say what the repository tells of a task that states no size; None where it is large, or its files too central.

    It says that nothing shows a large change only where the history was asked, and agrees.
    """
    if located is None:
        return ("nothing tells its size: local first",)
    size, busy = located.size, located.centrality or 0.0
    if (size is not None and size.size in rule.unless_like) or (located.told and busy >= rule.below_centrality):
        return None
    where = (probably(located),) if located.told else ()
    if size is None:
        return (*where, "nothing tells its size: local first")
    return (*where, f"{like_it(size)}: no sign of a large change")


def probably(located: Located) -> str:
    """Say where a task probably works, and how sure that is."""
    return f"probably {', '.join((*located.first, *located.tests[:1]))} ({located.confidence})"


def like_it(guess: SizeGuess) -> str:
    """Say how large a task is by the commits like it."""
    return f"{guess.size} by {guess.neighbours} commit{'s' if guess.neighbours > 1 else ''} like it"


def borderline(case: Case, _rule: BorderlineRule) -> Reasons | None:
    """Fire on all that is left: known evidence in the band, or what the repository says is large."""
    evidence = case.evidence
    sizes = (evidence.files_to_read, evidence.files_to_edit, evidence.lines_to_edit)
    located = evidence.located
    if located is None or any(size.known for size in sizes):
        return (f"between small and large: {files_said(evidence)}, {lines_text(evidence)}",)
    where = (probably(located),) if located.told else ()
    busy = () if located.size or located.centrality is None else (f"its files are busy ({located.centrality:.2f})",)
    return (*where, *((like_it(located.size),) if located.size else busy))


CONDITIONS: Mapping[str, Callable[[Case, Any], Reasons | None]] = {
    "private": private,
    "vision": vision,
    "security-or-api-design": security_or_api_design,
    "large-change": large_change,
    "lint-or-summarize": lint_or_summarize,
    "long-context": long_context,
    "small-change": small_change,
    "borderline": borderline,
}
