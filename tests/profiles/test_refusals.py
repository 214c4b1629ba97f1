"""Profiles that cannot be used: one clear line that names file, value and what is allowed, and never a key."""

from __future__ import annotations

import os
import pickle
import re
import tempfile
import traceback
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.profiles.home_on_disk import BURST, LOCAL, Home

from profile_router.core.profile import Profile
from profile_router.errors import ProfileError
from profile_router.profiles.settings import SETTINGS

CANARY = "canary-7f3a9c51d2"

WRONG = [
    ("model: {context_length: 8k}", "model.context_length is '8k'", "a whole number"),
    ("model: {context_length: 0}", "model.context_length is 0", "from 1"),
    ("model: {context_length: 8192.0}", "model.context_length is 8192.0", "a whole number"),
    ("model: {context_length: true}", "model.context_length is true", "a whole number"),
    ("model: {context_length: .inf}", "model.context_length is a value of another kind", "a whole number"),
    ("model: {context_length: 0x" + "f" * 6000 + "}", "model.context_length is a value of another kind", "a whole"),
    ("model: {max_tokens: [1]}", "model.max_tokens is a list", "a whole number"),
    ("agent: {max_turns: -1}", "agent.max_turns is -1", "from 1"),
    ("max_turns: many", "max_turns is 'many'", "a whole number"),
    ("model: [a]", "model is a list", "a mapping"),
    ("model: 7", "model is 7", "a mapping"),
    ("agent: on", "agent is true", "a mapping"),
    ("model: {openrouter: fast}", "model.openrouter is 'fast'", "a mapping"),
    ("provider_routing: [price]", "provider_routing is a list", "a mapping"),
    ("provider_routing: {sort: [price]}", "provider_routing.sort is a list", "text"),
    ("provider_routing: {allow_fallbacks: maybe}", "provider_routing.allow_fallbacks is 'maybe'", "true or false"),
    ("provider_routing: {order: [1]}", "provider_routing.order is a list", "a list of names"),
    ("provider_routing: {data_collection: ask}", "provider_routing.data_collection is 'ask'", "allow or deny"),
    ("toolsets: {file: true}", "toolsets is a mapping", "a list of names"),
    ("agent: {tool_use_enforcement: often}", "agent.tool_use_enforcement is 'often'", "auto, true, false"),
    ("model: {temperature: 2.1}", "model.temperature is 2.1", "a number from 0 to 2, such as 0.2"),
    ("model: {temperature: warm}", "model.temperature is 'warm'", "a number from 0 to 2"),
    ("model: {temperature: true}", "model.temperature is true", "a number from 0 to 2"),
    ("agent: {tool_format: xml}", "agent.tool_format is 'xml'", "auto, native, whole-file, json"),
    ("agent: {tool_format: [json]}", "agent.tool_format is a list", "auto, native, whole-file, json"),
    ("agent: {tool_use_enforcement: 1}", "agent.tool_use_enforcement is 1", "auto, true, false"),
    ("fallback_providers: 3", "fallback_providers is 3", "a list of {provider"),
    ("fallback_providers: [[a]]", "fallback_providers is a list", "a list of {provider"),
    (BURST + "fallback_providers: [{model: m}]", "fallback_providers[0].provider is missing", "openrouter, together"),
    (BURST + "fallback_providers: [together, {provider: x}]", "fallback_providers[1].provider is 'x'", "openrouter"),
    ("model: {default: 4}", "model.default is 4", "text"),
    ("model: {provider: gemini}", "model.provider is 'gemini'", "ollama, llama.cpp, lmstudio, vllm"),
    ("model: {provider: gemini, base_url: 'http://h/v1'}", "model.provider is 'gemini'", "write `custom`"),
    ("model: {provider: custom}", "model.base_url is missing", "base_url: http://127.0.0.1:8080/v1"),
    ("model: {base_url: ''}", "it names no model", "model.provider and model.default"),
    ("{}", "it names no model", "model.provider and model.default"),
    ("plugins: {enabled: [profile-router]}", "it names no model", "model.provider and model.default"),
    ("model: {default: m}", "model.provider is missing", "openrouter"),
    ("model: {provider: openrouter}", "model.default is missing", "write the model's name"),
    ("model: {base_url: 127.0.0.1:8080}", "model.base_url is '127.0.0.1:8080'", "http or https"),
    ("model: {base_url: 'ftp://h/v1'}", "model.base_url is 'ftp://h/v1'", "http or https"),
    ("model: {base_url: 'http://h:99999/v1'}", "model.base_url is 'http://h:99999/v1'", "http or https"),
    ("model: {base_url: 'http://[::1/v1'}", "model.base_url is 'http://[::1/v1'", "http or https"),
    ("model: {base_url: 'http://h/v1?k=1'}", "model.base_url is", "without user, password or query"),
    ("terminal: {backend: [local]}", "terminal.backend is a list", "text"),
]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "hermes")


def bomb(first: str, following: str) -> str:
    """Return YAML in which each line stands for a multiple of the line before."""
    lines = [following.format(old=old, new=new) for old, new in pairwise("abcdefghijklmnopqrstuvwx")]
    return "\n".join([first, *lines])


class TestRefusals:
    @pytest.mark.parametrize(("config", "value", "allowed"), WRONG, ids=[row[0][:50] for row in WRONG])
    def test_a_wrong_value_is_named_with_its_file_and_what_is_allowed(
        self, home: Home, config: str, value: str, allowed: str
    ) -> None:
        with pytest.raises(ProfileError) as caught:
            home.config(config)

        assert str(caught.value).startswith(f"{home.root}/profiles/p/config.yaml: ")
        assert value in str(caught.value)
        assert allowed in str(caught.value)
        assert len(str(caught.value).splitlines()) == 1

    def test_an_error_in_the_global_file_names_that_file(self, home: Home) -> None:
        home.write(None, "agent: {max_turns: x}")

        with pytest.raises(ProfileError, match=rf"^{home.root}/config\.yaml: agent\.max_turns"):
            home.config(LOCAL)

    @pytest.mark.parametrize(
        ("config", "line"),
        [
            pytest.param("model:\n  a: b: c\n", 2, id="two-colons"),
            pytest.param("model:\n  a: 1\n  b 2\nc: 3\n", 4, id="no-colon"),
            pytest.param("model: {a: 1\nb: 2\nc: [", 2, id="open-bracket"),
            pytest.param("a: 1\n\tb: 2\n", 2, id="tab"),
            pytest.param("a: 1\nb: 'x\n", 3, id="open-quote"),
            pytest.param("a: 1\n---\nb: 2\n", 2, id="two-documents"),
            pytest.param("a: 1\nb: !!python/object:os.system {}\n", 2, id="tag"),
            pytest.param("a: 1\nb: *nowhere\n", 2, id="alias-to-nowhere"),
            pytest.param("a: 1\nb: &b [*b]\n", 2, id="alias-to-itself"),
            pytest.param("a: 1\nb: \x07\n", 2, id="control-character"),
            pytest.param(b"a: 1\nb: \xff\n", 2, id="not-utf-8"),
            pytest.param("a: 1\n? [k]\n: 2\n", 2, id="key-that-is-a-list"),
            pytest.param("a: " + "[" * 2000 + "]" * 2000, 1, id="deep-nesting"),
            pytest.param(bomb("a: &a [x, x]", "{new}: &{new} [*{old}, *{old}]"), 14, id="alias-bomb"),
            pytest.param(bomb("a: &a {k: v}", "{new}: &{new} {{<<: [*{old}, *{old}, *{old}]}}"), 10, id="merge-bomb"),
        ],
    )
    def test_text_that_is_not_yaml_is_refused_with_its_line(self, home: Home, config: str | bytes, line: int) -> None:
        with pytest.raises(ProfileError, match=rf"^{home.root}/profiles/p/config\.yaml:{line}: ") as caught:
            home.config(config)

        assert len(str(caught.value).splitlines()) == 1

    @pytest.mark.parametrize(
        ("config", "words"),
        [
            ("- a\n", "holds a list"),
            ("just text", "holds 'just …'"),
            ("a: 2026-99-99\n", "not valid YAML"),
            ("a: !!int x\n", "not valid YAML"),
            ("#" + "x" * 1_000_000, "larger than 1,000,000 bytes"),
        ],
    )
    def test_text_of_another_shape_is_refused(self, home: Home, config: str, words: str) -> None:
        with pytest.raises(ProfileError, match=re.escape(words)):
            home.config(config)

    @pytest.mark.parametrize("file", ["config.yaml", ".env"])
    @pytest.mark.parametrize(
        ("make", "words"),
        [
            pytest.param(lambda path: path.mkdir(), "not a plain file", id="folder"),
            pytest.param(os.mkfifo, "not a plain file", id="pipe"),
            pytest.param(lambda path: path.symlink_to(path), "cannot be read", id="link-to-itself"),
        ],
    )
    def test_what_is_not_a_readable_file_is_refused(self, home: Home, file: str, make: Any, words: str) -> None:
        home.write(None, LOCAL)
        make(home.write("p") / file)

        with pytest.raises(ProfileError, match=words):
            home.load()

    def test_an_env_file_that_is_not_text_is_refused_unseen(self, home: Home) -> None:
        with pytest.raises(ProfileError, match=r"\.env:2: not UTF-8") as caught:
            home.config(LOCAL, env=b"A=1\nKEY=" + CANARY.encode() + b"\xff\n")

        assert CANARY not in repr(caught.value)

    def test_an_alias_that_stays_small_is_not_a_bomb(self, home: Home) -> None:
        profile = home.config(
            "x: &endpoint {provider: custom, base_url: 'http://127.0.0.1:1/v1'}\nmodel: {<<: *endpoint, default: m}"
        )

        assert profile.endpoint.base_url == "http://127.0.0.1:1/v1"


def outcome(config: str, env: str) -> tuple[str, Profile | ProfileError]:
    """Load *config* with *env* in a home of its own; return all that can be seen of the result, and the result."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "hermes")
        try:
            profile = home.config(config, env=env)
        except ProfileError as error:
            return f"{error!r} {vars(error)} {''.join(traceback.format_exception(error))}", error
    return f"{profile} {profile!r} {profile.endpoint} {profile.fallbacks}", profile


KEYED = f"""model:
  provider: custom
  base_url: http://127.0.0.1:8080/v1
  api_key: {CANARY}
  default: gemma
fallback_providers:
- provider: together
  model: m
  api_key: {CANARY}
"""
LEAKY = [
    KEYED,
    KEYED.replace("api_key:", "api_key"),
    KEYED.replace("custom", "costum"),
    KEYED.replace("custom", f"sk-{CANARY}"),
    f"model:\n  provider: openrouter\n  default: gemma\n    api_key {CANARY}\n",
    KEYED.replace(f": {CANARY}", f": *{CANARY}"),
    KEYED.replace(f": {CANARY}", f": !{CANARY} x"),
    KEYED.replace(f": {CANARY}", f": &{CANARY} [*{CANARY}]"),
    KEYED.replace(f": {CANARY}", f": '{CANARY}"),
    KEYED.replace(f": {CANARY}", f': "{CANARY}\\q"'),
    KEYED.replace(f": {CANARY}", f": [{CANARY}]"),
    KEYED.replace(f": {CANARY}", f": {{{CANARY}: {CANARY}}}"),
    KEYED.replace(f": {CANARY}", f": !!int {CANARY}"),
    KEYED.replace(f": {CANARY}", f": {CANARY}: x"),
    KEYED.replace("http://", f"http://user:{CANARY}@"),
    KEYED.replace("/v1", f"/v1?key={CANARY}"),
    KEYED.replace("8080", "${K}"),
    f"model: api_key {CANARY}",
    f"model: {{provider: openrouter, context_length: '${{K}}', default: m, api_key: {CANARY}}}",
]


class TestSecrecy:
    @pytest.mark.parametrize("config", LEAKY)
    def test_no_error_and_no_profile_shows_a_key(self, config: str) -> None:
        seen, _ = outcome(config, f"K={CANARY}\nTOGETHER_API_KEY='{CANARY}'\n")

        assert CANARY not in seen

    def test_a_key_that_yaml_takes_for_a_number_is_refused_unseen(self) -> None:
        seen, result = outcome(KEYED.replace(CANARY, "4711081542"), "")

        assert "model.api_key is not usable; allowed: text in quotes" in str(result)
        assert "4711081542" not in seen

    @given(
        position=st.integers(0, len(KEYED)), cut=st.integers(0, 2), insert=st.sampled_from(["", *"\n:'\"[{*&!|>#-% \t"])
    )
    def test_a_slip_of_the_hand_anywhere_shows_no_key(self, position: int, cut: int, insert: str) -> None:
        slipped = KEYED[:position] + insert + KEYED[position + cut :]

        seen, _ = outcome(slipped, "")

        assert CANARY[:6] not in seen

    def test_a_profile_with_a_key_is_never_serialized(self, home: Home) -> None:
        with pytest.raises(TypeError):
            pickle.dumps(home.config(KEYED))


KEYS = sorted({part for _, spellings in SETTINGS.values() for name in spellings for part in name.split(".")})


class TestTotality:
    @given(config=st.text(max_size=200))
    def test_any_text_gives_a_profile_or_one_clear_error(self, config: str) -> None:
        seen, result = outcome(config.encode(errors="replace").decode(), "")

        assert isinstance(result, Profile | ProfileError)
        assert seen

    @given(
        config=st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(KEYS),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=12,
        )
    )
    def test_any_structure_gives_a_profile_or_one_clear_error(self, config: Any) -> None:
        _, result = outcome(yaml.safe_dump(config), "")

        assert isinstance(result, Profile | ProfileError)
