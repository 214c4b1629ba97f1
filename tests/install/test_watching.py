"""`install --observe`: the policy says `observe`, no line of Hermes' delegation is ours, and all of it is taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from tests.install.trees import PARENT, Stage, tree

from profile_router.core.policy import PluginSwitch
from profile_router.errors import PolicyError
from profile_router.install.applying import apply
from profile_router.install.changes import without
from profile_router.install.places import find_places
from profile_router.install.planning import plan_install
from profile_router.install.watching import watching
from profile_router.policies.file import SHIPPED, own_policy, read_policy

TEXT = SHIPPED.read_text(encoding="utf-8")
FORMS = {
    "as it ships": TEXT,
    "explains": TEXT.replace("hermes_plugin: on", "hermes_plugin: explain   # mine"),
    "in quotes": TEXT.replace("hermes_plugin: on", 'hermes_plugin: "on"'),
    "another word for on": TEXT.replace("hermes_plugin: on", "hermes_plugin:    yes"),
    "left out": TEXT.replace("hermes_plugin: on\n", ""),
    "left out, no last line break": TEXT.replace("hermes_plugin: on\n", "").rstrip("\n"),
    "other line breaks": TEXT.replace("\n", "\r\n"),
}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(user=tmp_path)
    stage.write("config.yaml", PARENT)
    return stage


def turned(stage: Stage, switch: PluginSwitch | None, *, delegates: bool = False) -> str:
    """Install with *switch*, and return what the policy in force says then."""
    apply(stage.plan(delegates=delegates, switch=switch).writing)
    return read_policy(own_policy(stage.environ)).hermes_plugin


def test_a_first_week_of_looking_on_writes_no_line_of_delegation_and_goes_without_a_trace(stage: Stage) -> None:
    before = tree(stage.user)
    assert turned(stage, "observe") == "observe"
    config = yaml.safe_load(stage.config.read_text())
    assert ("delegation" in config, config["plugins"]["enabled"]) == (False, ["profile-router", "a"])
    assert not stage.plan(switch="observe").writing
    stage.uninstall()
    assert tree(stage.user) == before


def test_after_the_week_the_policy_is_as_it_ships_and_delegation_leads_to_us(stage: Stage) -> None:
    before = tree(stage.user)
    turned(stage, "observe")
    assert turned(stage, "on", delegates=True) == "on"
    assert own_policy(stage.environ).read_text() == TEXT
    assert yaml.safe_load(stage.config.read_text())["delegation"]["provider"] == "profile-router"
    assert turned(stage, "observe") == "observe"
    assert "delegation" not in yaml.safe_load(stage.config.read_text())
    stage.uninstall()
    assert tree(stage.user) == before


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_a_policy_of_the_users_gets_one_insertion_and_is_byte_for_byte_its_own_again(stage: Stage, text: str) -> None:
    policy = own_policy(stage.environ)
    policy.parent.mkdir(parents=True)
    policy.write_bytes(text.encode())
    before = tree(stage.user)
    assert turned(stage, "observe") == "observe"
    stage.uninstall()
    assert tree(stage.user) == before
    turned(stage, "observe")
    assert turned(stage, "on") == "on"
    stage.uninstall()
    assert tree(stage.user) == before


def test_the_diff_of_a_users_policy_is_the_one_line(stage: Stage) -> None:
    policy = stage.write("policy.yaml", FORMS["explains"])
    change = watching(policy, "observe", ours=False)
    assert change.content is not None
    after = change.content.decode()
    [line] = set(after.splitlines()) - set(FORMS["explains"].splitlines())
    assert line == "hermes_plugin: observe  # by `profile-router install`; was: explain   # mine"
    assert without(after, change.insertions) == FORMS["explains"]


def test_the_policy_that_is_in_force_is_the_one_that_is_switched(stage: Stage) -> None:
    named = stage.write("elsewhere.yaml", TEXT)
    environ = {**stage.environ, "PROFILE_ROUTER_POLICY": str(named)}
    apply(plan_install(find_places(environ), environ, migrate=False, switch="observe").writing)
    assert read_policy(named).hermes_plugin == "observe"
    assert own_policy(environ).read_text() == TEXT


@pytest.mark.parametrize("line", ['"hermes_plugin": on', "? hermes_plugin\n: on", "hermes_plugin: maybe"])
def test_a_policy_that_is_written_in_another_way_is_named_and_nothing_is_written(stage: Stage, line: str) -> None:
    policy = own_policy(stage.environ)
    policy.parent.mkdir(parents=True)
    policy.write_text(TEXT.replace("hermes_plugin: on", line))
    with pytest.raises(PolicyError, match=r"hermes_plugin"):
        stage.plan(switch="observe")
