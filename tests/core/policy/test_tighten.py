"""A workspace's own file takes away and never gives."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st
from tests.core.cases import POLICY

from profile_router.core.policy import ParentChat, Policy
from profile_router.core.policy.private import NO_CONFIDENTIAL, SWITCHES, PrivateRules
from profile_router.core.policy.rules import PrivateRule
from profile_router.core.policy.tighten import (
    LessChat,
    LowerLimits,
    MorePrivate,
    StricterPromotion,
    WorkspacePolicy,
    changes,
    tightened_policy,
)

FIGURES = [limit.name for limit in fields(LowerLimits)]
FILES = st.builds(
    WorkspacePolicy,
    private=st.builds(
        MorePrivate,
        **{
            name: st.lists(st.text(min_size=1, max_size=9), max_size=4).map(tuple)
            for name in ("paths", "words", "patterns")
        },
        **{name: st.booleans() for name in SWITCHES},
    ),
    local_only=st.booleans(),
    limits=st.builds(LowerLimits, **{name: st.none() | st.integers(1, 2_000_000) for name in FIGURES}),
    promotion=st.builds(StricterPromotion, tainted_changes=st.sampled_from([None, "back"])),
    conversation=st.builds(LessChat, elsewhere=st.sampled_from(["none", "turns"])),
    source=st.just("w/.profile-router.yaml"),
    digest=st.just("0" * 12),
)


@given(FILES, FILES, st.sampled_from(["none", "turns"]))
def test_whatever_the_file_says_the_policy_is_never_looser(
    one: WorkspacePolicy, other: WorkspacePolicy, elsewhere: Literal["none", "turns"]
) -> None:
    shipped = replace(POLICY, conversation=ParentChat(elsewhere=elsewhere))
    once, _ = tightened_policy(shipped, one)
    twice, _ = tightened_policy(once, other)
    for before, after in ((shipped, once), (once, twice)):
        assert "none" not in (before.conversation.elsewhere, one.conversation.elsewhere) or (
            twice.conversation.elsewhere == "none"
        )
        assert set(before.private_paths) <= set(after.private_paths)
        assert set(before.workspace_private.words) <= set(after.workspace_private.words)
        assert set(before.workspace_private.patterns) <= set(after.workspace_private.patterns)
        assert all(after.confidential.switched(name) >= before.confidential.switched(name) for name in SWITCHES)
        assert bool(after.local_only_by) >= bool(before.local_only_by)
        for section in ("limits", "budget"):
            for old, new, name in _figures(before, after, section):
                assert new <= old if name in FIGURES else new == old
        assert _rest(after) == _rest(before)


def _figures(before: Policy, after: Policy, section: str) -> list[tuple[float, float, str]]:
    old, new = getattr(before, section), getattr(after, section)
    return [(getattr(old, each.name), getattr(new, each.name), each.name) for each in fields(old)]


def _rest(policy: Policy) -> Policy:
    """Return *policy* without what a workspace may tighten: everything else has to stay as it was."""
    rules = tuple(replace(rule, paths=()) if isinstance(rule, PrivateRule) else rule for rule in policy.rules)
    return replace(
        policy,
        rules=rules,
        limits=POLICY.limits,
        budget=POLICY.budget,
        local_only_by="",
        digest="",
        conversation=POLICY.conversation,
        workspace_private=NO_CONFIDENTIAL.workspace,
    )


@given(FILES)
def test_the_order_of_two_files_plays_no_part(one: WorkspacePolicy) -> None:
    other = WorkspacePolicy(limits=LowerLimits(max_turns=7), source="x")
    first = tightened_policy(tightened_policy(POLICY, one)[0], other)[0]
    second = tightened_policy(tightened_policy(POLICY, other)[0], one)[0]
    assert first.limits == second.limits


def test_a_higher_figure_leaves_the_policys_and_says_so() -> None:
    asked = WorkspacePolicy(limits=LowerLimits(max_turns=POLICY.limits.max_turns + 1), source="w/.profile-router.yaml")
    policy, refused = tightened_policy(POLICY, asked)
    assert policy.limits == POLICY.limits
    wanted, stays = POLICY.limits.max_turns + 1, POLICY.limits.max_turns
    assert refused == (
        f"w/.profile-router.yaml: limits.max_turns {wanted:g} is above the policy's {stays:g}, which stays",
    )


def test_what_is_tighter_is_told_line_by_line() -> None:
    asked = WorkspacePolicy(
        private=MorePrivate(paths=("contracts/**",), words=("Acme",), patterns=("x-[0-9]+",), iban=True, ssn=True),
        local_only=True,
        limits=LowerLimits(run_seconds=60.0),
        source="w",
    )
    policy, _ = tightened_policy(POLICY, asked)
    assert list(changes(POLICY, policy)) == [
        "private paths: contracts/**",
        "private words: Acme",
        "private patterns: x-[0-9]+",
        "private kinds of data: ssn, iban",
        "local_only: all work here is private",
        f"limits.run_seconds: 60 (the policy's is {POLICY.limits.run_seconds:g})",
    ]
    assert policy.digest != POLICY.digest


def test_the_changes_of_a_tainted_attempt_may_be_taken_back_and_never_let_pass() -> None:
    asked = WorkspacePolicy(promotion=StricterPromotion(tainted_changes="back"))
    passing = replace(POLICY, promotion=replace(POLICY.promotion, tainted_changes="pass"))
    for policy, told in ((passing, ["promotion.tainted_changes: back"]), (POLICY, [])):
        after, _ = tightened_policy(policy, asked)
        assert after.promotion.tainted_changes == "back"
        assert list(changes(policy, after)) == told
    assert tightened_policy(passing, WorkspacePolicy())[0].promotion.tainted_changes == "pass"


def test_where_nothing_is_tighter_nothing_is_told() -> None:
    here, _ = tightened_policy(POLICY, WorkspacePolicy(local_only=True, source="w"))
    assert list(changes(POLICY, POLICY)) == list(changes(here, here)) == []


def test_the_policys_own_figure_is_not_higher() -> None:
    same = LowerLimits(max_turns=POLICY.limits.max_turns)
    assert tightened_policy(POLICY, WorkspacePolicy(limits=same))[1] == ()


def test_a_workspace_switches_nothing_off() -> None:
    on = replace(POLICY, private=PrivateRules(words=("Acme",), cards=True))
    policy, _ = tightened_policy(on, WorkspacePolicy(private=MorePrivate(cards=False), source="w"))
    assert policy.private == on.private
    assert policy.confidential.switched("cards")
