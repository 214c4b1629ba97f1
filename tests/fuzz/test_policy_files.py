"""Whatever stands in any policy, the result is a policy, or one line that names file and line."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from tests.core.cases import CANDIDATES, POLICY, evidence
from tests.examples import examples
from tests.fuzz.mutations import octets, texts, trees

from profile_router.core.policy import Policy
from profile_router.core.policy.tighten import LowerLimits, WorkspacePolicy, policy_figure, tightened_policy
from profile_router.core.routing.decide import decide
from profile_router.core.task import Task
from profile_router.errors import PolicyError
from profile_router.policies.file import SHIPPED, read_policy
from profile_router.policies.workspace_rules import RULES_FILE, read_workspace_policy

TEXT = SHIPPED.read_text(encoding="utf-8")
TREE = yaml.load(TEXT, yaml.CSafeLoader)
OWN = 'private:\n  paths: ["contracts/**", "*.sql"]\n  words: ["Acme"]\n  patterns: ["x-[0-9]+"]\n  ssn: true\nlocal_only: true\nlimits: {run_seconds: 60, max_turns: 9000, task_usd: 0.5}\n'


def read(content: str | bytes) -> Policy | None:
    """Return the policy in *content*, None where it was refused as it must be."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "policy.yaml")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        try:
            return read_policy(path)
        except PolicyError as error:
            is_one_line(error, path)
            has_a_line(error)
    return None


def has_a_line(error: PolicyError) -> None:
    assert error.line or "UTF-8" in str(error)


def is_one_line(error: PolicyError, path: Path) -> None:
    message = str(error)
    assert message.startswith(str(path))
    assert len(message.splitlines()) == 1, message
    assert len(message) < 2_000, "what is wrong is shown, not the whole of it"
    assert message.isprintable(), "a policy drives no terminal"


@examples(60)
@given(texts(TEXT))
def test_a_damaged_text_is_a_policy_or_a_refusal_with_its_line(text: str) -> None:
    read(text)


@examples(40)
@given(octets(TEXT.encode()))
def test_damaged_bytes_are_a_policy_or_a_refusal(content: bytes) -> None:
    read(content)


@examples(60)
@given(trees(TREE))
def test_odd_values_are_refused_and_what_is_taken_decides_every_task(tree: Any) -> None:
    policy = read(yaml.safe_dump(tree, sort_keys=False))
    if policy is not None:
        decide(Task(goal="rename it"), evidence(), policy, CANDIDATES)


@pytest.mark.parametrize(
    "bomb",
    [
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
        "a: &a {<<: *a}\n",
        "- " * 5_000,
        "{" * 5_000,
        "a: " + "[" * 5_000 + "]" * 5_000,
        "? " * 5_000,
        "!!python/object/apply:os.system [true]\n",
        "x" * 1_000_001,
    ],
)
def test_a_bomb_is_refused_at_the_door(bomb: str) -> None:
    assert read(bomb) is None
    assert read(TEXT + bomb) is None


def of_workspace(content: bytes) -> WorkspacePolicy | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, RULES_FILE)
        path.write_bytes(content)
        try:
            return read_workspace_policy(Path(folder))
        except PolicyError as error:
            is_one_line(error, path)
    return None


@examples(120)
@given(octets(OWN.encode()))
def test_a_strangers_file_tightens_or_is_refused(content: bytes) -> None:
    found = of_workspace(content)
    if found is not None:
        policy, _ = tightened_policy(POLICY, found)
        assert set(policy.private_paths) >= set(POLICY.private_paths)
        assert all(
            policy_figure(policy, name) <= policy_figure(POLICY, name) for name in LowerLimits.__dataclass_fields__
        )
        same = {"rules", "limits", "budget", "local_only_by", "workspace_private", "digest"}
        assert all(getattr(policy, name) == getattr(POLICY, name) for name in set(Policy.__dataclass_fields__) - same)
