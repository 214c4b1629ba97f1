"""Builders for decisions: the shipped policy, three profiles, and evidence by a word or two."""

from dataclasses import replace
from typing import Any

from profile_router.core.evidence import Evidence, ImageFact, PrivateFinding, Range, TokenCount, Window
from profile_router.core.language.kinds import KindHit
from profile_router.core.policy import Policy
from profile_router.core.routing.candidate import Candidate
from profile_router.core.routing.decide import decide
from profile_router.core.routing.route import Decision
from profile_router.core.task import Task
from profile_router.policies.file import SHIPPED, read_policy

POLICY = read_policy(SHIPPED)
CANDIDATES = {
    "coding-local": Candidate(name="coding-local", base_url="http://127.0.0.1:8080/v1", model="gemma"),
    "coding-burst": Candidate(name="coding-burst", base_url="https://openrouter.ai/api/v1", model="sonnet"),
    "review-cheap": Candidate(name="review-cheap", base_url="https://openrouter.ai/api/v1", model="deepseek"),
}
WINDOWS = (
    Window(profile="coding-local", tokens=32_768, source="config"),
    Window(profile="coding-burst", tokens=200_000, source="config"),
    Window(profile="review-cheap", tokens=128_000, source="config"),
)
IMAGE = ImageFact(place="shot.png", form="png", bytes=10)
LABEL = PrivateFinding(kind="label", place="--local-only")
RANK = {"cheap": 0, "local": 1, "burst": 2}


def stated(size: int) -> Range:
    return Range(size, size, "stated")


def tokens(count: int) -> TokenCount:
    return TokenCount(count, count, "counted")


def evidence(**changes: Any) -> Evidence:
    return replace(Evidence(tokens=tokens(1_000), chars=4_000, windows=WINDOWS), **changes)


def kinds(*names: str) -> tuple[KindHit, ...]:
    return tuple(KindHit(kind=name, quote=name) for name in names)


def decided(found: Evidence, *, policy: Policy = POLICY, **task: Any) -> Decision:
    return decide(Task(goal="do it", **task), found, policy, CANDIDATES)
