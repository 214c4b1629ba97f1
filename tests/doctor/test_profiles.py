"""The profiles' files, and what Hermes makes of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.doctor.scene import Row, Scene, ids
from tests.fakes import BURST, CHEAP, LOCAL

from profile_router.doctor import profiles

LOADABLE, FLOOR, SPELLING = profiles.loadable, profiles.hermes_floor, profiles.spelling


def without(name: str) -> Callable[[Scene], None]:
    return lambda scene: shutil.rmtree(scene.home.root / "profiles" / name)


def written(config: str, name: str = LOCAL) -> Callable[[Scene], object]:
    return lambda scene: scene.home.write(name, config)


def nowhere(scene: Scene) -> None:
    scene.environ["HERMES_HOME"] = str(scene.home.root / "absent")


def unnamed(scene: Scene) -> None:
    scene.environ |= {"HERMES_HOME": "", "HOME": str(scene.home.root / "absent")}


def trap(what: str, config: str, says: str) -> Row:
    given = written(f"model: {{provider: custom, base_url: 'http://127.0.0.1:1/v1', default: m}}\n{config}")
    return Row(rule=what, check=SPELLING, given=given, level="warn", says=says, fix="install --migrate")


ROWS = [
    Row(
        rule="three profiles that load are fine",
        check=LOADABLE,
        given=lambda scene: None,
        level="pass",
        says="coding-local, coding-burst, review-cheap",
    ),
    Row(
        rule="without a Hermes home the shipped ones serve",
        check=LOADABLE,
        given=unnamed,
        level="pass",
        says="there is no Hermes home",
    ),
    Row(
        rule="a HERMES_HOME that is not a folder is said",
        check=LOADABLE,
        given=nowhere,
        level="warn",
        says="absent, which is not a folder",
        fix="unset HERMES_HOME",
    ),
    Row(
        rule="a missing profile fails",
        check=LOADABLE,
        given=without(BURST),
        level="fail",
        says="no such profile",
        fix="profile-router install",
    ),
    Row(
        rule="the tier cheap may be absent",
        check=LOADABLE,
        given=without(CHEAP),
        level="warn",
        says="the tier cheap is left out",
    ),
    Row(
        rule="a file that does not read fails and is named",
        check=LOADABLE,
        given=written("model: [\n"),
        level="fail",
        says="config.yaml:2",
    ),
    Row(
        rule="64,000 tokens are enough for Hermes",
        check=FLOOR,
        given=written("model: {provider: ollama, default: m, context_length: 64000}"),
        level="pass",
        says="coding-local in Hermes  64,000 tokens",
    ),
    Row(
        rule="fewer are a warning",
        check=FLOOR,
        given=lambda scene: None,
        level="warn",
        says="8,192 tokens, as the profile states: Hermes refuses",
        fix="context_length",
    ),
    Row(
        rule="what the server has counts, not what the profile says",
        check=FLOOR,
        given=lambda scene: scene.server(window=4_096),
        level="warn",
        says="4,096 tokens, measured",
        fix="--window 65536",
    ),
    Row(
        rule="without Hermes there is no such floor",
        check=FLOOR,
        given=lambda scene: scene.facts(hermes=None),
        level=None,
    ),
    Row(rule="what Hermes honours is fine", check=SPELLING, given=lambda scene: None, level=None),
    Row(rule="shipped profiles are nobody's to fix", check=SPELLING, given=nowhere, level=None),
    Row(
        rule="a profile without a model inherits none",
        check=SPELLING,
        given=lambda scene: (
            scene.home.write(None, "model: {provider: ollama, default: m}"),
            scene.home.write(LOCAL, "agent: {max_turns: 3}"),
        ),
        level="warn",
        says="no model of its own",
    ),
    Row(
        rule="openai with an address means custom",
        check=SPELLING,
        given=written("model: {provider: openai, base_url: 'http://127.0.0.1:1/v1', default: m}"),
        level="warn",
        says="refuses `provider: openai`",
    ),
    Row(
        rule="fallbacks below model are ignored",
        check=SPELLING,
        given=written("model: {provider: ollama, default: m, fallback_providers: [{provider: ollama, model: n}]}"),
        level="warn",
        says="fallback_providers below model",
    ),
    trap("a fallback needs provider and model", "fallback_providers: [openrouter]", "a fallback without"),
    trap("openrouter's settings are ignored", "openrouter: {sort: price}", "ignores openrouter"),
    trap("tool_use_enforcement is read below agent", "tool_use_enforcement: true", "only below agent"),
]


@pytest.mark.parametrize("row", ROWS, ids=ids(ROWS))
def test_a_profile_must_be_there_and_written_as_hermes_reads_it(row: Row, tmp_path: Path) -> None:
    assert row.holds(tmp_path)
