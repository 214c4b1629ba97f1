"""The first prompt carries the files that the task names, within the window, and what is private to no cloud."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import a_policy, a_task, an_order
from tests.runners.embedded.a_runner import a_runner, cloud, cloud_order, local, run
from tests.scripted_provider import ScriptedProvider, call

from profile_router.core.attempt.order import Order
from profile_router.core.policy import FirstPrompt
from profile_router.prompting.tokens import exact_tokens

SMALL = "def add(a, b):\n    return a - b\n"
LARGE = "".join(f"def step_{number}(x):\n    '''Do it.'''\n    return x + {number}\n\n\n" for number in range(80))


def first_turn(order: Order, folder: Path, *, profile: Any = local, **changes: Any) -> str:
    with ScriptedProvider(["done"]) as provider:
        run(profile(provider.base_url), order, workspace=folder, **changes)
    content = provider.chats[0]["messages"][-1]["content"]
    assert isinstance(content, str)
    return content


def test_a_small_file_stands_there_whole_and_a_long_one_as_its_outline_with_line_numbers(tmp_path: Path) -> None:
    (tmp_path / "add.py").write_text(SMALL)
    (tmp_path / "steps.py").write_text(LARGE)
    said = first_turn(an_order(a_task("fix add"), files=("add.py", "steps.py")), tmp_path)
    assert f"\nadd.py (2 lines):\n```\n{SMALL}```" in said
    assert "\nsteps.py (400 lines; its outline, line number first" in said
    assert "\n396\tdef step_79(x) …\n" in said
    assert "return x + 79" not in said


def test_files_that_the_repository_points_at_are_shown_where_the_task_names_none(tmp_path: Path) -> None:
    (tmp_path / "add.py").write_text(SMALL)
    (tmp_path / "steps.py").write_text(LARGE)
    said = first_turn(an_order(a_task("sums are wrong"), probable=("add.py", "steps.py")), tmp_path)
    assert "Nobody named these files" in said
    assert f"\nadd.py (2 lines):\n```\n{SMALL}```" in said
    assert "\nsteps.py (400 lines; its outline" in said
    named = first_turn(an_order(a_task("sums are wrong"), files=("add.py",), probable=("steps.py",)), tmp_path)
    assert "steps.py" not in named
    assert "Nobody named" not in named


@pytest.mark.parametrize(
    ("name", "content", "shown"),
    [
        ("notes.txt", "one\ntwo\n" * 400, "\nnotes.txt (800 lines; its beginning, line number first"),
        ("README.md", "```sh\nmake\n```\n", "\n````\n```sh\nmake\n```\n````"),
        ("dos.py", "a = 1\r\nb = 2\r\n", "\na = 1\nb = 2\n"),
        ("empty.py", "", "\nempty.py (0 lines):\n```\n\n```"),
    ],
)
def test_other_files_are_shown_as_what_they_are(name: str, content: str, shown: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content.encode())
    assert shown in first_turn(an_order(files=(name,)), tmp_path)


def test_what_is_shown_takes_no_more_than_half_of_what_the_window_has_left(tmp_path: Path) -> None:
    names = tuple(f"file_{number}.py" for number in range(9))
    for name in names:
        (tmp_path / name).write_text(LARGE[:9_000])
    plain = first_turn(an_order(window=4_096), tmp_path)
    told = first_turn(an_order(files=names, window=4_096), tmp_path)
    assert 100 < exact_tokens(told) - exact_tokens(plain) < 1_200
    assert "file_0.py" in told
    assert "file_8.py" not in told


def test_a_server_that_counts_the_files_over_its_window_is_sent_none(tmp_path: Path) -> None:
    (tmp_path / "add.py").write_text("calculation = international  # comprehensible documentation\n" * 170)
    with ScriptedProvider(["done"], count=lambda body: 9_999 if "comprehensible" in str(body) else 99) as provider:
        attempt = run(local(provider.base_url), an_order(files=("add.py",), window=8_192), workspace=tmp_path)
    assert (attempt.failure, attempt.text) == (None, "done")
    assert "comprehensible" not in str(provider.chats[0])


@pytest.mark.parametrize(
    ("name", "content", "secret"),
    [
        (".env", "PASSWORD=hunter2x\n", "hunter2x"),
        ("key.txt", "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n", "MIIEow"),
        ("app.py", 'token = "ghp_0123456789abcdefghijABCDEFGHIJ012345"\n', "ghp_0123456789"),
    ],
)
def test_what_is_private_is_shown_to_a_local_model_alone(name: str, content: str, secret: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    elsewhere = first_turn(cloud_order(files=(name,)), tmp_path, profile=cloud)
    assert secret not in elsewhere
    with ScriptedProvider(["done"]) as provider:
        attempt = run(local(provider.base_url), an_order(files=(name,)), workspace=tmp_path)
    assert secret in provider.chats[0]["messages"][-1]["content"]
    assert [taint.path for taint in attempt.receipt.taints] == [name]


def test_a_secret_in_a_part_that_is_not_shown_taints_nothing(tmp_path: Path) -> None:
    token = 'def key():\n    return "ghp_0123456789abcdefghijABCDEFGHIJ012345"\n'
    (tmp_path / "steps.py").write_text(LARGE + token)
    with ScriptedProvider(["done"]) as provider:
        attempt = run(local(provider.base_url), an_order(files=("steps.py",)), workspace=tmp_path)
    assert "def step_79" in str(provider.chats[0])
    assert attempt.receipt.taints == ()


@pytest.mark.parametrize(
    "given",
    [{"task": a_task("do it", toolsets=("web",))}, {"files": ("../outside.py",)}, {"files": ("gone.py",)}],
    ids=["no file tools", "outside", "not there"],
)
def test_what_the_tools_would_not_show_is_not_shown(given: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "add.py").write_text(SMALL)
    (tmp_path.parent / "outside.py").write_text(SMALL)
    said = first_turn(an_order(**{"files": ("add.py",), **given}), tmp_path)
    assert said == "do it"


def test_a_policy_may_leave_them_out(tmp_path: Path) -> None:
    (tmp_path / "add.py").write_text(SMALL)
    policy = a_policy(first_prompt=FirstPrompt(tokens=0))
    assert first_turn(an_order(files=("add.py",)), tmp_path, policy=policy) == "do it"


def test_a_file_that_somebody_changed_after_it_was_shown_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "add.py").write_text(SMALL)
    with ScriptedProvider([call("write_file", {"path": "add.py", "content": "x = 1\n"}), "done"]) as provider:

        def change(event: Any) -> None:
            if event["event"] == "turn" and event["tools"]:
                (tmp_path / "add.py").write_text("mine = 1\n")

        profile = local(provider.base_url)
        asyncio.run(a_runner(profile, tmp_path).run(an_order(files=("add.py",)), change))
    assert "add.py was changed since you read it" in str(provider.chats[1])
    assert (tmp_path / "add.py").read_text() == "mine = 1\n"
