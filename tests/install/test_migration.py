"""From the profile scheme's spelling to the one that Hermes honours: what to paste. It stays the same profile."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.install.trees import Stage, pasted, tree

from profile_router.install.migration import migration_lines
from profile_router.profiles.build import build_profile
from profile_router.profiles.settings import PREFERENCES
from profile_router.profiles.spelling import honoured, not_honoured

FILE = Path("/h/profiles/p/config.yaml")
SEED = """\
model:
  provider: openai
  base_url: http://127.0.0.1:8080/v1
  default: gemma
  api_key: sk-mine
  fallback_providers:
    - openrouter
    - provider: together
      api_key: "${KEY}"
    - {provider: openai, base_url: "http://10.0.0.2/v1", api_key: mine}
  context_length: 8192
openrouter:
  sort: throughput
  allow_fallbacks: true
  response_cache: true
tool_use_enforcement: true
agent:
  api_max_retries: 1
terminal:
  backend: local
"""
TOLD = """\
/h/profiles/p/config.yaml: Hermes does not honour all of it. Keep a copy:
  cp -p /h/profiles/p/config.yaml /h/profiles/p/config.yaml.before-profile-router
then take out tool_use_enforcement, model.fallback_providers, openrouter.sort, openrouter.allow_fallbacks
then paste this, each key in place of the one of its name:
  model:
    provider: custom
  agent:
    tool_use_enforcement: true
  fallback_providers:
  - provider: openrouter
    model: gemma
  - provider: together
    api_key: ${KEY}
    model: gemma
  - provider: custom
    base_url: http://10.0.0.2/v1
    api_key: (as it stands there)
    model: gemma
  provider_routing:
    sort: throughput
    allow_fallbacks: true
"""


def profile(config: Mapping[str, Any]) -> Any:
    return build_profile("p", [("config.yaml", config)], {"KEY": "k"})


def meant(config: Mapping[str, Any]) -> dict[str, Any]:
    before = profile(config)
    return honoured(config, provider=before.endpoint.provider, model=before.endpoint.model)


def ignored(config: Mapping[str, Any]) -> list[str]:
    """Return what Hermes 0.19 does not honour in *config*."""
    model = config.get("model") or {}
    stated = config.get("fallback_providers") or []
    chain = [stated] if isinstance(stated, dict) else stated  # which Hermes reads as a list of one
    sections = {"openrouter": config.get("openrouter") or {}, "model.openrouter": model.get("openrouter") or {}}
    return [
        *(["provider"] if str(model.get("provider")).lower() == "openai" else []),
        *(["model.fallback_providers"] if "fallback_providers" in model else []),
        *(str(entry) for entry in chain if not isinstance(entry, dict) or not {"provider", "model"} <= set(entry)),
        *(f"{entry}" for entry in chain if isinstance(entry, dict) and entry.get("provider") == "openai"),
        *(f"{name}.{key}" for name, found in sections.items() for key in found if key in PREFERENCES),
        *(["tool_use_enforcement"] if config.get("tool_use_enforcement") is not None else []),
    ]


def test_what_is_said_is_the_copy_to_keep_what_to_take_out_and_the_block_without_a_key() -> None:
    config = yaml.safe_load(SEED)
    assert "\n".join(migration_lines(FILE, config, meant(config))) == TOLD.rstrip("\n")


_PROVIDERS: tuple[dict[str, Any], ...] = (
    {"provider": "openai", "base_url": "http://127.0.0.1:8080/v1"},
    {"provider": "openai"},
    {"provider": "OpenAI", "base_url": "https://api.openai.com/v1"},
    {"provider": "openrouter"},
)
_CHAINS: tuple[Any, ...] = (
    None,
    ["openrouter", {"provider": "together", "model": "m"}],
    ["together", {"provider": "openai", "base_url": "http://h/v1", "key_env": "KEY"}],
    "together",
    {"provider": "together"},
    [{"base_url": "http://h/v1", "model": "m"}],
)
_ROUTINGS: tuple[Any, ...] = (
    None,
    {"sort": "price"},
    {"response_cache": True, "sort": "price", "order": ["a", "b"]},
    {"allow_fallbacks": False},
)


@st.composite
def configs(draw: st.DrawFn) -> dict[str, Any]:
    """Return a profile in the scheme's spelling, with sections of Hermes' own in it."""
    model = {**draw(st.sampled_from(_PROVIDERS)), "default": "gemma", "context_length": 8192}
    model |= {"fallback_providers": draw(st.sampled_from(_CHAINS)), "openrouter": draw(st.sampled_from(_ROUTINGS))}
    tops = {
        "model": {key: value for key, value in model.items() if value is not None},
        "fallback_providers": draw(st.sampled_from((None, ["openrouter"], [{"provider": "together"}]))),
        "openrouter": draw(st.sampled_from(_ROUTINGS)),
        "provider_routing": draw(st.sampled_from((None, {"sort": "latency"}))),
        "tool_use_enforcement": draw(st.sampled_from((None, True, "off", ["gemma", "qwen"]))),
        "agent": draw(st.sampled_from((None, {"max_turns": 9}, {"tool_use_enforcement": "auto"}))),
        "display": draw(st.sampled_from((None, {"skin": "x"}))),
    }
    return {key: value for key, value in tops.items() if value is not None}


@given(configs())
def test_any_profile_stays_the_same_profile_and_hermes_honours_all_of_it(config: dict[str, Any]) -> None:
    after = meant(config)
    assert profile(after) == profile(config)
    assert ignored(after) == []
    assert meant(after) == after
    assert not_honoured(after) == ()
    assert bool(not_honoured(config)) is (after != config)
    assert after.get("display") == config.get("display")


@given(configs())
def test_who_does_what_is_said_has_the_file_that_hermes_honours(config: dict[str, Any]) -> None:
    after = meant(config)
    if after != config:
        assert pasted(config, list(migration_lines(FILE, config, after))) == after


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(user=tmp_path)
    stage.write("config.yaml", "model: {provider: openrouter, default: m}\n")
    return stage


def test_no_profile_is_written_and_one_that_cannot_be_read_is_named_while_the_rest_is_told(stage: Stage) -> None:
    stage.write("profiles/coding-local/config.yaml", SEED)
    stage.write("profiles/broken/config.yaml", "model: [\n")
    before = tree(stage.root / "profiles" / "coding-local")
    said = stage.install(migrate=True).paste
    assert tree(stage.root / "profiles" / "coding-local") == before
    assert f"{stage.root}/profiles/broken/config.yaml: nothing to paste: " in said[0]
    assert said[1].startswith(f"{stage.root}/profiles/coding-local/config.yaml: Hermes does not honour all of it")


def test_a_copy_that_is_there_already_is_not_written_over(stage: Stage) -> None:
    path = stage.write("profiles/p/config.yaml", SEED)
    stage.write("profiles/p/config.yaml.before-profile-router", "mine\n")
    assert stage.plan(migrate=True).paste[1] == f"  cp -p {path} {path}.before-profile-router.2"


def test_what_hermes_honours_already_needs_no_word(stage: Stage) -> None:
    stage.write(
        "profiles/p/config.yaml", "model: {provider: custom, base_url: 'http://h/v1', default: m}\nmax_turns: 3\n"
    )
    assert stage.plan(migrate=True).paste == ()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("openrouter: {allow_fallbacks: true}\n", ["allow_fallbacks"]),
        ("  fallback_providers:\n    - {provider: openai, base_url: 'http://h/v1'}\n", ["skips a fallback"]),
        ("  fallback_providers: [together]\n", []),
    ],
)
def test_what_no_spelling_makes_hermes_do_is_said(stage: Stage, more: str, says: list[str]) -> None:
    seed = "model:\n  provider: openai\n  base_url: http://127.0.0.1:8080/v1\n  default: gemma\n"
    path = stage.write("profiles/p/config.yaml", seed + more)
    notes = [line for line in stage.plan(migrate=True).paste if line.startswith(str(path))][1:]
    assert [any(words in note for note in notes) for words in says] == [True] * len(says)
    assert len(notes) == len(says)
