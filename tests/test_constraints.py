"""constraints.txt names an exact version of everything that is installed, and what moved against it is told."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests.runners.hermes.installed import WANTED
from tests.versions import Move, installed, main, moves, pinned

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "constraints.txt").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ASKED = (
    *PROJECT["build-system"]["requires"],
    *PROJECT["project"]["dependencies"],
    *(one for extra in PROJECT["project"]["optional-dependencies"].values() for one in extra),
)
HERMES = [
    (ROOT / "tests" / "runners" / "hermes" / f"constraints-{number}.txt").read_text(encoding="utf-8")
    for number in WANTED
]
LINES = [line for text in (TEXT, *HERMES) for line in text.splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("line", sorted(set(LINES)))
def test_a_line_is_a_name_an_exact_version_and_at_most_a_marker(line: str) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]*==[0-9][0-9a-z.]*( ; [a-z_ '<>=!0-9.A-Z()]+)?", line)


def test_no_line_names_a_host_a_folder_or_a_hash() -> None:
    assert not re.search(r"://|--|(?<!-)\bhttps?\b(?!-)|\bsha\d|\bfile:|@", "\n".join(LINES))


@pytest.mark.parametrize("text", [TEXT, *HERMES], ids=["ours", *WANTED])
def test_each_package_has_one_line(text: str) -> None:
    names = re.findall(r"^([^#\s]+)==", text, re.MULTILINE)
    assert len(set(names)) == len(names) > 50


def test_the_hermes_that_the_tests_want_is_pinned() -> None:
    assert all(f"\n{wanted}\n" in text for wanted, text in zip(WANTED.values(), HERMES, strict=True))


@pytest.mark.parametrize("asked", ASKED)
def test_what_the_project_asks_for_is_pinned_within_its_range(asked: str) -> None:
    wanted = Requirement(asked)
    assert wanted.specifier.contains(pinned(TEXT)[canonicalize_name(wanted.name)])


def test_what_a_pinned_version_asks_for_is_pinned_too() -> None:
    pins, missing, waiting, seen = pinned(TEXT), set(), [Requirement(asked) for asked in ASKED], set()
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if (name, extras := frozenset(wanted.extras)) in seen:
            continue
        seen.add((name, extras))
        if name not in pins:
            missing.add(name)
        elif _has(name, pins[name]):
            needs = [Requirement(need) for need in requires(name) or ()]
            chosen = [{"extra": extra} for extra in extras] or [{"extra": ""}]
            waiting += [need for need in needs if not need.marker or any(need.marker.evaluate(one) for one in chosen)]
    assert missing == set()
    assert len(seen) > 70


def _has(name: str, exact: str) -> bool:
    """Tell whether the version *exact* is the one installed: with the newest versions another one may be."""
    try:
        return version(name) == exact
    except PackageNotFoundError:
        return False


def test_a_marker_leaves_out_what_is_not_for_this_machine() -> None:
    assert pinned("a==1 ; sys_platform == 'win32'\nB_c==2 ; python_version >= '3.11'\n# d==3\n") == {"b-c": "2"}


@pytest.mark.parametrize(
    ("pins", "found", "told"),
    [
        ({"a": "1"}, {"a": "1"}, []),
        ({"a": "1", "b": "2"}, {"a": "1"}, []),
        ({"a": "1"}, {"a": "2"}, ["a  1 -> 2"]),
        ({"a": "2.0"}, {"a": "1.9", "c": "3"}, ["a  2.0 -> 1.9", "c  not pinned -> 3"]),
        ({}, {"b": "1", "a": "1"}, ["a  not pinned -> 1", "b  not pinned -> 1"]),
    ],
)
def test_what_moved_is_told_by_name_pin_and_what_is_there(
    pins: dict[str, str], found: dict[str, str], told: list[str]
) -> None:
    assert [str(move) for move in moves(pins, found)] == told


def test_the_packages_of_this_environment_are_found_without_the_tools_that_made_it() -> None:
    assert {"pytest", "pyyaml", "langgraph"} <= installed().keys()
    assert "pip" not in installed()


def test_a_moved_package_ends_the_tests_unless_the_newest_were_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tests.versions.installed", lambda: {"pyyaml": "0.1", "new": "1"})
    assert main([]) == 1
    assert main(["--newest"]) == 0
    said = capsys.readouterr().out
    assert said.count("versions: constraints.txt") == 2
    assert str(Move("pyyaml", pinned(TEXT)["pyyaml"], "0.1")) in said
    assert "new  not pinned -> 1" in said
