"""Hermes' root credential pool: asked for, agreed on by name, used in memory only, and taken back."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from tests.install.trees import PARENT, Stage, tree

from profile_router.core.profile import Profile
from profile_router.install.applying import apply
from profile_router.install.changes import Plan
from profile_router.install.places import find_places
from profile_router.install.planning import plan_install
from profile_router.install.wanting import who_wants
from profile_router.profiles.agreement import agreed, may_read, record_path
from profile_router.profiles.home import find_home

KEY, OTHER = "sk-or-root-0123456789", "sk-or-other-0123456789"
BOTH = ("coding-burst", "review-cheap")
PLACE = "https://openrouter.ai/api/v1"
RESTS = {"last_status": "dead"}


def entry(key: str = KEY, **more: Any) -> dict[str, Any]:
    return {"access_token": key, "auth_type": "api_key", "source": "manual", "priority": 0, "base_url": PLACE, **more}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(user=tmp_path)
    stage.write("config.yaml", PARENT)
    pool(stage, entry())
    return stage


def pool(stage: Stage, *entries: dict[str, Any], folder: str = "") -> None:
    stage.write(f"{folder}auth.json", json.dumps({"version": 1, "credential_pool": {"openrouter": entries}}), 0o600)


def planned(stage: Stage, use: bool | None) -> Plan:
    return plan_install(find_places(stage.environ), stage.environ, migrate=False, use_root_keys=use)


def wanting(stage: Stage) -> dict[str, tuple[str, ...]]:
    return {one.provider: one.profiles for one in who_wants(find_places(stage.environ), stage.environ)}


def burst(stage: Stage) -> Profile:
    return find_home(stage.environ).load("coding-burst")


def test_who_has_no_key_of_its_own_wants_the_root_pool_before_and_after_the_install(stage: Stage) -> None:
    assert wanting(stage) == {"openrouter": BOTH}
    stage.install()
    assert wanting(stage) == {"openrouter": BOTH}


def test_a_key_in_the_profiles_env_or_its_own_pool_is_enough_and_one_in_this_shell_is_not(stage: Stage) -> None:
    stage.install()
    environ = {**stage.environ, "OPENROUTER_API_KEY": "sk-of-this-shell"}
    assert [one.profiles for one in who_wants(find_places(environ), environ)] == [BOTH]
    stage.write("profiles/coding-burst/.env", "OPENROUTER_API_KEY=sk-own\n", 0o600)
    assert wanting(stage) == {"openrouter": ("review-cheap",)}
    pool(stage, entry(OTHER), folder="profiles/review-cheap/")
    assert wanting(stage) == {}


def test_without_a_root_pool_nothing_is_asked_or_said(stage: Stage) -> None:
    pool(stage)
    assert wanting(stage) == {}
    assert planned(stage, None).notes == ()


@pytest.mark.parametrize("use", [None, False])
def test_what_was_not_agreed_on_is_not_used_and_the_output_says_how_far_that_goes(
    stage: Stage, use: bool | None
) -> None:
    plan = planned(stage, use)
    apply(plan.writing)
    [note] = plan.notes
    for words in ("1 key for openrouter", "does not use it", "`hermes -p`", "install --use-root-keys"):
        assert words in note
    assert not record_path(stage.root).exists()
    assert not may_read(burst(stage), stage.root)
    assert burst(stage).endpoint.api_key is None


def test_an_agreement_is_names_in_a_private_file_and_gives_the_key_in_memory(stage: Stage) -> None:
    plan = planned(stage, True)
    apply(plan.writing)
    assert agreed(stage.root) == {"openrouter": BOTH}
    assert stat.S_IMODE(record_path(stage.root).stat().st_mode) == 0o600
    assert "--no-use-root-keys" in plan.notes[0]
    key = burst(stage).endpoint.api_key
    assert key is not None
    assert key.reveal() == KEY
    assert may_read(burst(stage), stage.root)
    holding = [name for name, (_, content) in tree(stage.user).items() if content and KEY.encode() in content]
    assert holding == [".hermes/auth.json"]


def test_an_agreement_stays_until_it_is_taken_back(stage: Stage) -> None:
    apply(planned(stage, True).writing)
    assert planned(stage, None).writing == ()
    record_path(stage.root).write_text(record_path(stage.root).read_text() + "\n")  # edited by hand
    apply(planned(stage, False).writing)
    assert agreed(stage.root) == {}
    assert not may_read(burst(stage), stage.root)


@pytest.mark.parametrize("then", [None, True, False])
def test_uninstall_takes_the_agreement_with_it(stage: Stage, then: bool | None) -> None:
    before = tree(stage.user)
    apply(planned(stage, True).writing)
    apply(planned(stage, then).writing)
    stage.uninstall()
    assert tree(stage.user) == before


def test_a_profile_with_a_key_of_its_own_never_reads_the_root_pool(stage: Stage) -> None:
    apply(planned(stage, True).writing)
    stage.write("profiles/coding-burst/.env", f"OPENROUTER_API_KEY={OTHER}\n", 0o600)
    key = burst(stage).endpoint.api_key
    assert not may_read(burst(stage), stage.root)
    assert key is not None
    assert key.reveal() == OTHER


@pytest.mark.parametrize(
    ("entries", "key"),
    [
        ([entry(KEY, **RESTS), entry(OTHER, priority=1)], OTHER),
        ([entry(KEY, priority=2), entry(OTHER, priority=1)], OTHER),
        ([entry(KEY, **RESTS)], KEY),
        ([entry(KEY, base_url="https://elsewhere.example/v1")], None),
        ([entry(KEY, auth_type="oauth")], None),
        ([entry("")], None),
        ([entry(KEY, base_url=None), entry(OTHER)], OTHER),
    ],
)
def test_a_key_goes_to_its_own_provider_only_and_one_that_rests_comes_last(
    stage: Stage, entries: list[dict[str, Any]], key: str | None
) -> None:
    pool(stage, *entries)
    apply(planned(stage, True).writing)
    found = burst(stage).endpoint.api_key
    assert (found.reveal() if found else None) == key


@pytest.mark.parametrize("text", ["", "[]", "{", '{"agreed": []}', '{"agreed": {"openrouter": "coding-burst"}}'])
def test_a_record_that_cannot_be_read_agrees_to_nothing(stage: Stage, text: str) -> None:
    stage.install()
    record_path(stage.root).write_text(text)
    assert not may_read(burst(stage), stage.root)
