"""`key_env`, `api_base` and `custom_providers`: read where Hermes reads them, and told where nobody does."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.profiles.home_on_disk import Home, key_of

from profile_router.errors import ProfileError
from profile_router.profiles.spelling import honoured, not_honoured, not_read

CUSTOM = "provider: custom, default: m"
ENTRY = "{name: My Box, base_url: 'http://127.0.0.1:9/v1', key_env: BOX_KEY, model: theirs, context_length: 4096}"
ENV = "BOX_KEY=box-0123456789\nOTHER_KEY=other-0123456789\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "hermes")


@pytest.mark.parametrize(
    "config",
    [
        f"model: {{{CUSTOM}, base_url: 'http://127.0.0.1:9/v1', key_env: BOX_KEY}}",
        f"model: {{{CUSTOM}, base_url: 'http://127.0.0.1:9/v1', api_key_env: BOX_KEY}}",
        f"model: {{{CUSTOM}, api_base: 'http://127.0.0.1:9/v1', key_env: BOX_KEY}}",
        f"model: {{{CUSTOM}, key_env: BOX_KEY}}\napi_base: http://127.0.0.1:9/v1",
        "model: {default: m, key_env: BOX_KEY}\nprovider: custom\nbase_url: http://127.0.0.1:9/v1",
        f"model: {{provider: 'custom:my-box', default: m}}\ncustom_providers: [{ENTRY}]",
        f"model: {{provider: My Box, name: m}}\ncustom_providers: [{ENTRY}]",
        f"model: {{provider: box, default: m}}\nproviders: {{box: {ENTRY}}}",
        "model: {provider: box, default: m}\nproviders: {box: {api: 'http://127.0.0.1:9/v1', keyEnv: BOX_KEY}}",
        f"model: {{{CUSTOM}, base_url: 'http://127.0.0.1:9/v1/'}}\ncustom_providers: [{ENTRY}]",
    ],
)
def test_address_and_key_are_read_where_hermes_reads_them(home: Home, config: str) -> None:
    profile = home.config(config, env=ENV)
    assert profile.endpoint.base_url.rstrip("/") == "http://127.0.0.1:9/v1"
    assert (key_of(profile), profile.endpoint.model, profile.key_missing) == ("box-0123456789", "m", False)


def test_a_named_provider_brings_its_model_and_window(home: Home) -> None:
    profile = home.config(f"model: {{provider: 'custom:My Box'}}\ncustom_providers: [{ENTRY}]", env=ENV)
    assert (profile.endpoint.model, profile.window) == ("theirs", 4096)


def test_a_key_variable_that_nothing_sets_is_a_missing_key(home: Home) -> None:
    profile = home.config(f"model: {{{CUSTOM}, base_url: 'http://127.0.0.1:9/v1', key_env: BOX_KEY}}")
    assert (profile.key_missing, profile.endpoint.key_variable) == (True, "BOX_KEY")


def test_a_fallback_may_be_a_named_provider(home: Home) -> None:
    chain = f"fallback_providers: [{{provider: 'custom:my-box', model: f}}]\ncustom_providers: [{ENTRY}]"
    profile = home.config(f"model: {{{CUSTOM}, base_url: 'http://127.0.0.1:8/v1'}}\n{chain}", env=ENV)
    assert [(end.base_url, end.model) for end in profile.fallbacks] == [("http://127.0.0.1:9/v1", "f")]


@pytest.mark.parametrize("of_root", ["key_env: OTHER_KEY", "api_key: other-0123456789"])
def test_a_key_never_goes_to_an_endpoint_that_another_file_names(home: Home, of_root: str) -> None:
    home.write(None, f"model: {{provider: custom, base_url: 'https://root.example/v1', default: m, {of_root}}}")
    profile = home.config("model: {api_base: 'https://own.example/v1'}", env=ENV)
    assert (profile.endpoint.base_url, key_of(profile)) == ("https://own.example/v1", None)


def test_a_profiles_own_key_variable_counts_before_the_homes_key(home: Home) -> None:
    home.write(None, f"model: {{{CUSTOM}, base_url: 'https://root.example/v1', api_key: other-0123456789}}")
    assert key_of(home.config("model: {key_env: BOX_KEY}", env=ENV)) == "box-0123456789"


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (f"model: {{{CUSTOM}, base_url: 'http://a/v1', key_env: sk-0123456789}}", "model.key_env is not usable"),
        (f"model: {{{CUSTOM}, base_url: 'http://a/v1', key_env: '${{BOX_KEY}}'}}", "model.key_env is not usable"),
        (f"model: {{provider: 'custom:my-bx'}}\ncustom_providers: [{ENTRY}]", "`custom:My Box` (did you mean that?)"),
        ("model: {provider: 'custom:x', default: m}", "a name under custom_providers: it has none"),
        (f"model: {{{CUSTOM}}}\ncustom_providers: {{box: {ENTRY}}}", "custom_providers is a mapping; allowed: a list"),
        ("model: {provider: b, default: m}\ncustom_providers: [{name: b}]", "custom_providers[0].base_url is missing"),
    ],
)
def test_what_cannot_be_read_is_refused_and_no_key_is_shown(home: Home, config: str, said: str) -> None:
    with pytest.raises(ProfileError) as caught:
        home.config(config, env=ENV)
    assert said in str(caught.value)
    assert "0123456789" not in str(caught.value)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"key_env": "K"}, "key_env is not read: write api_key:"),
        ({"api_key": "K"}, "api_key is not read: write api_key:"),
        ({"model": {"apiKeyEnv": "K"}}, "model.apiKeyEnv is not read: write api_key:"),
        ({"model": {"url": "http://a"}}, "model.url is not read: write base_url below model:"),
        ({"model": {"custom_providers": []}}, "model.custom_providers is not read: write custom_providers at the top"),
    ],
)
def test_a_setting_that_nobody_reads_is_told_with_what_is_read(config: dict[str, object], said: str) -> None:
    assert [line for line in not_read(config) if line.startswith(said)]


def test_what_an_older_hermes_ignores_is_told_and_respelled() -> None:
    config = {"model": {"provider": "custom", "key_env": "BOX_KEY"}}
    assert any("Hermes 0.19 ignores model.key_env" in line for line in not_honoured(config))
    assert honoured(config)["model"] == {"provider": "custom", "api_key": "${BOX_KEY}"}
