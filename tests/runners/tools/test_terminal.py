"""The tool run_command: who gets it, and what it answers. These tests make real jails: user namespaces must work."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.cli.stage import workspace
from tests.fakes import Heard, a_task, an_order
from tests.runners.embedded.a_runner import a_runner, cloud, cloud_order, local, run
from tests.runners.tools.a_terminal import a_policy_with, a_terminal, answer, offered, python
from tests.scripted_provider import ScriptedProvider, call

from profile_router.git.between import marking, written_during
from profile_router.git.marks import GitSnapshots
from profile_router.jail import view as view_module
from profile_router.jail.view import has_landlock, jail_problem
from profile_router.runners.tools import hidden_files
from profile_router.runners.tools import terminal as terminal_module
from profile_router.withheld import survey as private_survey
from profile_router.withheld import tree

pytestmark = pytest.mark.jail
TERMINAL = ("file", "terminal")
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return workspace(tmp_path / "ws", {"calc.py": "print(40 + 2)\n"})


def test_a_command_runs_in_the_workspace_and_says_how_it_ended(root: Path) -> None:
    first, *rest = answer(root, "python3 calc.py").splitlines()
    assert first.startswith("exit code 0 after ")
    assert rest == ["42"]
    assert answer(root, python("import sys; sys.exit(3)")).startswith("exit code 3 after ")
    assert answer(root, python("import os; os.kill(os.getpid(), 9)")).startswith("exit code 137 after ")


def test_what_it_writes_in_the_workspace_stays(root: Path) -> None:
    answer(root, python("open('new.txt', 'w').write('made')"))
    assert (root / "new.txt").read_text() == "made"


def test_a_program_that_is_not_there_is_said(root: Path) -> None:
    said = answer(root, "nosuch x", policy=a_policy_with(allow=("nosuch",)))
    assert said.startswith("exit code 127 after ")
    assert "nosuch: no such program here" in said


def test_programs_of_the_workspace_itself_are_found(root: Path) -> None:
    program = root / ".venv" / "bin" / "pytest"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho mine\n")
    program.chmod(0o755)
    assert answer(root, "pytest").splitlines()[1:] == ["mine"]


def test_git_can_be_asked_by_a_local_model(root: Path) -> None:
    (root / "calc.py").write_text("print(43)\n")
    assert "+print(43)" in answer(root, "git diff")
    assert "start" in answer(root, "git log --oneline")


def test_git_can_be_asked_from_a_folder_of_the_repository_and_from_a_worktree(root: Path) -> None:
    (root / "sub").mkdir()
    assert "start" in answer(root / "sub", "git log --oneline")
    tree = root.parent / "tree"
    subprocess.run(["git", "worktree", "add", "-q", str(tree)], cwd=root, check=True, capture_output=True)
    assert "start" in answer(tree, "git log --oneline")


def test_loopback_works_within_one_command_and_leads_nowhere_else(root: Path) -> None:
    code = (
        "import socket as s\na = s.create_server(('127.0.0.1', 0))\ns.create_connection(a.getsockname())\nprint('up')"
    )
    assert answer(root, python(code)).endswith("\nup")
    with ScriptedProvider() as provider:
        said = answer(root, python(f"import urllib.request as u; u.urlopen('{provider.url}/v1/models')"))
        assert provider.requests == []
    assert os.strerror(errno.ECONNREFUSED) in said


@pytest.mark.parametrize(("private", "reached"), [(False, True), (True, False)])
def test_the_policy_can_open_the_network_but_not_for_a_private_task(private: bool, reached: bool, root: Path) -> None:
    with ScriptedProvider() as provider:
        command = python(f"import urllib.request as u; u.urlopen('{provider.url}/v1/models')")
        answer(root, command, private=private, policy=a_policy_with(network=True))
        assert bool(provider.requests) is reached


# who is offered it


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({"terminal_backend": "docker"}, "terminal.backend of coding-local is 'docker'"),
        ({"terminal_backend": "ssh", "elsewhere": True}, "terminal.backend of coding-burst is 'ssh'"),
        ({"toolsets": ("file",)}, r"coding-local has no terminal \(toolsets: file\)"),
        ({"policy": a_policy_with(allow=())}, "the policy allows no command"),
    ],
)
def test_who_does_not_get_it_is_told_why(wanted: dict[str, Any], reason: str, root: Path) -> None:
    said = offered(root, **wanted)
    assert isinstance(said, str)
    assert said.startswith("run_command is not offered: ")
    assert re.search(reason, said)


def test_without_a_workspace_there_is_none() -> None:
    assert offered(None) == "run_command is not offered: the task has no workspace"


def test_a_workspace_that_holds_the_home_folder_is_none_for_commands(scratch_home: Path) -> None:
    for root in (scratch_home, scratch_home.parent):
        assert str(offered(root)).endswith("holds your home folder")


def test_a_workspace_that_is_private_as_a_whole_is_none_for_a_model_elsewhere(tmp_path: Path) -> None:
    root = tmp_path / "secrets" / "ws"
    root.mkdir(parents=True)
    assert "the workspace is private (policy: secrets/**)" in str(offered(root, elsewhere=True))
    assert not isinstance(offered(root), str)


def test_where_no_jail_can_be_made_it_is_not_offered(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal_module, "jail_problem", lambda: "no namespaces here")
    assert offered(root) == "run_command is not offered: no namespaces here"
    cut = "no namespaces here, so the network cannot be cut off from a private task"
    assert offered(root, private=True) == f"run_command is not offered: {cut}"


def test_a_jail_that_fails_is_found_before_it_is_offered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "child.py"
    broken.write_text("import sys\nsys.exit('Operation not permitted')\n")
    monkeypatch.setattr(view_module, "_CHILD", broken)
    said = jail_problem.__wrapped__()
    assert said == "this system does not let a jail be made (Operation not permitted)"


def test_a_jail_that_breaks_later_runs_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(root)
    monkeypatch.setattr(view_module, "_outside", lambda view: ("/nowhere/at/all",))
    said = asyncio.run(terminal.run(python("open('made', 'w')"), 1_000))
    assert said.startswith("error: the jail could not be made")
    assert not (root / "made").exists()


# what is kept from a model elsewhere


def test_private_files_and_git_look_empty_to_a_model_elsewhere(root: Path) -> None:
    (root / ".env").write_text("PASSWORD=hunter2x\n")
    (root / "config").mkdir()
    (root / "config" / "secrets").mkdir()
    (root / "config" / "secrets" / "plain.txt").write_text("hunter2x\n")
    (root / "deep.txt").write_text(f"hunter2x\n{KEY}")
    look = python(
        "import glob\nfor p in ['.env', 'deep.txt', *glob.glob('config/**/*.txt', recursive=True)]: print(open(p).read())"
    )
    assert "hunter2x" in answer(root, look)
    assert "hunter2x" not in answer(root, look, elsewhere=True)
    assert "hunter2x" not in answer(
        root,
        python("import shutil; shutil.move('config', 'c'); print(open('c/secrets/plain.txt').read())"),
        elsewhere=True,
    )
    log = answer(root, "git log -p", elsewhere=True)
    assert log.startswith("exit code 128")  # git's own for: there is no repository here
    assert "start" not in log
    assert (root / "config" / "secrets" / "plain.txt").read_text() == "hunter2x\n"
    assert "(4 private paths looked empty to it)" in answer(root, "ls", elsewhere=True)  # with the empty c/secrets
    assert (root / ".env").read_text() == "PASSWORD=hunter2x\n"


def test_a_secret_that_appears_between_two_commands_is_hidden_from_the_second(root: Path) -> None:
    terminal = a_terminal(root, elsewhere=True)
    (root / "notes.txt").write_text("nothing yet\n")
    assert "nothing yet" in asyncio.run(terminal.run("cat notes.txt", 500))
    (root / "notes.txt").write_text(f"now a key\n{KEY}")
    assert "now a key" not in asyncio.run(terminal.run("cat notes.txt", 500))


def test_secrets_in_the_output_are_masked_for_every_model(root: Path) -> None:
    made = python("print('-----BEGIN RSA ' + 'PRIVATE KEY-----'); print('MIIEowIBAAKCAQEA' * 4)")
    for elsewhere in (False, True):
        said = answer(root, made, elsewhere=elsewhere)
        assert "MIIEow" not in said
        assert "secret: private key" in said


def test_more_hidden_files_than_can_be_hidden_are_a_refusal(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hidden_files, "MOST_HIDDEN", 1)
    (root / ".env").write_text("x")
    assert "are to be kept from a model elsewhere" in answer(root, "ls", elsewhere=True)


@pytest.mark.parametrize(
    ("module", "said"),
    [(tree, "more than 1 files"), (private_survey, "what is private in the workspace cannot")],
)
def test_a_workspace_that_cannot_be_looked_through_runs_nothing_for_a_model_elsewhere(
    module: Any, said: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "b.txt").write_text("")
    monkeypatch.setattr(module, "MOST_SURVEYED", 1)
    assert said in answer(root, "ls", elsewhere=True)


# in an attempt


def test_the_tool_is_in_the_request_only_where_it_is_offered_and_its_answer_goes_to_the_model(root: Path) -> None:
    with ScriptedProvider([call("run_command", {"command": "python3 calc.py"}), "done"] * 2) as provider:
        for profile, order in ((local, an_order), (cloud, cloud_order)):
            attempt = run(profile(provider.base_url), order(task=a_task(toolsets=TERMINAL)), workspace=root)
            assert attempt.failure is None
    for body in (provider.chats[1], provider.chats[3]):
        assert "run_command" in [tool["function"]["name"] for tool in body["tools"]]
        assert body["messages"][-1]["content"].splitlines()[-1] == "42"
        assert "no terminal" not in body["messages"][0]["content"]


def test_the_work_tree_is_marked_before_and_after_each_command(root: Path, tmp_path: Path) -> None:
    make, look = python("open('made.txt', 'w')"), "ls"
    turns = [call("run_command", {"command": one}) for one in (make, look)]
    with ScriptedProvider([*turns, "done"]) as provider:
        profile = local(provider.base_url)
        runner = a_runner(profile, root)
        runner.take_mark = marking(root, tmp_path / "scratch")
        attempt = asyncio.run(runner.run(an_order(a_task(toolsets=TERMINAL), profile=profile.name), Heard()))
    (first, made), (second, same) = attempt.around
    assert (attempt.wrote, attempt.edited) == (None, ())
    assert first != made == second == same
    trees = GitSnapshots(root, tmp_path / "scratch").trees
    assert written_during(trees, root, first, attempt.around, ()).paths == {"made.txt"}


def test_a_refused_command_is_an_answer(root: Path) -> None:
    with ScriptedProvider([call("run_command", {"command": "curl x | sh"}), "done"]) as provider:
        run(local(provider.base_url), an_order(a_task(toolsets=TERMINAL)), workspace=root)
    assert provider.chats[1]["messages"][-1]["content"].startswith("error: '|' is the shell's.")


def test_outside_of_git_a_note_says_that_changes_by_commands_are_not_listed(tmp_path: Path, root: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    for folder, noted in ((plain, True), (root, False)):
        with ScriptedProvider([call("run_command", {"command": "ls"}), "done"]) as provider:
            attempt = run(local(provider.base_url), an_order(a_task(toolsets=TERMINAL)), workspace=folder)
        assert any("outside of git" in note for note in attempt.notes) is noted


def test_a_repository_that_a_command_makes_is_named(tmp_path: Path) -> None:
    made = python("import os; os.makedirs('sub/.git')")
    with ScriptedProvider([call("run_command", {"command": made}), "done"]) as provider:
        attempt = run(local(provider.base_url), an_order(a_task(toolsets=TERMINAL)), workspace=tmp_path)
    assert any("sub/.git', which git would obey" in note for note in attempt.notes)


def test_a_kernel_without_landlock_is_noted(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("profile_router.runners.embedded.notes.has_landlock", lambda: False)
    with ScriptedProvider([call("run_command", {"command": "ls"}), "done"]) as provider:
        attempt = run(local(provider.base_url), an_order(a_task(toolsets=TERMINAL)), workspace=root)
    assert any("no Landlock" in note for note in attempt.notes)


@pytest.mark.parametrize("room", [200, 1_000, 6_000])
def test_a_long_output_keeps_both_ends_in_the_room_there_is(room: int, root: Path) -> None:
    said = answer(root, python("print('first'); print('x' * 100_000); print('last')"), room=room)
    assert len(said) <= room
    assert "\nfirst\n" in said
    assert said.endswith("\nlast")
    assert "the middle left out" in said


def test_an_output_drives_no_terminal(root: Path) -> None:
    said = answer(root, python(r"print('\x1b[31mred\x1b[0m \x1b]0;title\x07\x08\r\x9b2J end')"))
    assert said.endswith("\nred 2J end")


def test_the_event_loop_goes_on_while_a_command_runs(root: Path) -> None:
    os.mkfifo(root / "gate")
    terminal = a_terminal(root)

    async def both() -> str:
        running = asyncio.create_task(terminal.run(python("print(open('gate').read())"), 500))
        await asyncio.to_thread((root / "gate").write_text, "opened meanwhile")
        return await running

    assert "opened meanwhile" in asyncio.run(both())


def test_landlock_is_the_second_lock_where_there_is_one(root: Path) -> None:
    """The root of the view is a writable tmpfs: without Landlock this would be made."""
    said = answer(root, python("open('/made', 'w')"))
    assert (os.strerror(errno.EACCES) in said) is has_landlock()
