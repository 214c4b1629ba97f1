"""A server on this machine answers as the model it was asked for, by a name it lists, or not."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import CHEAP, a_policy, a_profile, a_task, an_order, candidates, evidence
from tests.runners.embedded.a_runner import cloud, cloud_order, failed, local, run
from tests.scripted_provider import ScriptedProvider, call, raw, say

from profile_router.core.routing.rate import FREE
from profile_router.runners.calls.call import RecordedCalls, SingleCall
from profile_router.runners.calls.prober import EmbeddedProber

OTHER = "gpt-9-in-a-cloud"


def lists(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"/v1/models": {"data": list(entries)}}


@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize("pages", [{}, lists(), lists({"id": "scripted"}, {"id": "another", "aliases": [OTHER]})])
def test_another_model_ends_the_attempt_before_a_second_request(pages: dict[str, Any], private: bool) -> None:
    answers = [call("list_files", {"path": "."}, model=OTHER), say("done", model=OTHER)]
    with ScriptedProvider(answers, pages=pages) as provider:
        attempt = run(local(provider.base_url), an_order(private=private))
        assert failed(attempt) == ("wrong-model", "failed")
        assert len(provider.chats) == 1
    assert attempt.receipt.model_served == OTHER
    assert OTHER in (attempt.receipt.error or "")
    assert "'scripted'" in (attempt.receipt.error or "")


@pytest.mark.parametrize(
    ("asked", "served", "entries"),
    [
        ("scripted", "scripted", []),
        ("scripted", "Scripted", []),
        ("qwen2.5-coder:latest", "qwen2.5-coder", []),
        ("qwen2.5-coder", "qwen2.5-coder:latest", []),
        ("org/Model-7B", "model-7b", []),
        ("model", "/models/model.gguf", []),
        ("scripted", "", []),
        ("scripted", "file-7b", [{"id": "scripted", "aliases": ["file-7b"]}]),
        ("short", "/srv/weights/q4", [{"id": "short", "root": "/srv/weights/q4"}]),
        ("nick", "given", [{"id": "given", "aliases": ["nick", "other"]}]),
    ],
)
def test_any_name_of_the_model_asked_for_will_do(asked: str, served: str, entries: list[dict[str, Any]]) -> None:
    with ScriptedProvider([say("done", model=served or None)], pages=lists(*entries), models=(served,)) as provider:
        assert run(local(provider.base_url, model=asked)).failure is None


@pytest.mark.parametrize("named", [b"", b'"model":null,', b'"model":"",', b'"model":7,'])
def test_a_server_that_names_no_model_is_believed(named: bytes) -> None:
    body = b'data: {%s"choices":[{"index":0,"delta":{"content":"done"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    with ScriptedProvider([raw(body % named)]) as provider:
        assert run(local(provider.base_url)).text == "done"


def test_the_second_answer_counts_like_the_first(tmp_path: Path) -> None:
    answers = [call("list_files", {"path": "."}), say("done", model=OTHER), say("done")]
    with ScriptedProvider(answers) as provider:
        attempt = run(local(provider.base_url), workspace=tmp_path)
        assert failed(attempt) == ("wrong-model", "failed")
        assert len(provider.chats) == 2


def test_a_name_in_the_middle_of_a_stream_counts_like_one_at_its_beginning() -> None:
    chunk = b'data: {"model":"%s","choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'
    with ScriptedProvider([raw(chunk % b"scripted" + chunk % OTHER.encode())]) as provider:
        assert failed(run(local(provider.base_url)))[0] == "wrong-model"


@pytest.mark.parametrize(("entries", "ends"), [([{"id": OTHER}], None), ([], None), ([{"id": "third"}], "wrong-model")])
def test_where_any_model_will_do_it_is_one_that_the_server_lists(
    entries: list[dict[str, Any]], ends: str | None
) -> None:
    policy = a_policy(accept_any_model=True)
    with ScriptedProvider([say("done", model=OTHER)], pages=lists(*entries)) as provider:
        attempt = run(local(provider.base_url), policy=policy)
    assert (attempt.failure and attempt.failure.cause) == ends


def test_a_single_call_ends_the_same_way() -> None:
    with ScriptedProvider([say("done", model=OTHER)]) as provider:
        asked = SingleCall(
            profile=local(provider.base_url),
            rate=FREE,
            local=True,
            step="summarize",
            prompt="x",
            max_tokens=10,
            seconds=9,
        )
        text, receipt = asyncio.run(RecordedCalls(load=lambda _: asked.profile, policy=a_policy()).ask(asked))
    assert (text, receipt.outcome) == (None, "failed")
    assert OTHER in (receipt.error or "")
    assert receipt.model_served == OTHER


def test_a_model_in_a_cloud_may_have_a_longer_name_than_was_asked_for() -> None:
    with ScriptedProvider([say("done", model="scripted-2026-01-01")]) as provider:
        receipt = run(cloud(provider.base_url), cloud_order()).receipt
    assert (receipt.outcome, receipt.model_served) == ("ok", "scripted-2026-01-01")


def test_a_probe_asks_another_model_once(tmp_path: Path) -> None:
    with ScriptedProvider([say("{}", model=OTHER)]) as provider:
        profile = a_profile(provider.base_url, name=CHEAP)
        policy = a_policy(local_endpoints=(provider.base_url,))
        calls = RecordedCalls(load={CHEAP: profile}.__getitem__, policy=policy)
        there = candidates(**{CHEAP: provider.base_url})
        prober = EmbeddedProber(calls=calls, candidates=there, root=tmp_path)
        outcome = asyncio.run(prober.probe(a_task(), evidence(), CHEAP))
        assert len(provider.chats) == 1
    assert OTHER in outcome.problem
