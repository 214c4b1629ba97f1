"""`profile-router run` with Hermes installed: which runner an attempt gets, and that its receipt names it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.cli.command import Done, call
from tests.fakes import BURST
from tests.hermes.stage import Stage
from tests.scripted_provider import ScriptedProvider, say

from profile_router.adapters.hermes.installation import VARIABLE
from profile_router.adapters.policy_file import SHIPPED


def run(stage: Stage, *more: str, python: Path | str | None = None) -> Done:
    extra = {**stage.environ, VARIABLE: str(python or stage.hermes.python)}
    wanted = ("run", "fix a typo", "--workspace", str(stage.workspace), "--json", *more)
    return call(*wanted, home=stage.folder, extra=extra)


@pytest.mark.parametrize(
    ("window", "more", "runner"),
    [(65_536, (), "hermes"), (32_768, (), "embedded"), (65_536, ("--local-only",), "embedded")],
)
def test_hermes_runs_what_is_large_enough_and_not_private(
    stage: Stage, window: int, more: tuple[str, ...], runner: str
) -> None:
    with ScriptedProvider([say("did it")]) as local, ScriptedProvider() as burst:
        stage.profile(local.base_url, window=window)
        stage.profile(burst.base_url, BURST)
        done = run(stage, *more)
    assert done.code == 0, done.err
    (receipt,) = done.json["attempts"]
    assert (receipt["runner"], receipt["outcome"]) == (runner, "ok")
    assert done.json["summary"] == "did it"


def test_a_policy_that_insists_on_hermes_is_refused_where_there_is_none(stage: Stage) -> None:
    stage.profile("http://127.0.0.1:9/v1")
    stage.profile("http://127.0.0.1:9/v1", BURST)
    policy = stage.folder / "policy.yaml"
    policy.write_text(SHIPPED.read_text().replace("\nrunner: auto\n", "\nrunner: hermes\n"))
    done = run(stage, "--policy", str(policy), python="none")
    assert done.code == 2
    assert "says `runner: hermes`, but there is no hermes on PATH" in done.err


def test_a_hermes_on_the_machine_does_not_take_the_demos_part(stage: Stage) -> None:
    """The demo's stand-ins know the embedded runner's tools, and its cloud window is large enough for Hermes."""
    path = f"{stage.hermes.python.parent}{os.pathsep}{os.environ['PATH']}"
    done = call("demo", "--json", home=stage.folder, extra={"PATH": path, VARIABLE: ""})
    assert done.code == 0, done.err
    assert [attempt["runner"] for attempt in done.json["attempts"]] == ["none", "embedded"]
