"""What a workspace's own `.profile-router.yaml` may say, and the policy that follows. Pure.

The file comes with the code, from the author of the code. It can take away, never give. A figure above the
policy's changes nothing, because the lower of both holds. Its reader refuses whatever is not
a figure, glob or switch of these.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field, fields, replace
from typing import Any, Literal

from profile_router.core.policy import CheckSwitch, ParentChat, Policy
from profile_router.core.policy.private import SWITCHES, PrivateRules
from profile_router.core.policy.rules import PrivateRule, bounded
from profile_router.values import frozen


@frozen
class MorePrivate(PrivateRules):
    """Globs whose files stay on this machine, and what else is private, on top of the policy's.

    A switch that is false here changes nothing: what the policy has on stays on.
    """

    paths: tuple[str, ...] = ()

    def rules(self) -> PrivateRules:
        """Return what is said here of texts."""
        return PrivateRules(**{field.name: getattr(self, field.name) for field in fields(PrivateRules)})


@frozen
class StricterPromotion:
    """How a task goes on after a tainted attempt: a workspace may have its changes taken back; None leaves it."""

    tainted_changes: Literal["back"] | None = None


@frozen
class LowerLimits:
    """The limits of the policy that a workspace may lower, in the policy's own units; None leaves one alone."""

    run_seconds: float | None = field(default=None, metadata=bounded(1))
    check_seconds: float | None = field(default=None, metadata=bounded(1))
    check_before_seconds: float | None = field(default=None, metadata=bounded(0))
    max_turns: int | None = field(default=None, metadata=bounded(1))
    parallel: int | None = field(default=None, metadata=bounded(1))
    conversation_tokens: int | None = field(default=None, metadata=bounded(0))
    tool_result_chars: int | None = field(default=None, metadata=bounded(200))
    task_usd: float | None = field(default=None, metadata=bounded(0))
    ask_above_usd: float | None = field(default=None, metadata=bounded(0))


@frozen
class LessChat:
    """What models elsewhere hear of the parent's chat: `none` beats the policy, `turns` changes nothing."""

    elsewhere: Literal["none", "turns"] = "turns"


LessChecked = Literal["ask", "off"]
_LOOSER_CHECKS: tuple[CheckSwitch, ...] = ("off", "ask", "auto")  # each lets more of the workspace's code run
# The figures of the policy's budget; all others are its limits.
_MONEY = frozenset({"task_usd", "ask_above_usd"})


@frozen
class WorkspacePolicy:
    """What one such file says. `local_only`: all work here is private. `check` beats a policy that lets more run.
    `source` and `digest` are the file's."""

    private: MorePrivate = MorePrivate()
    local_only: bool = False
    limits: LowerLimits = LowerLimits()
    promotion: StricterPromotion = StricterPromotion()
    conversation: LessChat = LessChat()
    check: LessChecked | None = None
    source: str = ""
    digest: str = ""


def tightened_policy(policy: Policy, by: WorkspacePolicy) -> tuple[Policy, tuple[str, ...]]:
    """Return *policy* as *by* tightens it, and a line for each figure of *by* that would have loosened it."""
    lower, refused = _lowered(policy, by)
    limits = {name: value for name, value in lower.items() if name not in _MONEY}
    budget = {name: value for name, value in lower.items() if name in _MONEY}
    paths = tuple(dict.fromkeys((*policy.private_paths, *by.private.paths)))
    rules = tuple(replace(rule, paths=paths) if isinstance(rule, PrivateRule) else rule for rule in policy.rules)
    result = replace(
        policy,
        rules=rules,
        workspace_private=_together(policy.workspace_private, by.private.rules()),
        limits=replace(policy.limits, **limits),
        budget=replace(policy.budget, **budget),
        promotion=replace(
            policy.promotion, tainted_changes=by.promotion.tainted_changes or policy.promotion.tainted_changes
        ),
        conversation=ParentChat(elsewhere="none") if by.conversation.elsewhere == "none" else policy.conversation,
        check=min(policy.check, by.check or policy.check, key=_LOOSER_CHECKS.index),
        local_only_by=policy.local_only_by or (by.source if by.local_only else ""),
        digest=f"{policy.digest}+{by.digest}",
    )
    return result, refused


def changes(before: Policy, after: Policy) -> Iterator[str]:
    """Yield what is tighter in *after*, a line each, as `policy show` tells it."""
    more = [path for path in after.private_paths if path not in before.private_paths]
    if more:
        yield f"private paths: {', '.join(more)}"
    for name in ("words", "patterns"):
        added = [
            each
            for each in getattr(after.workspace_private, name)
            if each not in getattr(before.workspace_private, name)
        ]
        if added:
            yield f"private {name}: {', '.join(added)}"
    on = [name for name in SWITCHES if after.confidential.switched(name) and not before.confidential.switched(name)]
    if on:
        yield f"private kinds of data: {', '.join(on)}"
    if after.local_only_by and not before.local_only_by:
        yield "local_only: all work here is private"
    if after.promotion.tainted_changes != before.promotion.tainted_changes:
        yield f"promotion.tainted_changes: {after.promotion.tainted_changes}"
    if after.conversation != before.conversation:
        now, was = after.conversation.elsewhere, before.conversation.elsewhere
        yield f"conversation.elsewhere: {now} (the policy's is {was})"
    if after.check != before.check:
        yield f"check: {after.check} (the policy's is {before.check})"
    for limit in fields(LowerLimits):
        old, new = policy_figure(before, limit.name), policy_figure(after, limit.name)
        if old != new:
            yield f"limits.{limit.name}: {new:g} (the policy's is {old:g})"


def _together(one: PrivateRules, other: PrivateRules) -> PrivateRules:
    return PrivateRules(
        words=tuple(dict.fromkeys((*one.words, *other.words))),
        patterns=tuple(dict.fromkeys((*one.patterns, *other.patterns))),
        **{name: getattr(one, name) or getattr(other, name) for name in SWITCHES},
    )


def policy_figure(policy: Policy, name: str) -> float:
    """Return the policy's own figure of the limit *name* that a workspace may lower."""
    found: float = getattr(policy.budget if name in _MONEY else policy.limits, name)
    return found


def _lowered(policy: Policy, by: WorkspacePolicy) -> tuple[dict[str, Any], tuple[str, ...]]:
    wanted = {limit.name: getattr(by.limits, limit.name) for limit in fields(LowerLimits)}
    given = {name: value for name, value in wanted.items() if value is not None}
    lower = {name: value for name, value in given.items() if value <= policy_figure(policy, name)}
    refused = (
        f"{by.source}: limits.{name} {value:g} is above the policy's {policy_figure(policy, name):g}, which stays"
        for name, value in given.items()
        if name not in lower
    )
    return lower, tuple(refused)
