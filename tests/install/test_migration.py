"""From the spelling of the profile scheme to the one that Hermes honours: as text, and still the same profile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.install.configs import section, written

from profile_router.adapters.install.migration import migrate
from profile_router.adapters.install.moves import move
from profile_router.adapters.install.yaml_text import NotEditable
from profile_router.adapters.profile_config import build_profile
from profile_router.adapters.profile_settings import PREFERENCES

MODEL = "gemma"
SEED = """\
# the local tier
model:
  provider: openai   # llama-server
  base_url: http://127.0.0.1:8080/v1
  default: "gemma"
  # where to go when it is down
  fallback_providers:
    - openrouter   # first
    - provider: together
      api_key: "${KEY}"
    - {provider: openai, base_url: "http://10.0.0.2/v1"}
  context_length: 8192

openrouter:   # fast
  sort: throughput
  allow_fallbacks: true
tool_use_enforcement: true
# as the scheme says
max_turns: 90
agent:
  # quick
  api_max_retries: 1
terminal:
  backend: local
"""
HONOURED = """\
# the local tier
model:
  provider: custom   # llama-server
  base_url: http://127.0.0.1:8080/v1
  default: "gemma"
  context_length: 8192
# where to go when it is down
fallback_providers:
  - {provider: openrouter, model: gemma}   # first
  - provider: together
    api_key: "${KEY}"
    model: gemma
  - {provider: custom, base_url: "http://10.0.0.2/v1", model: gemma}

provider_routing:   # fast
  sort: throughput
  allow_fallbacks: true
agent:
  # quick
  api_max_retries: 1
  # as the scheme says
  max_turns: 90
  tool_use_enforcement: true
terminal:
  backend: local
"""


def profile(text: str) -> Any:
    return build_profile("p", [("config.yaml", yaml.safe_load(text) or {})], {"KEY": "k"})


def migrated(text: str) -> str:
    before = profile(text)
    return migrate(text, provider=before.endpoint.provider, model=before.endpoint.model)


def refused_or_ignored(config: Mapping[str, Any]) -> list[str]:
    """Return what Hermes 0.19 does not honour in *config*."""
    model = config.get("model") or {}
    chain = config.get("fallback_providers") or []
    sections = {"openrouter": config.get("openrouter") or {}, "model.openrouter": model.get("openrouter") or {}}
    return [
        *(["provider"] if str(model.get("provider")).lower() == "openai" else []),
        *(["model.fallback_providers"] if "fallback_providers" in model else []),
        *(str(entry) for entry in chain if not isinstance(entry, dict) or not {"provider", "model"} <= set(entry)),
        *(f"{entry}" for entry in chain if isinstance(entry, dict) and entry.get("provider") == "openai"),
        *(f"{name}.{key}" for name, found in sections.items() for key in found if key in PREFERENCES),
        *(key for key in ("tool_use_enforcement", "max_turns") if config.get(key) is not None),
    ]


def test_the_scheme_s_own_spelling_becomes_hermes_own_with_every_comment() -> None:
    assert migrated(SEED) == HONOURED
    assert profile(HONOURED) == profile(SEED)
    assert migrated(HONOURED) == HONOURED


_PROVIDERS = (
    "  provider: openai\n  base_url: http://127.0.0.1:8080/v1\n",
    "  provider: openai   # theirs\n",
    '  "provider": "OpenAI"\n  base_url: https://api.openai.com/v1\n',
    "  provider: openrouter\n",
)
_CHAINS = (
    "",
    "  fallback_providers: [openrouter, {provider: together, model: m}]   # two\n",
    "  # spare\n  fallback_providers:\n  - together   # cheap\n\n  - provider: openai\n    base_url: http://h/v1\n    # theirs\n    key_env: KEY\n",
    "  fallback_providers: together\n",
    "  fallback_providers:\n    - base_url: http://h/v1\n      model: 'm'\n",
)
_TOPS = (
    ("", "fallback_providers:\n  - openrouter\n", "fallback_providers: [together]\n"),
    (
        "",
        "openrouter:\n  # price counts\n  sort: price\n",
        "openrouter:\n  response_cache: true\n  sort: price   # mine\n  order: [a, b]\n",
        "openrouter: {sort: price, response_cache: true}\n",
        "openrouter:\n  sort: price\n  only:\n    - a\n    - b\nprovider_routing:\n  sort: latency\n",
        "openrouter: {allow_fallbacks: false}\nprovider_routing: {sort: latency}\n",
        "openrouter:\n  sort: price\nprovider_routing:\n",
    ),
    ("", "max_turns: 7   # few\n", "max_turns: 7\nagent:\n  max_turns: 9\n", "agent: {max_turns: 9}\ntool_use_enforcement: 'off'\n", "agent:\n# deep\ntool_use_enforcement:\n  - gemma\n  - qwen\n"),
)  # fmt: skip


@st.composite
def profiles(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Return a profile in the scheme's spelling, and the lines of it that are no business of ours."""
    inside = draw(st.sampled_from(("", "  openrouter:\n    sort: latency\n    order: [x]\n")))
    context = "  context_length: 8192   # real\n"
    model = "model:\n" + "".join(
        draw(
            st.permutations(
                [
                    draw(st.sampled_from(_PROVIDERS)),
                    draw(st.sampled_from(_CHAINS)),
                    inside,
                    context,
                    '  default: "gemma"\n',
                ]
            )
        )
    )
    others = [
        draw(section(name)) for name in draw(st.lists(st.sampled_from(("display", "memory", "skills")), unique=True))
    ]
    tops = [draw(st.sampled_from(choice)) for choice in _TOPS]
    text = draw(written([model, *tops, *others]))
    return text, [line for part in others for line in part.splitlines() if line.strip()]


@given(profiles())
def test_any_profile_stays_the_same_profile_and_hermes_honours_all_of_it(case: tuple[str, list[str]]) -> None:
    text, others = case
    after = migrated(text)
    assert profile(after) == profile(text)
    assert refused_or_ignored(yaml.safe_load(after)) == []
    assert migrated(after) == after
    assert [line for line in after.strip("\ufeff").splitlines() if line in others] == [
        line for line in text.strip("\ufeff").splitlines() if line in others
    ]
    comments = [line.split("#", 1)[1] for line in text.splitlines() if "#" in line and "'a # b'" not in line]
    dropped = {" price counts", " mine", " two", " cheap", " theirs", " few"}  # beside statements that did not count
    assert [comment for comment in comments if comment not in dropped and comment not in after] == []


def test_a_file_that_hermes_honours_already_is_left_alone() -> None:
    text = 'model: {provider: custom, base_url: "http://h/v1", default: m}\nopenrouter: {response_cache: false}\n'
    assert migrated(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "model: {provider: custom, base_url: 'http://h/v1', default: m, fallback_providers: [together]}\n",
        "{model: {provider: openrouter, default: m}, max_turns: 3}\n",
    ],
)
def test_braces_are_taken_apart_where_the_result_is_right(text: str) -> None:
    try:
        after = migrated(text)
    except NotEditable as refused:
        assert "cannot be moved" in str(refused)  # noqa: PT017
    else:
        assert profile(after) == profile(text)
        assert refused_or_ignored(yaml.safe_load(after)) == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("x: &c [together]\nmodel: {provider: openrouter, default: m, fallback_providers: *c}\n", "fallback_providers"),
        ("x: &o\n  sort: price\nmodel: {provider: openrouter, default: m}\nopenrouter: *o\n", "openrouter"),
        ("{model: {provider: openrouter, default: m}, max_turns: 3}\n", "max_turns"),
    ],
)
def test_what_cannot_be_edited_as_text_is_refused_by_its_key(text: str, named: str) -> None:
    with pytest.raises(NotEditable, match=named):
        migrated(text)


@pytest.mark.parametrize(
    ("text", "source", "target", "after"),
    [
        ("a:\n  b: 1\n  c: 2\n", ("a", "b"), ("b",), "a:\n  c: 2\nb: 1\n"),
        ("a:\n  b: 1\n", ("a", "b"), ("b",), "b: 1\n"),
        ("a:\n  b: 1", ("a", "b"), ("z", "b"), "z:\n  b: 1\n"),
        ("b: 1\na:\n  c: 2", ("b",), ("a", "b"), "a:\n  c: 2\n  b: 1\n"),
        ("a: {b: 1, c: 2}\n", ("a", "b"), ("d", "b"), "a: {c: 2}\nd:\n  b: 1\n"),
        ("a: {c: 2, b: 1}\nd: {}\n", ("a", "b"), ("d", "b"), "a: {c: 2}\nd: {b: 1}\n"),
        ("x: 0\n# of b\nb: 1\n\n# of a\na:\n", ("b",), ("a", "b"), "x: 0\n\n# of a\na:\n  # of b\n  b: 1\n"),
        ("# my file\nb: 1\na:\n", ("b",), ("a", "b"), "# my file\na:\n  b: 1\n"),
        ("x: 0\n# of b\nb: 1\n", ("b",), None, "x: 0\n# of b\n"),
        ("a:\r\n  b: 1\r\n  c: 2\r\n", ("a", "b"), None, "a:\r\n  c: 2\r\n"),
        ("\ufeffb: 1\na: 2\n", ("b",), ("x", "b"), "\ufeffx:\n  b: 1\na: 2\n"),
        ("a:\n    b: |\n      text\n\n    c: 1\n", ("a", "b"), ("b",), "a:\n    c: 1\nb: |\n  text\n\n"),
    ],
)
def test_a_key_moves_with_its_comment_and_a_section_left_empty_goes(
    text: str, source: tuple[str, ...], target: tuple[str, ...] | None, after: str
) -> None:
    assert move(text, source, target) == after
