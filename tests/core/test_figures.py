"""The evidence as figures holds no name and no text. Any policy decides on it as on the evidence itself."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples
from tests.fakes import BURST, LOCAL, PRIVATE, a_policy, a_task, candidates, evidence, stated

from profile_router.core.evidence import Evidence, ImageFact, NamedFile, PrivateFinding, Range, TokenCount, Window
from profile_router.core.language.kinds import KindHit
from profile_router.core.policy import Policy, Tiers
from profile_router.core.routing.decide import decide
from profile_router.core.routing.route import Route
from profile_router.core.task import Task
from profile_router.core.telling.figures import evidence_figures, evidence_of, task_figures, task_of_figures

IMAGE = ImageFact(place="docs/secret-plan.png", form="png", bytes=12)
FILE = NamedFile(path="src/acme.py", bytes=9_000, lines=200)
MEASURED: dict[str, dict[str, Any]] = {
    "nothing known": {},
    "a file": {"files": (FILE,), "files_to_read": Range(1, 1, "measured")},
    "many files": {"files_to_read": stated(60)},
    "in the band": {"files_to_read": stated(25)},
    "an open end": {"files_to_edit": Range(30, None, "measured")},
    "an image": {"images": (IMAGE,)},
    "private": {"private": (PRIVATE, PrivateFinding(kind="path", place="secrets/plan.txt"))},
    "lint": {"kinds": (KindHit(kind="lint", quote="lint the acme module"),)},
    "a wide refactor": {"kinds": (KindHit(kind="refactor", quote="refactor acme"),), "scope_word": "whole"},
    "long": {"tokens": 20_000, "window": 32_768},
    "over the window": {"tokens": 40_000, "fixed": TokenCount(900, 900, "counted")},
    "a server's count": {"windows": (Window(profile=LOCAL, tokens=8_192, source="server", prompt_tokens=7_000),)},
}
TASKS = {"plain": a_task(), "local only": a_task(local_only=True), "a profile": a_task(profile=BURST)}
POLICIES = {"shipped": a_policy(), "changed": a_policy(tiers=Tiers(local=LOCAL, burst=BURST))}


def route(task: Task, measured: Evidence, policy: Policy) -> tuple[Any, ...]:
    found = decide(task, measured, policy, candidates())
    if not isinstance(found, Route):
        return ("refused", found.rule)
    return found.profile, found.tier, found.rule, found.needs_probe, found.condense, found.estimate


def again(task: Task, measured: Evidence) -> tuple[Task, Evidence]:
    """Return both as the ledger gives them back."""
    figures = json.loads(json.dumps([task_figures(task), evidence_figures(measured)]))
    return task_of_figures(figures[0]), evidence_of(figures[1])


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("measured", MEASURED)
def test_a_policy_decides_on_the_figures_as_on_the_evidence(measured: str, task: str, policy: str) -> None:
    found = evidence(**MEASURED[measured])
    assert route(*again(TASKS[task], found), POLICIES[policy]) == route(TASKS[task], found, POLICIES[policy])


SIZES = st.builds(Range, st.integers(0, 90), st.none() | st.integers(90, 900), st.sampled_from(["stated", "guessed"]))


@examples(100)
@given(read=SIZES, edit=SIZES, lines=SIZES, tokens=st.integers(0, 50_000), image=st.booleans())
def test_that_holds_for_any_sizes(read: Range, edit: Range, lines: Range, tokens: int, image: bool) -> None:
    sizes: dict[str, Any] = {"files_to_read": read, "files_to_edit": edit, "lines_to_edit": lines}
    found = evidence(tokens=tokens, images=(IMAGE,) * image, **sizes)
    assert route(*again(a_task(), found), a_policy()) == route(a_task(), found, a_policy())


def test_the_figures_hold_no_name_of_a_file_and_no_word_of_a_task() -> None:
    task = replace(a_task("refactor acme", context="acme", check="make acme", files=("src/acme.py",)), thread="acme")
    found = evidence(
        files=(FILE,), images=(IMAGE,), kinds=(KindHit(kind="refactor", quote="refactor acme"),),
        private=(PrivateFinding(kind="path", place="secrets/acme.txt"),), notes=("acme is large",),
    )  # fmt: skip
    figures = json.dumps([task_figures(task), evidence_figures(found)])
    assert not [word for word in ("acme", "secret-plan", "secrets/") if word in figures]
