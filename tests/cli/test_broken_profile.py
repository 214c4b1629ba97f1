"""A profile that cannot be used is a refusal of its own: it stops no run that does without it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.command import call
from tests.cli.stage import profile, workspace
from tests.examples import by_night, each
from tests.scripted_provider import ScriptedProvider, fail, say

BROKEN = {
    "no YAML": "model: {\n",
    "no model": "model:\n  provider: custom\n  base_url: http://127.0.0.1:1/v1\n",
    "no provider of that name": "model:\n  provider: nobody\n  default: m\n",
    "not UTF-8": "model: \udcff\n",
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return workspace(tmp_path / "ws", {"a.py": "x = 1\n"})


def break_profile(home: Path, name: str, how: str) -> None:
    folder = home / "hermes" / "profiles" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_bytes(BROKEN[how].encode("utf-8", "surrogateescape"))


@pytest.mark.parametrize("how", each(2, BROKEN, str))
@pytest.mark.parametrize("name", ["coding-burst", by_night("review-cheap")])
def test_a_run_that_does_without_it_goes_on_and_says_so_once(
    tmp_path: Path, repository: Path, name: str, how: str
) -> None:
    with ScriptedProvider(answers=[say("done")], models=("scripted",)) as local:
        for each in ("coding-local", "coding-burst", "review-cheap"):
            profile(tmp_path, each, local.base_url)
        break_profile(tmp_path, name, how)
        done = call("run", "explain a.py", "--json", home=tmp_path, cwd=repository)
    assert done.code == 0, done.err
    said = [line for line in done.json["warnings"] if line.startswith(f"{name} cannot be used")]
    assert len(said) == 1, done.json["warnings"]
    assert "config.yaml" in said[0]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("coding-local", ("explain a.py",)),
        ("coding-local", ("explain a.py", "--local-only")),
        ("coding-burst", ("x", "--files-to-edit", "60")),
        ("mine", ("x", "--profile", "mine")),
    ],
)
@pytest.mark.parametrize("command", ["route", "run"])
def test_a_route_that_needs_it_is_an_error_that_names_the_file(
    tmp_path: Path, repository: Path, command: str, name: str, arguments: tuple[str, ...]
) -> None:
    with ScriptedProvider(answers=[], models=("scripted",)) as other:
        for each in ("coding-local", "coding-burst"):
            profile(tmp_path, each, other.base_url)
        break_profile(tmp_path, name, "no YAML")
        done = call(command, *arguments, home=tmp_path, cwd=repository)
        assert other.chats == []
    assert done.code == 2, done.out + done.err
    assert f"{name}/config.yaml" in done.err
    assert "Traceback" not in done.err


def test_the_ladder_does_not_lead_to_it(tmp_path: Path, repository: Path) -> None:
    with ScriptedProvider(answers=[fail(500)], models=("scripted",)) as local:
        profile(tmp_path, "coding-local", local.base_url)
        break_profile(tmp_path, "coding-burst", "no model")
        done = call("run", "explain a.py", "--json", home=tmp_path, cwd=repository)
    assert done.code == 1, done.err
    assert "there is no profile 'coding-burst' to go to" in done.json["steps"][0]
