"""A workspace's own file is a stranger's text: read strictly, never followed anywhere, refused with file and line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.core.cases import POLICY
from tests.git.git_repository import repository, write_files

from profile_router.cli import main
from profile_router.core.policy import Policy
from profile_router.core.policy.private import PrivateRules
from profile_router.core.policy.tighten import policy_figure
from profile_router.core.privacy.findings import private_text
from profile_router.errors import PolicyError
from profile_router.policies.file import SHIPPED
from profile_router.policies.workspace_rules import MOST_RULES_BYTES, tightened_by
from profile_router.workspace.folder import Workspace, find_workspace

FILE = ".profile-router.yaml"
GOOD = 'private:\n  paths: ["contracts/**"]\nlocal_only: true\nlimits: {run_seconds: 60, max_turns: 5}\n'


def tight(root: Path, text: str | bytes) -> Policy:
    write_files(root, {FILE: text})
    return tightened_by(POLICY, Workspace(root, git=False))[0]


def test_paths_local_only_and_limits_are_taken(tmp_path: Path) -> None:
    policy = tight(tmp_path, GOOD)
    assert policy.private_paths[-1] == "contracts/**"
    assert policy.local_only_by == str(tmp_path / FILE)
    assert (policy.limits.run_seconds, policy.limits.max_turns) == (60, 5)


LEAST = {
    "run_seconds": 1, "check_seconds": 1, "max_turns": 1, "parallel": 1, "conversation_tokens": 0,
    "tool_result_chars": 200, "task_usd": 0, "ask_above_usd": 0,
}  # fmt: skip


@pytest.mark.parametrize(("limit", "least"), LEAST.items())
def test_a_limit_may_be_lowered_to_its_least_and_no_further(tmp_path: Path, limit: str, least: int) -> None:
    assert policy_figure(tight(tmp_path, f"limits: {{{limit}: {least}}}"), limit) == least
    with pytest.raises(PolicyError, match=limit):
        tight(tmp_path, f"limits: {{{limit}: {least - 1}}}")


def test_a_repository_is_tightened_by_the_file_at_its_top_where_there_is_no_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = repository(tmp_path / "ws", {FILE: GOOD, "src/a.py": ""})
    monkeypatch.setenv("PATH", str(tmp_path / "no-programs"))
    for named, cwd in ((None, root / "src"), ("src", root)):
        policy, _ = tightened_by(POLICY, find_workspace(named, cwd))
        assert policy.local_only_by == str(root / FILE)


def test_words_patterns_and_switches_are_added(tmp_path: Path) -> None:
    policy = tight(tmp_path, "private: {words: [Acme], patterns: ['x-[0-9]+'], ssn: true, email: false}\n")
    assert policy.workspace_private == PrivateRules(words=("Acme",), patterns=("x-[0-9]+",), ssn=True)
    assert policy.private == POLICY.private
    assert private_text("for Acme", policy.confidential) == "private word 1 of the workspace"


def test_no_refusal_repeats_a_private_word_or_pattern(tmp_path: Path) -> None:
    for text in ("words: [" + "Zanzibar " * 30 + "]", "patterns: ['(Zanzibar+)+$', '(Zanzibar']"):
        with pytest.raises(PolicyError) as refused:
            tight(tmp_path, f"private: {{{text}}}\n")
        assert "Zanzibar" not in str(refused.value)


def test_no_file_and_one_of_comments_change_nothing(tmp_path: Path) -> None:
    assert tightened_by(POLICY, None) == (POLICY, ())
    assert tightened_by(POLICY, Workspace(tmp_path, git=False)) == (POLICY, ())
    assert tight(tmp_path, "# nothing yet\n\n") == POLICY


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("check: rm -rf /\n", 1, "(allowed: ask, off)"),
        ("run: rm -rf /\n", 1, "unknown key 'run'"),
        ("tiers: {local: coding-burst}\n", 1, "unknown key 'tiers'"),
        ("local_endpoints: ['https://x.example']\n", 1, "unknown key 'local_endpoints'"),
        ("local_only: true\nprices: {}\n", 2, "unknown key 'prices'"),
        ("local_only: true\nladder: []\n", 2, "unknown key 'ladder'"),
        ("runner: hermes\n", 1, "unknown key 'runner'"),
        ("terminal: {allow: ['*']}\n", 1, "unknown key 'terminal'"),
        ("hermes: {python: /tmp/x}\n", 1, "unknown key 'hermes'"),
        ("private:\n  remove: ['.env*']\n", 2, "unknown key 'remove'"),
        ("private: {words: [a]}\n", 1, "private word 1 needs two letters or digits at least"),
        ("private:\n  words:\n    - Acme\n    - ''\n", 4, "private word 2 needs"),
        ("private:\n  patterns:\n    - ok\n    - (a+)+$\n", 4, "private pattern 2 takes too long"),
        ("private:\n  patterns: ['(']\n", 2, "private pattern 1 is not an expression"),
        ("private:\n  patterns: ['.*']\n", 2, "private pattern 1 matches the empty text"),
        ("private:\n  words: [" + "ab, " * 201 + "]\n", 2, "private.words has 201 entries (at most 200)"),
        ("private:\n  patterns: [" + "ab, " * 21 + "]\n", 2, "private.patterns has 21 entries (at most 20)"),
        ("private: {email: maybe}\n", 1, "must be true or false"),
        ("limits: {connect_seconds: 9}\n", 1, "unknown key 'connect_seconds'"),
        ("limits:\n  max_turns: 0\n", 2, "limits.max_turns is 0"),
        ("limits: {max_turns: '5'}\n", 1, "must be a whole number"),
        ("local_only: maybe\n", 1, "must be true or false"),
        ("source: /etc/passwd\n", 1, "unknown key 'source'"),
        ("private: &a {paths: []}\nlimits: *a\n", 2, "aliases"),
        ("local_only: true\nlocal_only: false\n", 2, "duplicate key"),
        ("[" * 50 + "]" * 50, 1, "nested deeper"),
        ("a: [\n", 2, "not YAML"),
        ("!!python/object/apply:os.system ['true']\n", 1, "must be a mapping"),
        ("\x1b[2J: 1\n", 1, "not YAML"),
    ],
)
def test_anything_else_is_refused_with_file_line_and_what_is_allowed(
    text: str, line: int, says: str, tmp_path: Path
) -> None:
    with pytest.raises(PolicyError) as refused:
        tight(tmp_path, text)
    message = str(refused.value)
    assert message.startswith(f"{tmp_path / FILE}:{line}: ")
    assert says in message
    assert "it may only tighten the policy by: private, local_only, limits; promotion.tainted_changes: back" in message
    assert message.isprintable()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a" * (MOST_RULES_BYTES + 1), "larger than 65,536 bytes"),
        (b"\xff\xfe\xff", "not UTF-8 text"),
        ('private: {paths: [""]}\n', "private.paths: ''"),
        (f"private: {{paths: [{'a' * 201}]}}\n", "1 to 200 characters"),
        (f"private: {{paths: [{', '.join(['a'] * 201)}]}}\n", "201 globs"),
    ],
)
def test_what_is_too_much_is_refused(text: str | bytes, says: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=says):
        tight(tmp_path, text)


def test_a_link_a_pipe_and_a_folder_are_refused(tmp_path: Path) -> None:
    write_files(tmp_path, {"elsewhere.yaml": GOOD})
    workspace = tmp_path / "w"
    for make in (
        lambda path: path.symlink_to(tmp_path / "elsewhere.yaml"),
        lambda path: path.symlink_to("nowhere"),
        os.mkfifo,
        Path.mkdir,
    ):
        workspace.mkdir(exist_ok=True)
        make(workspace / FILE)
        with pytest.raises(PolicyError, match=r"symbolic link|not a plain file"):
            tightened_by(POLICY, Workspace(workspace, git=False))
        (workspace / FILE).rmdir() if (workspace / FILE).is_dir() else (workspace / FILE).unlink()


def test_the_file_at_the_top_of_the_work_tree_holds_in_a_folder_of_it(tmp_path: Path) -> None:
    write_files(tmp_path, {FILE: "local_only: true\n"})
    root = repository(tmp_path / "repo", {FILE: "limits: {max_turns: 4}\n", "sub/a.py": "", f"sub/{FILE}": GOOD})
    policy, _ = tightened_by(POLICY, find_workspace("sub", root))
    assert (policy.limits.max_turns, policy.limits.run_seconds) == (4, 60)
    above, _ = tightened_by(POLICY, find_workspace(None, root))
    assert not above.local_only_by


def test_policy_show_tells_what_is_tightened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = repository(tmp_path / "repo", {FILE: GOOD})
    monkeypatch.chdir(root)
    monkeypatch.setenv("PROFILE_ROUTER_POLICY", str(SHIPPED))
    assert main(["policy", "show"]) == 0
    shown = capsys.readouterr().out
    assert "# Tightened by this workspace's .profile-router.yaml:\n#   private paths: contracts/**\n" in shown
