"""The probe asks for a schema-bound estimate, reads nothing private, and never stops a task."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import CHEAP, PRIVATE, a_policy, a_profile, a_task, candidates, evidence
from tests.scripted_provider import Answer, ScriptedProvider, fail, raw, say

from profile_router.core.evidence import Evidence, NamedFile
from profile_router.core.policy import Policy
from profile_router.core.profile import Profile
from profile_router.core.routing.probe import ProbeOutcome
from profile_router.core.task import Task
from profile_router.prompting.tokens import exact_tokens
from profile_router.runners.calls.call import RecordedCalls
from profile_router.runners.calls.prober import EmbeddedProber, parsed_probe, schema

ESTIMATE = {"score": 7, "files_to_edit": 12, "lines_to_edit": 340, "reason": "many callers"}
GOOD = json.dumps(ESTIMATE)
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIhush\n-----END RSA PRIVATE KEY-----\n"


def probe(
    profile: Profile,
    found: Evidence | None = None,
    *,
    root: Path | None = None,
    task: Task | None = None,
    policy: Policy | None = None,
) -> ProbeOutcome:
    calls = RecordedCalls(load={CHEAP: profile}.__getitem__, policy=policy or a_policy())
    prober = EmbeddedProber(calls=calls, candidates=candidates(), root=root or Path.cwd())
    return asyncio.run(prober.probe(task or a_task(), found or evidence(), CHEAP))


def cheap(base_url: str, **changes: Any) -> Profile:
    return a_profile(base_url, name=CHEAP, provider="openrouter", key=changes.pop("key", "the-cheap-key"), **changes)


def named(*files: tuple[str, int]) -> Evidence:
    return evidence(files=tuple(NamedFile(path=path, bytes=size) for path, size in files))


def test_the_schema_is_sent_where_servers_look_for_it() -> None:
    with ScriptedProvider([GOOD]) as provider:
        outcome = probe(cheap(provider.base_url))
    body = provider.chats[0]
    wanted = {"name": "probe", "strict": True, "schema": schema()}
    assert body["response_format"] == {"type": "json_schema", "json_schema": wanted}
    assert body["max_tokens"] == 300
    assert "tools" not in body
    assert outcome.complexity is not None
    assert outcome.complexity.score == 7
    assert (outcome.complexity.files_to_edit, outcome.complexity.lines_to_edit) == (12, 340)


def test_the_receipt_is_priced_as_the_cheap_tier() -> None:
    with ScriptedProvider([say(GOOD, usage=(900, 100))]) as provider:
        (receipt,) = probe(cheap(provider.base_url)).receipts
    assert (receipt.step, receipt.profile, receipt.outcome, receipt.turns) == ("probe", CHEAP, "ok", 1)
    assert (receipt.tokens_in, receipt.tokens_out, receipt.cost_usd) == (900, 100, 0.003)  # (2 + 4) / 2 a million
    assert receipt.ttft_s is not None


def test_the_policy_says_how_long_a_probe_may_take() -> None:
    shipped = a_policy()
    policy = a_policy(probe=replace(shipped.probe, seconds=0.1))
    with ScriptedProvider([Answer(stall=True)]) as provider:
        outcome = probe(cheap(provider.base_url), policy=policy)
    assert outcome.complexity is None
    assert "the time is up" in outcome.problem
    assert (shipped.probe.seconds, shipped.limits.summary_seconds) == (60.0, 120.0)


@pytest.mark.parametrize("usage", [None, (0, 0), (-900_000, 10)])
def test_a_probe_whose_provider_does_not_count_is_counted_for(usage: tuple[int, int] | None) -> None:
    with ScriptedProvider([say(GOOD, usage=usage)]) as provider:
        outcome = probe(cheap(provider.base_url))
    assert outcome.receipts[0].tokens_in > 50
    assert outcome.receipts[0].tokens_out > 5
    assert outcome.receipts[0].cost_usd > 0


INVALID = {
    "no JSON": say("I think 7"),
    "another score": say(json.dumps(ESTIMATE | {"score": 11})),
    "a score as text": say(json.dumps(ESTIMATE | {"score": "7"})),
    "more than asked": say(json.dumps(ESTIMATE | {"extra": 1})),
    "less than asked": say(json.dumps({"score": 7})),
    "cut at the limit": say(GOOD, finish="length"),
    "empty": say(""),
    "negative": say(json.dumps(ESTIMATE | {"lines_to_edit": -1})),
}


@pytest.mark.parametrize("answer", INVALID.values(), ids=INVALID)
def test_invalid_twice_is_not_an_estimate_and_two_receipts(answer: Answer) -> None:
    with ScriptedProvider([answer, answer, GOOD]) as provider:
        outcome = probe(cheap(provider.base_url))
    assert outcome.complexity is None
    assert outcome.problem.startswith("2 invalid answers: ")
    assert len(outcome.receipts) == len(provider.chats) == 2


@pytest.mark.parametrize("answer", INVALID.values(), ids=INVALID)
def test_invalid_once_is_asked_again(answer: Answer) -> None:
    with ScriptedProvider([answer, GOOD]) as provider:
        outcome = probe(cheap(provider.base_url))
    assert outcome.complexity is not None
    assert len(outcome.receipts) == 2


@pytest.mark.parametrize(
    "answer", [fail(500), fail(401), Answer(drop=True), raw(b""), raw(b"data: [1]\n\n"), say("half", ends="cut")]
)
def test_a_probe_that_fails_is_asked_once_and_never_raises(answer: Answer) -> None:
    with ScriptedProvider([answer, GOOD]) as provider:
        outcome = probe(cheap(provider.base_url))
    assert outcome.complexity is None
    assert outcome.problem
    assert [receipt.outcome for receipt in outcome.receipts] == ["failed"]
    assert len(provider.chats) == 1


def test_without_a_key_nothing_is_asked() -> None:
    with ScriptedProvider() as provider:
        outcome = probe(cheap(provider.base_url, key=None, needs_key=True))
    assert (outcome.complexity, outcome.receipts) == (None, ())
    assert outcome.problem == "review-cheap has no key"
    assert provider.requests == []


def test_a_private_task_is_never_probed() -> None:
    with ScriptedProvider() as provider, pytest.raises(AssertionError, match="private"):
        probe(cheap(provider.base_url), evidence(private=(PRIVATE,)))
    assert provider.requests == []


def test_the_probe_reads_the_named_files_but_nothing_private(tmp_path: Path) -> None:
    texts = {
        "a.py": "def visible(): ...\n",
        ".env": "PASSWORD=hunter2\n",
        "notes.txt": f"mind\n{PEM}",
        "k.pem": "hush-pem",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "binary.bin").write_bytes(b"\0hush-bin")
    found = named(*((name, len(text)) for name, text in texts.items()), ("gone.py", 5))
    with ScriptedProvider([GOOD]) as provider:
        probe(cheap(provider.base_url), found, root=tmp_path)
    sent = provider.requests[0].raw.decode()
    assert "def visible" in sent
    assert not [word for word in ("hunter2", "MIIhush", "hush-pem", "hush-bin") if word in sent]


def test_it_reads_no_more_than_the_policy_allows(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"f{number}.py").write_text(f"# file {number}\n" + "some words of code\n" * 400)
    found = named(*((f"f{number}.py", 8_000) for number in range(20)))
    with ScriptedProvider([GOOD]) as provider:
        probe(cheap(provider.base_url), found, root=tmp_path, task=a_task("do it", context="word " * 50_000))
    sent = provider.chats[0]["messages"][0]["content"]
    assert exact_tokens(sent) <= a_policy().probe.max_tokens + 400
    assert "(cut)" in sent
    assert "# file 19" not in sent


@pytest.mark.parametrize("fence", ["{}", "```json\n{}\n```", "```\n{}\n```", "\n {} \n"])
def test_a_code_fence_around_an_estimate_does_no_harm(fence: str) -> None:
    found, problem = parsed_probe(fence.replace("{}", GOOD))
    assert (found is not None, problem) == (True, "")


def test_a_long_reason_is_one_short_line() -> None:
    found, _ = parsed_probe(json.dumps(ESTIMATE | {"reason": "so\nmany " * 100}))
    assert found is not None
    assert len(found.reason) <= 200
    assert "\n" not in found.reason
