"""What a profile states: both spellings, fallbacks, `${VAR}`, and whose key goes where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.profiles.home_on_disk import BURST, LOCAL, Home, key_of

from profile_router.errors import ProfileError

if TYPE_CHECKING:
    from pathlib import Path

SEED = """
model:
  provider: openrouter
  default: claude
  context_length: 200000
  openrouter: {sort: throughput, allow_fallbacks: true}
  fallback_providers:
    - provider: together
      model: deepseek
agent: {max_turns: 120, tool_use_enforcement: true}
terminal: {backend: local, timeout: 300}
"""
HERMES = """
model: {provider: openrouter, model: claude, context_length: 200000}
provider_routing: {sort: throughput, allow_fallbacks: true}
fallback_providers:
- {provider: together, model: deepseek}
max_turns: 120
tool_use_enforcement: always
"""

CANARY = "canary-7f3a9c51d2"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "hermes")


class TestSpellings:
    @pytest.mark.parametrize("config", [pytest.param(SEED, id="scheme"), pytest.param(HERMES, id="hermes")])
    def test_the_schemes_and_hermes_own_mean_the_same(self, home: Home, config: str) -> None:
        profile = home.config(config)

        assert (profile.endpoint.provider, profile.endpoint.model) == ("openrouter", "claude")
        assert profile.preferences == {"sort": "throughput", "allow_fallbacks": True}
        assert [(each.provider, each.model, each.base_url) for each in profile.fallbacks] == [
            ("together", "deepseek", "https://api.together.xyz/v1")
        ]
        assert (profile.window, profile.max_turns, profile.tool_use_enforcement) == (200_000, 120, "on")

    def test_openrouter_may_stand_at_the_top(self, home: Home) -> None:
        profile = home.config(BURST + "openrouter: {sort: price, min_coding_score: 0.5}")

        assert profile.preferences == {"sort": "price"}

    def test_provider_routing_comes_before_openrouter(self, home: Home) -> None:
        profile = home.config(BURST + "provider_routing: {sort: latency}\nopenrouter: {sort: price, only: [a]}")

        assert profile.preferences == {"sort": "latency", "only": ["a"]}

    def test_every_preference_is_carried(self, home: Home) -> None:
        stated = {
            "sort": "price",
            "order": ["a"],
            "only": ["a", "b"],
            "ignore": ["c"],
            "allow_fallbacks": False,
            "require_parameters": True,
            "data_collection": "deny",
        }

        assert home.config(f"{BURST}\nprovider_routing: {stated}").preferences == stated

    def test_the_model_may_be_plain_text(self, home: Home) -> None:
        home.write(None, "model: {provider: ollama, default: x}")

        assert home.config("model: qwen3:4b").endpoint.model == "qwen3:4b"

    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ("true", "on"),
            ("false", "off"),
            ("auto", "auto"),
            ("'yes'", "on"),
            ("never", "off"),
            ("[GEM, gpt]", "on"),
            ("[gpt]", "off"),
            ("[]", "off"),
        ],
    )
    def test_tool_use_enforcement_is_a_switch_or_a_list_of_models(self, home: Home, written: str, meant: str) -> None:
        assert home.config(f"{LOCAL}\nagent: {{tool_use_enforcement: {written}}}").tool_use_enforcement == meant

    def test_a_profile_says_how_its_model_samples_and_in_which_form_it_acts(self, home: Home) -> None:
        said = home.config(
            "model: {provider: custom, base_url: 'http://h/v1', default: m, temperature: '0.7'}\ntool_format: json"
        )
        assert (said.temperature, said.tool_format) == (0.7, "json")
        scheme = home.config(
            "model: {provider: custom, base_url: 'http://h/v1', default: m}\nagent: {tool_format: whole-file}"
        )
        assert (scheme.temperature, scheme.tool_format) == (None, "whole-file")
        assert home.config(LOCAL).tool_format == "auto"

    @pytest.mark.parametrize(
        ("config", "toolsets"),
        [
            ("", None),
            ("toolsets: [file, terminal]", ("file", "terminal")),
            ("toolsets: file", ("file",)),
            ("toolsets: []", ()),
            ("toolsets: [hermes-cli]", None),
            ("toolsets: [all]", None),
            ("toolsets: [coding, web]", ("file", "terminal", "web")),
            ("toolsets: [file, terminal]\nagent: {disabled_toolsets: [terminal]}", ("file",)),
            ("agent: {disabled_toolsets: [file]}", ("terminal",)),
            ("agent: {disabled_toolsets: [browser]}", None),
        ],
    )
    def test_toolsets_restrict_what_the_profile_may_use(
        self, home: Home, config: str, toolsets: tuple[str, ...] | None
    ) -> None:
        assert home.config(LOCAL + config).toolsets == toolsets

    def test_the_terminal_backend_is_carried(self, home: Home) -> None:
        assert home.config(LOCAL).terminal_backend == "local"
        assert home.config(LOCAL + "terminal: {backend: docker}").terminal_backend == "docker"

    def test_blank_and_null_count_as_not_stated(self, home: Home) -> None:
        profile = home.config(
            "model: {provider: openrouter, default: m, base_url: '', api_key: ' ', context_length: null}\nagent:\n"
        )

        assert profile.endpoint.base_url == "https://openrouter.ai/api/v1"
        assert (profile.window, profile.max_turns, profile.key_missing) == (None, None, True)

    def test_what_only_hermes_knows_is_ignored(self, home: Home) -> None:
        assert home.config(LOCAL + "memory: {enabled: true}\n1: 2\nplugins: [x]").endpoint.model == "gemma"


class TestFallbacks:
    def test_they_keep_their_order_and_each_has_its_own_key(self, home: Home) -> None:
        profile = home.config(
            """
            model: {provider: openrouter, default: main}
            fallback_providers:
            - {provider: together, model: a}
            - {provider: custom, model: b, base_url: 'https://h/v1', key_env: MY_KEY}
            - {provider: custom, model: c, base_url: 'https://h/v1', api_key: '${MY_KEY}'}
            - {provider: custom, model: d, base_url: 'https://h/v1'}
            - {provider: custom, model: e, base_url: 'http://127.0.0.1:1/v1'}
            - anthropic
            """,
            env="OPENROUTER_API_KEY=o\nTOGETHER_API_KEY=t\nMY_KEY=m\n",
        )
        told = [(f.model, f.api_key.reveal() if f.api_key else None, f.needs_key) for f in profile.fallbacks]

        assert told == [
            ("a", "t", True),
            ("b", "m", True),
            ("c", "m", True),
            ("d", None, True),
            ("e", None, False),
            ("main", None, True),
        ]

    def test_one_that_repeats_an_endpoint_is_left_out(self, home: Home) -> None:
        profile = home.config(BURST + "fallback_providers: [openrouter, together, {provider: together, model: claude}]")

        assert [each.provider for each in profile.fallbacks] == ["together"]

    def test_the_legacy_single_mapping_is_read(self, home: Home) -> None:
        profile = home.config(BURST + "fallback_model: {provider: anthropic, model: claude}")

        assert [each.provider for each in profile.fallbacks] == ["anthropic"]


class TestVariables:
    @pytest.mark.parametrize(
        ("env", "environ", "key"),
        [
            pytest.param("KEY=own", {"KEY": "environment"}, "own", id="the-profiles-env-first"),
            pytest.param("", {"KEY": "environment"}, "environment", id="then-the-environment"),
            pytest.param("KEY=\n", {"KEY": "environment"}, "environment", id="an-empty-line-sets-nothing"),
            pytest.param("", {}, None, id="else-missing"),
            pytest.param("OPENROUTER_API_KEY=other", {}, None, id="no-other-key-takes-its-place"),
        ],
    )
    def test_a_key_reference_is_looked_up_and_never_sent_literally(
        self, home: Home, env: str, environ: dict[str, str], key: str | None
    ) -> None:
        profile = home.config("model: {provider: openrouter, default: m, api_key: '${KEY}'}", env=env, **environ)

        assert key_of(profile) == key
        assert profile.key_missing is (key is None)
        if key is None:
            assert profile.endpoint.key_variable == "KEY"

    def test_a_local_server_whose_key_is_missing_says_so(self, home: Home) -> None:
        profile = home.config(LOCAL.replace("}", ", api_key: 'x-${LOCAL_API_KEY}'}"))

        assert profile.key_missing
        assert profile.endpoint.key_variable == "LOCAL_API_KEY"

    def test_they_work_in_any_text(self, home: Home) -> None:
        profile = home.config(
            """
            model: {provider: custom, base_url: 'http://${HOST}:${PORT}/v1', default: '${NAME}-q4', max_tokens: '${N}'}
            provider_routing: {order: ['${NAME}', '${ABSENT}']}
            """,
            env="HOST=127.0.0.1\nPORT=9\nNAME=gemma\nN=4096",
        )

        assert (profile.endpoint.base_url, profile.endpoint.model) == ("http://127.0.0.1:9/v1", "gemma-q4")
        assert (profile.max_tokens, profile.preferences) == (4096, {"order": ["gemma", "${ABSENT}"]})

    @pytest.mark.parametrize(
        ("config", "key"),
        [
            ("model: {provider: custom, base_url: 'http://${GONE}/v1', default: m}", "model.base_url"),
            ("model: {provider: openrouter, default: '${GONE}'}", "model.default"),
            ("model: {provider: '${GONE}', default: m}", "model.provider"),
            (BURST + "fallback_providers: [{provider: together, model: '${GONE}'}]", "fallback_providers[0].model"),
        ],
    )
    def test_where_it_cannot_be_left_out_a_missing_one_is_named(self, home: Home, config: str, key: str) -> None:
        with pytest.raises(ProfileError, match=r"neither the profile's \.env nor the environment") as caught:
            home.config(config)

        assert f"{key} refers to ${{GONE}}" in str(caught.value)
        assert "`GONE=…`" in str(caught.value)


class TestKeys:
    @pytest.mark.parametrize(
        ("model", "needs_key", "variable"),
        [
            ("{provider: openrouter}", True, "OPENROUTER_API_KEY"),
            ("{provider: together}", True, "TOGETHER_API_KEY"),
            ("{provider: anthropic}", True, "ANTHROPIC_API_KEY"),
            ("{provider: openai}", True, "OPENAI_API_KEY"),
            ("{provider: openai, base_url: 'https://api.openai.com/v1'}", True, "OPENAI_API_KEY"),
            ("{provider: ollama}", False, None),
            ("{provider: vllm, base_url: 'http://10.0.0.3:8000/v1'}", False, None),
            ("{provider: openai, base_url: 'http://127.0.0.1:8080/v1'}", False, None),
            ("{provider: custom, base_url: 'http://[::1]:8080/v1'}", False, None),
            ("{provider: custom, base_url: 'https://example.org/v1'}", True, None),
            ("{base_url: 'https://openrouter.ai/api/v1'}", True, None),
        ],
    )
    def test_each_endpoint_gets_its_own_providers_key_and_a_custom_one_none(
        self, home: Home, model: str, needs_key: bool, variable: str | None
    ) -> None:
        names = ("OPENROUTER_API_KEY", "TOGETHER_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY")
        keys = {name: f"{name}-value" for name in names}

        endpoint = home.config(f"model: {model[:-1]}, default: m}}", **keys).endpoint

        assert (endpoint.needs_key, endpoint.key_variable) == (needs_key, variable)
        assert (endpoint.api_key.reveal() if endpoint.api_key else None) == (f"{variable}-value" if variable else None)

    def test_a_written_key_comes_before_the_variable(self, home: Home) -> None:
        profile = home.config("model: {provider: openrouter, default: m, api_key: own}", OPENROUTER_API_KEY="variable")

        assert key_of(profile) == "own"

    def test_any_text_will_do_for_a_local_server(self, home: Home) -> None:
        assert key_of(home.config(LOCAL.replace("}", ", api_key: not-needed}"))) == "not-needed"

    @pytest.mark.parametrize("key", [f"{CANARY}\\n{CANARY}", f"{CANARY} {CANARY}", f"{CANARY}é", f"{CANARY}\\x7f"])
    def test_a_key_no_header_can_carry_is_refused_unseen(self, home: Home, key: str) -> None:
        with pytest.raises(ProfileError, match=r"model\.api_key holds a") as caught:
            home.config(f'model: {{provider: openrouter, default: m, api_key: "{key}"}}')

        assert CANARY not in str(caught.value)
