"""What is called local stays here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.doctor.scene import Row, Scene, ids
from tests.fakes import BURST, LOCAL, a_policy

from profile_router.doctor import profiles
from profile_router.doctor.facts import DoctorFacts

LAN = "http://10.0.0.9:8080/v1"


def model(name: str, profile: str = LOCAL, provider: str = "ollama", **server: Any) -> Callable[[Scene], None]:
    def given(scene: Scene) -> None:
        scene.home.write(profile, f"model: {{provider: {provider}, default: '{name}'}}\n")
        if server:
            scene.server(kind="Ollama", **server)

    return given


def on_the_lan(scene: Scene) -> None:
    scene.home.write(LOCAL, f"model: {{provider: custom, base_url: '{LAN}', default: gemma}}\n")


def attested(scene: Scene) -> DoctorFacts:
    on_the_lan(scene)
    return scene.facts(a_policy(local_endpoints=(LAN,)))


ADDRESS, CLOUD, SLUG = profiles.local_address, profiles.cloud_model, profiles.local_slug
ROWS = [
    Row(rule="loopback is this machine", check=ADDRESS, given=lambda scene: None, level="pass", says="this machine"),
    Row(rule="another machine fails", check=ADDRESS, given=on_the_lan, level="fail", says=LAN, fix="127.0.0.1"),
    Row(
        rule="another machine fails, attested or not",
        check=ADDRESS,
        given=attested,
        level="fail",
        says="not this machine",
    ),
    Row(
        rule="an address that the policy does not attest fails",
        check=ADDRESS,
        given=lambda scene: scene.facts(a_policy(local_endpoints=("http://127.0.0.1:9/v1",))),
        level="fail",
        says="not among the policy's local_endpoints",
    ),
    Row(
        rule="a cloud in the place of the local tier fails",
        check=ADDRESS,
        given=model("maker/large", provider="openrouter"),
        level="fail",
        says="openrouter.ai/api/v1 (openrouter) is not this machine",
    ),
    Row(rule="a model of one's own is fine", check=CLOUD, given=model("qwen3:8b"), level=None),
    Row(
        rule="a tag that ends with -cloud fails",
        check=CLOUD,
        given=model("gpt-oss:120b-cloud"),
        level="fail",
        says="gpt-oss:120b-cloud runs in Ollama's cloud",
        fix="ollama pull",
    ),
    Row(rule="the tag cloud fails", check=CLOUD, given=model("kimi-k2:cloud"), level="fail", says="kimi-k2:cloud"),
    Row(
        rule="a model that the server runs elsewhere fails under any name",
        check=CLOUD,
        given=model("mine", elsewhere="https://ollama.com:443"),
        level="fail",
        says="mine runs at https://ollama.com:443",
    ),
    Row(
        rule="a cloud model of a tier that is not a local one is fine",
        check=CLOUD,
        given=model("kimi-k2:cloud", BURST),
        level=None,
    ),
    Row(rule="a cloud's own slug is fine", check=SLUG, given=lambda scene: None, level=None),
    Row(
        rule="a bare name at OpenRouter fails",
        check=SLUG,
        given=model("gemma-4-26b", BURST, "openrouter"),
        level="fail",
        says="gemma-4-26b looks like a local model, but openrouter",
        fix="provider: custom",
    ),
    Row(
        rule="a quantization in a cloud's slug fails",
        check=SLUG,
        given=model("maker/gemma-4-26b-Q4_K_M", BURST, "together"),
        level="fail",
        says="together would be asked",
    ),
    Row(
        rule="a GGUF file in a cloud's slug fails",
        check=SLUG,
        given=model("maker/gemma.gguf", BURST, "together"),
        level="fail",
        says="maker/gemma.gguf",
    ),
    Row(rule="a local server may be asked for a local name", check=SLUG, given=model("gemma-q4_0", BURST), level=None),
]


@pytest.mark.parametrize("row", ROWS, ids=ids(ROWS))
def test_what_is_local_stays_here(row: Row, tmp_path: Path) -> None:
    assert row.holds(tmp_path)
