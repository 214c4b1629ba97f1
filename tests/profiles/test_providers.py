"""The provider table: which names are known, where they are, and which variable holds their key."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.profiles.home_on_disk import Home

from profile_router.core.profile import is_loopback
from profile_router.errors import ProfileError
from profile_router.profiles.providers import PROVIDERS, find_provider, provider_names

ADDRESSES = [
    pytest.param("openrouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY", id="openrouter"),
    pytest.param("together", "https://api.together.xyz/v1", "TOGETHER_API_KEY", id="together"),
    pytest.param("anthropic", "https://api.anthropic.com/v1/", "ANTHROPIC_API_KEY", id="anthropic"),
    pytest.param("openai-api", "https://api.openai.com/v1", "OPENAI_API_KEY", id="openai"),
    pytest.param("ollama", "http://127.0.0.1:11434/v1", None, id="ollama"),
    pytest.param("llama.cpp", "http://127.0.0.1:8080/v1", None, id="llama.cpp"),
    pytest.param("lmstudio", "http://127.0.0.1:1234/v1", None, id="lm-studio"),
    pytest.param("vllm", "http://127.0.0.1:8000/v1", None, id="vllm"),
]

SPELLINGS = [
    ("OpenRouter", "openrouter"),
    ("or", "openrouter"),
    ("togetherai", "together"),
    ("Together AI", "together"),
    ("claude", "anthropic"),
    ("Anthropic", "anthropic"),
    ("openai_api", "openai-api"),
    ("Ollama", "ollama"),
    ("llamacpp", "llama.cpp"),
    ("llama-cpp", "llama.cpp"),
    ("llama_cpp", "llama.cpp"),
    ("LM Studio", "lmstudio"),
    ("lm-studio", "lmstudio"),
    ("lm_studio", "lmstudio"),
    (" vLLM ", "vllm"),
    ("custom", "custom"),
]


@pytest.mark.parametrize(("name", "base_url", "variable"), ADDRESSES)
def test_each_provider_has_its_address_and_key_variable(name: str, base_url: str, variable: str | None) -> None:
    provider = find_provider(name)

    assert provider is not None
    assert (provider.base_url, provider.key_variable) == (base_url, variable)


@pytest.mark.parametrize(("spelling", "name"), SPELLINGS)
def test_people_may_spell_a_provider_as_they_do_elsewhere(spelling: str, name: str) -> None:
    provider = find_provider(spelling)

    assert provider is not None
    assert provider.name == name


@pytest.mark.parametrize(
    ("spelling", "base_url", "name"),
    [
        ("openai", "http://127.0.0.1:8080/v1", "custom"),
        ("openai", None, "openai-api"),
        ("openai", "https://API.openai.com/v1/", "openai-api"),
        ("local", "http://192.168.0.7:9000/v1", "custom"),
        ("local", None, "llama.cpp"),
        ("vllm", "http://10.0.0.3:8000/v1", "vllm"),
        ("openrouter", "http://127.0.0.1:9/v1", "openrouter"),
    ],
)
def test_a_base_url_decides_what_an_ambiguous_name_means(spelling: str, base_url: str | None, name: str) -> None:
    provider = find_provider(spelling, base_url)

    assert provider is not None
    assert provider.name == name


@pytest.mark.parametrize("base_url", [None, "http://127.0.0.1:8080/v1"])
@pytest.mark.parametrize("spelling", ["", "gemini", "open", "ollama-cloud", "auto"])
def test_an_unknown_name_stays_unknown_even_with_a_base_url(spelling: str, base_url: str | None) -> None:
    assert find_provider(spelling, base_url) is None


def test_only_servers_on_this_machine_need_no_key() -> None:
    for provider in PROVIDERS:
        at_home = provider.base_url is not None and is_loopback(provider.base_url)
        assert provider.needs_key is not at_home
        assert not (at_home and provider.key_variable)


def test_the_list_for_messages_names_every_provider() -> None:
    assert all(provider.name in provider_names() for provider in PROVIDERS)


@given(spelling=st.text(max_size=20))
def test_any_text_is_a_known_name_or_none(spelling: str) -> None:
    assert find_provider(spelling) in {None, *PROVIDERS}


@pytest.mark.parametrize(("written", "meant"), [("opnrouter", "openrouter"), ("togther", "together"), ("zebra", "")])
def test_a_provider_that_is_nearly_right_is_told_what_it_may_mean(written: str, meant: str, tmp_path: Path) -> None:
    with pytest.raises(ProfileError) as caught:
        Home(tmp_path / "hermes").config(f"model: {{provider: {written}, default: m}}")
    assert (f"`{meant}` (did you mean that?)" in str(caught.value)) is bool(meant)
