"""What the operator calls private acts wherever secrets act: each surface has a test, and its calls are held."""

from __future__ import annotations

import ast
import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.core.cases import POLICY
from tests.fakes import FakeSessions

from profile_router.core.attempt.handoff import FileDiff, Handoff, private_in
from profile_router.core.conversation import Turn
from profile_router.core.evidence import NamedFile
from profile_router.core.policy.private import Confidential, PrivateRules
from profile_router.core.task import Task
from profile_router.errors import PolicyError
from profile_router.evidence.conversation import share
from profile_router.evidence.private_scan import file_reader, find_private
from profile_router.policies.file import SHIPPED, read_policy
from profile_router.runners.tools import editing, reading, search
from profile_router.runners.tools.answer_shape import ToolRefusal
from profile_router.runners.tools.fence import Fence
from profile_router.verify.changes.diffs import WorkDiffs
from profile_router.verify.changes.private_copies import PrivatePieces
from profile_router.verify.checking.check import run_check
from profile_router.withheld.whole_scan import ReadBudget, secret_in, windows

ROOT = Path(__file__).resolve().parents[2]
OWN = Confidential(policy=PrivateRules(words=("Zanzibar",), patterns=(r"case-\d{4}",), ssn=True))
KIND = "private word 1 of the policy"
ROOM = 6_000
# It asks whether a file of an installed package holds settings alone, not what may be shown of it.
EXEMPT = {"survey.py"}
TAKES_CONFIDENTIAL = {
    "masked",
    "private_text",
    "findings",
    "secret_spans",
    "find_private",
    "private_in",
    "run_check",
    "secret_in",
    "Secrets",
    "HiddenFiles",
    "Fence",
    "WorkDiffs",
    "WorkspaceVerifier",
}


def calls_for_secrets_alone(tree: ast.AST) -> list[str]:
    """Return the calls that would look for secrets alone. A partial call of one of them counts as a call."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", None) or getattr(node.func, "attr", "")
        if name == "partial" and node.args:
            name = getattr(node.args[0], "id", "")
        if name in TAKES_CONFIDENTIAL:
            said = ast.unparse(node)
            if not any(word in said for word in ("confidential", "keys_only", "secrets=")):
                found.append(f"{node.lineno}: {said}")
    return found


def test_no_caller_looks_for_secrets_alone() -> None:
    for folder in ("skill/profile_router", "graphs/profile_router_graphs"):
        for path in sorted(path for path in (ROOT / folder).rglob("*.py") if path.name not in EXEMPT):
            assert not calls_for_secrets_alone(ast.parse(path.read_text())), path


def test_the_task_text_a_named_file_and_its_name(tmp_path: Path) -> None:
    (tmp_path / "plan.txt").write_text("one\ntwo for Zanzibar\n")
    files = (NamedFile(path="plan.txt", bytes=20, lines=2, form="text"),)
    found = find_private("for zanzibar", files, (), file_reader(tmp_path), given=("zanzibar/x.py",), confidential=OWN)
    assert [(each.kind, each.place) for each in found] == [
        (KIND, "the task text"),
        (KIND, "the name of a file"),
        (KIND, "plan.txt:2"),
    ]
    named = find_private("x", (), ("*.pem",), file_reader(tmp_path), given=("zanzibar/x.pem",), confidential=OWN)
    assert "zanzibar" not in repr(named).lower()


def test_what_tools_show_a_model_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\ncustomer = 'Zanzibar'  # case-1234\n")
    fence = Fence(tmp_path, confidential=OWN)
    page = reading.read_page(fence, "a.py", 1, 200, ROOM)
    assert f"customer = '[secret: {KIND}]'  # [secret: private pattern 1 of the policy]" in page
    assert "Zanzibar" not in search.search_files(fence, "customer", "**/*", ROOM)
    assert fence.seen("about Zanzibar") == f"about [secret: {KIND}]"
    assert fence.withhold("a.py", "Zanzibar") == f"holds a {KIND}"
    with pytest.raises(ToolRefusal):
        editing.replace(fence, "a.py", "Zanzibar", "x")
    assert "Zanzibar" in reading.read_page(Fence(tmp_path, confidential=OWN, allow_private=True), "a.py", 1, 200, ROOM)


def test_the_output_of_a_check(tmp_path: Path) -> None:
    ran = run_check("echo got Zanzibar", tmp_path, {"PATH": os.environ["PATH"]}, seconds=20, confidential=OWN)
    result = asyncio.run(ran)
    assert result.last_line == result.tail == f"got [secret: {KIND}]"


def test_the_turns_of_a_conversation() -> None:
    policy = replace(POLICY, private=OWN.policy)
    said = share(Task(goal="x"), (Turn("user", "for Zanzibar"), Turn("user", "hello")), policy, FakeSessions())
    assert [finding.kinds for finding in said.findings] == [(KIND,), ()]


def test_a_handoff() -> None:
    work = (FileDiff(path="zanzibar.py", text="+for Zanzibar\n"),)
    handoff = Handoff(tried=("Zanzibar",), errors=("078-05-1120",), diff="", tree="keep")
    found = private_in(handoff, work, confidential=OWN)
    assert {(each.kind, each.place) for each in found} == {
        (KIND, f"the diff of [secret: {KIND}].py"),
        (KIND, "the name of a changed file"),
        (KIND, "what was tried"),
        ("social security number", "the last errors"),
    }


def test_the_diff_of_a_binary_file(tmp_path: Path) -> None:
    (tmp_path / "b.bin").write_bytes(b"\0Zanzibar")
    [diff] = WorkDiffs(tmp_path, (), PrivatePieces(), confidential=OWN).of_journal({"b.bin": b"\0"}, None)
    assert diff.holds == KIND


def test_the_files_that_a_command_does_not_see(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"x" * 300_000 + b" Zanzibar ")
    with (tmp_path / "a.bin").open("rb") as file:
        assert secret_in(windows(file, ReadBudget(bytes_left=1_000_000, seconds=60)), OWN) == KIND


def test_the_policy_file_says_words_patterns_and_switches(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    section = "private: {words: [Zanzibar], patterns: ['case-[0-9]{4}'], labels: true, email: true}\n"
    path.write_text(f"{without_private()}{section}")
    assert read_policy(path).private == PrivateRules(
        words=("Zanzibar",), patterns=("case-[0-9]{4}",), labels=True, email=True
    )


@pytest.mark.parametrize(
    ("section", "line", "says"),
    [
        ("private:\n  words:\n    - ok1\n    - x\n", 4, "private word 2 needs two letters or digits"),
        ("private:\n  patterns:\n    - (a|aa)+$\n", 3, "private pattern 1 takes too long"),
        ("private:\n  email: 3\n", 2, "private.email must be true or false"),
        ("private:\n  mail: true\n", 2, "unknown key 'mail' in private (allowed: words, patterns, labels, ssn"),
        ("private:\n  words: Acme\n", 2, "must be a list"),
    ],
)
def test_a_mistake_in_it_is_refused_with_its_line(tmp_path: Path, section: str, line: int, says: str) -> None:
    path = tmp_path / "policy.yaml"
    before = without_private()
    path.write_text(f"{before}{section}")
    with pytest.raises(PolicyError) as refused:
        read_policy(path)
    assert says in str(refused.value)
    assert refused.value.line == before.count("\n") + line


def test_all_of_it_is_off_as_shipped() -> None:
    assert read_policy(SHIPPED).private == PrivateRules()


def without_private() -> str:
    """Return the shipped policy without its own section `private`."""
    text = SHIPPED.read_text(encoding="utf-8")
    start = text.index("\nprivate:\n") + 1
    return text[:start] + text[text.index("\n\n", start) + 1 :]
