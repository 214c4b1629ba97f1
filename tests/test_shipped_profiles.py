"""The profiles that come with the program: valid distributions for Hermes, and read by our own loader."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import profile_router
from profile_router.profiles.home import find_home
from profile_router.resources import shipped

PROFILES = ("coding-burst", "coding-local", "review-cheap")
FILES = {"distribution.yaml", "config.yaml", ".env.EXAMPLE", "SOUL.md"}


def _read(name: str, file: str) -> dict[str, Any]:
    loaded = yaml.safe_load((shipped("profiles") / name / file).read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def test_the_profiles_of_the_default_policy_ship() -> None:
    policy = Path(profile_router.__file__).parent / "policies" / "default_policy.yaml"
    tiers = yaml.safe_load(policy.read_text(encoding="utf-8"))["tiers"]

    assert find_home({}).names() == tuple(sorted(tiers.values())) == PROFILES


@pytest.mark.parametrize("name", PROFILES)
class TestDistribution:
    def test_it_has_exactly_the_files_of_a_distribution(self, name: str) -> None:
        entries = list((shipped("profiles") / name).iterdir())

        assert {entry.name for entry in entries} == FILES
        assert not any(entry.is_symlink() for entry in entries)  # Hermes refuses symlinks in a distribution

    def test_its_manifest_says_what_hermes_asks_for(self, name: str) -> None:
        manifest = _read(name, "distribution.yaml")

        assert manifest["name"] == name
        assert manifest["version"] == profile_router.__version__
        assert manifest["license"] == "MIT"
        assert re.fullmatch(r">=0\.19\.0", manifest["hermes_requires"])
        assert manifest["description"]
        assert manifest["author"]

    def test_the_keys_it_requires_are_those_its_config_refers_to(self, name: str) -> None:
        required = {entry["name"] for entry in _read(name, "distribution.yaml")["env_requires"]}
        used = set(re.findall(r"\$\{(\w+)\}", str(_read(name, "config.yaml"))))
        example = (shipped("profiles") / name / ".env.EXAMPLE").read_text(encoding="utf-8")

        assert required == used
        assert set(re.findall(r"^(\w+)=$", example, re.MULTILINE)) == required

    def test_it_ships_no_key(self, name: str) -> None:
        for file in FILES:
            text = (shipped("profiles") / name / file).read_text(encoding="utf-8")
            assert not re.search(r"sk-[\w-]{8}|_KEY=\S", text)

    def test_its_config_stands_alone_because_hermes_inherits_nothing(self, name: str) -> None:
        config = _read(name, "config.yaml")

        assert {"provider", "default", "api_key", "context_length", "max_tokens"} <= config["model"].keys()
        assert config["agent"].keys() >= {"max_turns", "tool_use_enforcement"}
        assert config["terminal"]["backend"] == "local"

    def test_it_uses_no_spelling_that_hermes_ignores(self, name: str) -> None:
        config = _read(name, "config.yaml")

        assert config["model"]["provider"] != "openai"
        assert not config["model"].keys() & {"openrouter", "fallback_providers", "max_turns"}
        assert not config.keys() & {"openrouter", "max_turns", "tool_use_enforcement"}


@pytest.mark.parametrize(
    ("name", "provider", "base_url", "model", "window", "turns", "preferences"),
    [
        ("coding-local", "custom", "http://127.0.0.1:8080/v1", "gemma-4-26b-q4_0", 8192, 90, {}),
        (
            "coding-burst",
            "openrouter",
            "https://openrouter.ai/api/v1",
            "anthropic/claude-sonnet-4",
            200_000,
            120,
            {"sort": "throughput"},
        ),
        (
            "review-cheap",
            "openrouter",
            "https://openrouter.ai/api/v1",
            "deepseek/deepseek-v4-pro",
            128_000,
            20,
            {"sort": "price"},
        ),
    ],
)
def test_our_loader_reads_what_the_profile_states(
    name: str, provider: str, base_url: str, model: str, window: int, turns: int, preferences: dict[str, str]
) -> None:
    profile = find_home({}).load(name)

    assert (profile.endpoint.provider, profile.endpoint.base_url, profile.endpoint.model) == (provider, base_url, model)
    assert (profile.window, profile.max_turns, profile.preferences) == (window, turns, preferences)
    assert profile.tool_use_enforcement == "on"
    assert profile.max_tokens is not None
    assert profile.max_tokens < window


def test_only_the_cloud_profiles_wait_for_a_key() -> None:
    home = find_home({})

    assert [name for name in PROFILES if home.load(name).key_missing] == ["coding-burst", "review-cheap"]


def test_a_key_in_the_environment_serves_the_cloud_profiles_and_not_the_local_one(tmp_path: Path) -> None:
    home = find_home({"HERMES_HOME": str(tmp_path / "absent"), "OPENROUTER_API_KEY": "canary"})
    keys = {name: home.load(name).endpoint.api_key for name in PROFILES}

    assert {name: key.reveal() for name, key in keys.items() if key is not None} == {
        "coding-burst": "canary",
        "coding-local": "not-needed",
        "review-cheap": "canary",
    }
