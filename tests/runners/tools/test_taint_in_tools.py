"""Which tool calls of a local model count as having been given the content of a withheld file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from profile_router.runners.tools.fence import Fence
from profile_router.runners.tools.tools import build_tools

TOKEN = "gh" + "p_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
KEY = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\n-----END PRIVATE KEY-----\n"
FILES = {
    "secrets/plan.txt": "the launch is on Friday\n",
    "conf.py": f"a = 1\nTOKEN = '{TOKEN}'\nb = 2\n",
    "server.txt": KEY,
    "app.py": "x = 1\ny = 2\n",
}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    return tmp_path


def noted(root: Path, *calls: tuple[str, dict[str, Any]], local: bool = True) -> dict[str, str]:
    fence = Fence(root, private_globs=["secrets/**"], allow_private=local)
    found: dict[str, str] = {}
    fence.about_to_show = found.__setitem__
    tools = build_tools(fence, result_chars=8_000, profiles=[], toolsets=frozenset({"file"}))
    for name, arguments in calls:
        next(tool for tool in tools if tool.name == name).invoke(arguments)
    return found


GIVEN: dict[str, tuple[tuple[str, dict[str, Any]], dict[str, str]]] = {
    "a private file is read": (("read_file", {"path": "secrets/plan.txt"}), {"secrets/plan.txt": "secrets/**"}),
    "by a longer name": (("read_file", {"path": "./secrets//plan.txt"}), {"secrets/plan.txt": "secrets/**"}),
    "a line of it is found": (("search", {"pattern": "launch"}), {"secrets/plan.txt": "secrets/**"}),
    "it is edited": (
        ("edit_file", {"path": "secrets/plan.txt", "old": "Friday", "new": "Monday"}),
        {"secrets/plan.txt": "secrets/**"},
    ),
    "an edit of it fails and tells a line": (
        ("edit_file", {"path": "secrets/plan.txt", "old": "the lunch is on Friday", "new": "x"}),
        {"secrets/plan.txt": "secrets/**"},
    ),
    "a line with a token is read": (("read_file", {"path": "conf.py"}), {"conf.py": "token of GitHub"}),
    "a line with a token is found": (("search", {"pattern": "TOKEN"}), {"conf.py": "token of GitHub"}),
    "a part of a key is read": (("read_file", {"path": "server.txt", "start": 2}), {"server.txt": "private key"}),
}
NOT_GIVEN: dict[str, tuple[str, dict[str, Any]]] = {
    "names are listed": ("list_files", {"path": "secrets"}),
    "another file is read": ("read_file", {"path": "app.py"}),
    "lines without the token are read": ("read_file", {"path": "conf.py", "start": 3}),
    "lines without the token are found": ("search", {"pattern": "b = 2"}),
    "nothing of it is found": ("search", {"pattern": "no such words"}),
    "a line without the token is edited": ("edit_file", {"path": "conf.py", "old": "b = 2", "new": "b = 3"}),
    "a private file is written": ("write_file", {"path": "secrets/new.txt", "content": "x"}),
    "what is not there is read": ("read_file", {"path": "secrets/none.txt"}),
}


@pytest.mark.parametrize("what", GIVEN)
def test_what_shows_a_withheld_file_is_noted_with_what_withholds_it(workspace: Path, what: str) -> None:
    call, expected = GIVEN[what]
    found = noted(workspace, call)
    assert found.keys() == expected.keys()
    assert all(why in found[path] for path, why in expected.items())
    assert TOKEN not in str(found)


@pytest.mark.parametrize("what", NOT_GIVEN)
def test_what_shows_nothing_of_it_is_not(workspace: Path, what: str) -> None:
    assert noted(workspace, NOT_GIVEN[what]) == {}


@pytest.mark.parametrize("what", GIVEN)
def test_a_model_elsewhere_is_refused_and_nothing_is_noted(workspace: Path, what: str) -> None:
    assert noted(workspace, GIVEN[what][0], local=False) == {}


def test_a_file_that_is_too_large_to_be_looked_through_is_noted(workspace: Path) -> None:
    line = "a line of a log that says nothing at all\n"
    (workspace / "big.log").write_text(f"{line * 220_000}{TOKEN}\n{line}")
    assert noted(workspace, ("read_file", {"path": "big.log", "start": 220_002})).keys() == {"big.log"}


def test_what_cannot_be_noted_is_not_shown(workspace: Path) -> None:
    from profile_router.errors import StateError

    fence = Fence(workspace, private_globs=["secrets/**"], allow_private=True)

    def full(path: str, why: str) -> None:
        raise StateError("no room is left")

    fence.about_to_show = full
    tools = build_tools(fence, result_chars=8_000, profiles=[], toolsets=frozenset({"file"}))
    read = next(tool for tool in tools if tool.name == "read_file")
    assert "Friday" not in read.invoke({"path": "secrets/plan.txt"})
