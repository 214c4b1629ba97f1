"""Hermes' delegation sent to our provider: two lines put in, nothing else touched, and taken back byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.install.configs import with_plugins
from tests.install.trees import PARENT, Stage, tree

from profile_router.install.changes import Insertion, inserted, without
from profile_router.install.delegation import DELEGATION_COMMENTS, ROUTER, delegated_to, delegating, undelegated
from profile_router.install.native import delegates
from profile_router.install.yaml_text import in_one
from profile_router.policies.file import SHIPPED

OURS = {"provider": ROUTER, "model": ROUTER}
SECTIONS = (
    "",
    "delegation:\n  max_spawn_depth: 2  # mine\n",
    "delegation:   # later\n",
    "delegation: {}\n",
    "delegation: {max_spawn_depth: 2}  # in a line\n",
    "delegation:\n  fallback_providers: []\n  # the end\na: 1\n",
    "a: 1\r\ndelegation:\r\n    max_spawn_depth: 2\r\n",
    "a: 1",
    "\ufeffa: 1\n",
)


@pytest.mark.parametrize("text", SECTIONS)
def test_both_lines_come_and_every_other_byte_stays(text: str) -> None:
    edit = delegating(text)
    assert edit is not None
    after = inserted(text, edit)
    before, found = yaml.safe_load(text) or {}, yaml.safe_load(after)
    assert found["delegation"] == {**(before.get("delegation") or {}), **OURS}
    assert {**found, "delegation": None} == {**before, "delegation": None}
    assert without(after, edit) == text
    assert delegating(after) == ()


@pytest.mark.parametrize("line", ["provider: openrouter", "model: gpt-5-mini", "provider: profile-router"])
def test_what_the_user_chose_for_delegation_stays(line: str) -> None:
    assert delegating(f"delegation:\n  {line}\n") is None


@pytest.mark.parametrize("text", [text for text in SECTIONS if "{" not in text])
def test_our_lines_can_be_taken_out_of_a_file_that_was_edited_since(text: str) -> None:
    edited = inserted(text, delegating(text) or ()) + (
        "# added\n" if text.endswith("\n") or not text else "\n# added\n"
    )
    taken_out = undelegated(edited)
    assert taken_out is not None
    assert delegated_to(taken_out) == ("", "")
    assert DELEGATION_COMMENTS.begin not in taken_out
    assert taken_out.endswith("# added\n")


@given(st.text("ab\n", max_size=6), st.lists(st.integers(0, 6), max_size=2, unique=True), st.integers(0, 12))
def test_two_edits_in_one_are_the_one_and_then_the_other(text: str, places: list[int], place: int) -> None:
    first = tuple(Insertion(at=min(at, len(text)), text=f"<{n}>") for n, at in enumerate(places))
    if len({insertion.at for insertion in first}) < len(first):
        return
    then = inserted(text, first)
    late = Insertion(at=min(place, len(then)), text="!")
    if any(late.at - then.index(one.text) in (1, 2) for one in first):  # within what the first put in
        return
    whole = in_one(first, late)
    assert inserted(text, whole) == inserted(then, (late,))
    assert without(inserted(text, whole), whole) == text


@given(with_plugins())
def test_a_config_of_any_form_is_sent_to_us_or_stays_as_it_is(text: str) -> None:
    edit = delegating(text)
    if edit is not None:
        assert delegated_to(inserted(text, edit)) == (ROUTER, ROUTER)
        assert without(inserted(text, edit), edit) == text


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(user=tmp_path)
    stage.write("config.yaml", PARENT, 0o640)
    return stage


def test_an_install_sends_delegation_to_us_and_an_uninstall_takes_that_back(stage: Stage) -> None:
    before = tree(stage.root)
    plan = stage.install(delegates=True)
    config = yaml.safe_load(stage.config.read_text())
    assert config["delegation"] == OURS
    assert config["plugins"]["enabled"] == ["profile-router", "a"]
    [note] = [change.note for change in plan.changes if change.path == str(stage.config)]
    assert note == "enables the plugin and sends Hermes' delegation to us; nothing else in it changes"
    assert not stage.install(delegates=True).writing
    stage.uninstall()
    assert tree(stage.root) == before


def test_a_provider_of_the_users_stays_and_is_told(stage: Stage) -> None:
    stage.write("config.yaml", f"{PARENT}delegation:\n  provider: openrouter\n")
    plan = stage.install(delegates=True)
    assert yaml.safe_load(stage.config.read_text())["delegation"] == {"provider": "openrouter"}
    assert any("delegation.provider: openrouter, which is yours and stays" in note for note in plan.notes)


def test_an_older_install_is_sent_to_us_by_the_next_one(stage: Stage) -> None:
    before = tree(stage.root)
    stage.install()
    assert "delegation" not in yaml.safe_load(stage.config.read_text())
    stage.install(delegates=True)
    assert yaml.safe_load(stage.config.read_text())["delegation"] == OURS
    stage.uninstall()
    assert tree(stage.root) == before


def test_a_file_that_was_edited_since_loses_our_lines_alone(stage: Stage) -> None:
    stage.install(delegates=True)
    stage.write("config.yaml", stage.config.read_text() + "mine: 1\n")
    stage.uninstall()
    assert stage.config.read_text() == f"{PARENT}mine: 1\n"


@pytest.mark.parametrize("others", [{}, {"max_iterations": 50}], ids=["nothing else", "the users own beside"])
def test_where_hermes_has_written_the_file_anew_our_lines_go_all_the_same(stage: Stage, others: dict[str, int]) -> None:
    own = {**yaml.safe_load(PARENT), **({"delegation": others} if others else {})}
    stage.write("config.yaml", yaml.safe_dump(own))
    stage.install(delegates=True)
    anew = {**yaml.safe_load(stage.config.read_text()), "_config_version": 33}
    stage.write("config.yaml", yaml.safe_dump(anew))  # an older Hermes keeps no comment
    stage.uninstall()
    assert yaml.safe_load(stage.config.read_text()) == {**own, "_config_version": 33}


def test_what_hermes_wrote_of_us_by_itself_stays_and_is_named(stage: Stage) -> None:
    stage.install(delegates=True)
    rules = "command_allowlist:\n  - plugin_rule:profile-router:price-up-to-3\n"
    stage.write("config.yaml", stage.config.read_text() + rules)
    [note] = stage.uninstall().notes
    assert note.startswith(f"Hermes wrote plugin_rule:profile-router:price-up-to-3 into {stage.config}: ")
    assert stage.config.read_text() == PARENT + rules


def test_where_we_are_not_to_run_it_the_next_install_takes_our_lines_out(stage: Stage) -> None:
    before = tree(stage.root)
    stage.install(delegates=True)
    stage.install(delegates=False)
    config = yaml.safe_load(stage.config.read_text())
    assert ("delegation" in config, config["plugins"]["enabled"]) == (False, ["profile-router", "a"])
    assert not stage.install(delegates=False).writing
    stage.install(delegates=True)
    assert yaml.safe_load(stage.config.read_text())["delegation"] == OURS
    stage.uninstall()
    assert tree(stage.root) == before


def test_lines_of_the_users_own_that_name_us_are_told_and_stay(stage: Stage) -> None:
    stage.write("config.yaml", f"{PARENT}delegation: {{provider: profile-router, model: profile-router}}\n")
    plan = stage.install()
    assert any("take both lines out by hand" in note for note in plan.notes)
    assert yaml.safe_load(stage.config.read_text())["delegation"] == OURS


def a_hermes(folder: Path, base: str) -> Path:
    """Make the files of a Hermes environment whose class of providers is *base*; return its python."""
    packages = folder / "lib" / "python3.11" / "site-packages"
    (packages / "hermes_cli").mkdir(parents=True)
    (packages / "providers").mkdir()
    (packages / "providers" / "base.py").write_text(base)
    python = folder / "bin" / "python"
    python.parent.mkdir()
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    return python


NEW, OLD = "class ProviderProfile:\n    def create_client(self): ...\n", "class ProviderProfile: ...\n"


@pytest.mark.parametrize(
    ("base", "mode", "led"),
    [(NEW, "on", True), (OLD, "on", False), (NEW, "explain", False), (NEW, "off", False)],
    ids=["can and is to", "cannot", "explains", "is off"],
)
def test_delegation_leads_to_us_where_hermes_can_and_the_policy_wants_it(
    tmp_path: Path, base: str, mode: str, led: bool
) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(SHIPPED.read_text().replace("hermes_plugin: on", f"hermes_plugin: {mode}"))
    python = str(a_hermes(tmp_path / "env", base))
    environ = {"HOME": str(tmp_path), "PROFILE_ROUTER_POLICY": str(policy), "PROFILE_ROUTER_HERMES_PYTHON": python}
    assert delegates(environ) is led
    assert not delegates({**environ, "PROFILE_ROUTER_HERMES_PYTHON": "none", "PATH": ""})
