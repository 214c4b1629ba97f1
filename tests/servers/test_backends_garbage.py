"""A server may answer anything: its count is taken if it is one, and nothing it says makes us fail."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples
from tests.fakes import a_profile
from tests.scripted_provider import COUNT, Answer, ScriptedProvider, fail, raw

from profile_router.servers.inspect import count_prompt, inspect

MODELS, PROPS, SHOW, PS = "/v1/models", "/props", "/api/show", "/api/ps"
KEYS = [
    "data",
    "id",
    "default_generation_settings",
    "n_ctx",
    "modalities",
    "vision",
    "models",
    "name",
    "model_info",
    "parameters",
    "context_length",
    "error",
    "message",
]


@pytest.mark.parametrize(
    ("answer", "count"),
    [
        (Answer(body={"input_tokens": 123, "object": "response.input_tokens"}), 123),
        (Answer(body={"input_tokens": "123"}), None),
        (Answer(body={"input_tokens": 0}), None),
        (Answer(body={"input_tokens": True}), None),
        (Answer(body=[1]), None),
        (raw(b"nonsense"), None),
        (raw(b"[" * 100_000), None),
        (fail(501, "not supported"), None),
        (Answer(drop=True), None),
    ],
)
def test_a_servers_count_is_taken_if_it_is_one(answer: Answer, count: int | None) -> None:
    with ScriptedProvider(pages={COUNT: answer}) as provider:
        body = {"messages": [{"role": "user", "content": "hi"}]}
        assert asyncio.run(count_prompt(a_profile(provider.base_url), body, connect_s=2.0)) == count
    assert provider.requests[0].body == body


@pytest.mark.parametrize(
    ("answer", "status"),
    [(raw(b"<html>"), 200), (fail(500, "oops"), 500), (fail(401, "no"), 401), (Answer(body=[]), 200)],
)
def test_a_server_without_a_list_of_models_is_not_a_failure_but_is_told(answer: Answer, status: int) -> None:
    with ScriptedProvider(pages={MODELS: answer}) as provider:
        report = asyncio.run(inspect(a_profile(provider.base_url), connect_s=2.0))
    assert (report.cause, report.models) == (None, ())
    assert report.detail == f"HTTP {status} without a list of models at /models"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
PAGE = st.builds(
    lambda body, status: Answer(body=body, status=status),
    st.binary(max_size=20) | JSON.map(lambda value: json.dumps(value).encode()),
    st.sampled_from([200, 200, 200, 204, 401, 404, 500, 503]),
)


def test_no_answer_whatever_makes_inspecting_fail() -> None:
    with ScriptedProvider() as provider:
        profile = a_profile(provider.base_url)

        @examples(60)
        @given(st.fixed_dictionaries(dict.fromkeys([MODELS, PROPS, SHOW, PS], PAGE)))
        def inspected(pages: dict[str, Any]) -> None:
            provider.pages = pages
            report = asyncio.run(inspect(profile, connect_s=2.0))
            assert report.window is None or report.window > 0
            assert all(isinstance(name, str) for name in report.models)

        inspected()
        provider.pages = {MODELS: raw(b"[" * 100_000), PROPS: raw(b"[" * 100_000)}
        assert asyncio.run(inspect(profile, connect_s=2.0)).cause is None
