"""`bench`: real calls to the profiles, within the budget; `route` estimates by what was measured, and says so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.api.forms import unlike
from tests.cli.command import call
from tests.cli.stage import nobody, profile
from tests.examples import by_night
from tests.scripted_provider import Answer, ScriptedProvider, fail, raw, say

TIMES = ("--times", "1")


def timed(text: str, tokens_in: int, tokens_out: int) -> Answer:
    """Return a stream that ends as llama.cpp's does: with its usage and its own timings."""
    timings = {"cache_n": 3, "prompt_per_second": 800.0, "predicted_per_second": 62.0}
    usage = {"prompt_tokens": tokens_in, "completion_tokens": tokens_out}
    events = ({"choices": [{"delta": {"content": text}}]}, {"choices": [], "usage": usage, "timings": timings})
    lines = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
    return raw(f"{lines}data: [DONE]\n\n".encode())


def test_a_bench_is_told_kept_and_taken_by_route(tmp_path: Path) -> None:
    with ScriptedProvider([timed("no idea", 20, 2), timed("1 2 3", 1_000, 100)]) as local:
        profile(tmp_path, "coding-local", local.base_url)
        done = call("bench", "coding-local", *TIMES, home=tmp_path)
        assert done.code == 0, done.err + done.out
        prompts = [chat["messages"][0]["content"] for chat in local.chats]
    assert "0 of 2" in done.out  # an answer without the word that was asked for is not right
    assert re.search(r"coding-local +[\d,]+ ms +800 +62.0 ", done.out), done.out
    assert "the server's own speeds · free" in done.out
    assert "coding-local: scripted at 127.0.0.1" in done.out
    assert len(prompts[1]) > 3_000 > 200 > len(prompts[0])
    assert all(re.fullmatch(r"[\w\s.:,]+", prompt) for prompt in prompts)
    speeds = json.loads((tmp_path / "state" / "speeds.json").read_text())
    assert list(speeds) == [f"{local.base_url} scripted"]
    routed = call("route", "rename the function", home=tmp_path).out
    assert re.search(r"about [\d,]+ s \(bench just now\)", routed), routed


def test_an_older_measurement_says_its_age_and_a_very_old_one_counts_no_more(tmp_path: Path) -> None:
    import time

    with nobody() as url:
        for name in ("coding-local", "coding-burst"):
            profile(tmp_path, name, url)
        (tmp_path / "state").mkdir(mode=0o700)
        for days, told in ((2, "(bench 48.0 h ago)"), (31, "")):
            at = time.time() - days * 86_400
            speed = {"first_token_s": 2.0, "prompt_tps": 100.0, "output_tps": 10.0, "at": at}
            (tmp_path / "state" / "speeds.json").write_text(json.dumps({f"{url} scripted": speed}))
            said = call("route", "rename the function", home=tmp_path).out
            assert said.count("bench") == (2 if told else 0)  # of the profile, and of burst beside it
            assert told in said


def test_a_paid_profile_is_reserved_for_settled_and_never_asked_above_the_limit(tmp_path: Path) -> None:
    with ScriptedProvider([say("word"), say("word word word")]) as burst, nobody() as local:
        profile(tmp_path, "coding-local", local)
        profile(tmp_path, "coding-burst", burst.base_url)
        refused = call("bench", "coding-burst", *TIMES, "--max-cost", "0", home=tmp_path)
        assert (refused.code, len(burst.chats)) == (1, 0)
        assert "coding-burst" in refused.out
        done = call("bench", "coding-burst", *TIMES, "--json", home=tmp_path)
        assert done.code == 0, done.err + done.out
        assert unlike("bench", done.json) == []
        [row] = done.json["rows"]
        assert row["usd"] > 0
        budget = call("budget", "--json", home=tmp_path).json
        assert budget["profiles"] == {"coding-burst": row["usd"]}
        assert budget["reserved_usd"] == 0


@pytest.mark.nightly
def test_above_the_price_that_is_asked_about_nobody_is_charged(tmp_path: Path) -> None:
    with ScriptedProvider([]) as burst, nobody() as local:
        profile(tmp_path, "coding-local", local)
        profile(tmp_path, "coding-burst", burst.base_url)
        shown = call("policy", "show", "--shipped", home=tmp_path).out
        (tmp_path / "policy.yaml").write_text(shown.replace("ask_above_usd: 1 ", "ask_above_usd: 0 "))
        done = call("bench", "coding-burst", *TIMES, "--policy", "policy.yaml", home=tmp_path)
    assert (done.code, burst.chats) == (4, [])


@pytest.mark.parametrize(
    ("answer", "says"), [(fail(401, "bad key sk-test-123456"), "HTTP 401"), by_night(fail(500, "oops"), "HTTP 500")]
)
def test_a_profile_that_does_not_answer_says_why_and_keeps_nothing(tmp_path: Path, answer: object, says: str) -> None:
    with ScriptedProvider([answer]) as local:  # type: ignore[list-item]
        profile(tmp_path, "coding-local", local.base_url)
        done = call("bench", "coding-local", *TIMES, home=tmp_path)
    assert done.code == 1
    assert says in done.out
    assert not (tmp_path / "state" / "speeds.json").exists()


@pytest.mark.parametrize(
    "words",
    [("--times", "0"), by_night(("--times", "21")), by_night(("--max-cost", "-1")), by_night(("nobody-there",))],
)
def test_what_cannot_be_measured_is_refused_with_what_is_allowed(tmp_path: Path, words: tuple[str, ...]) -> None:
    with nobody() as url:
        profile(tmp_path, "coding-local", url)
        done = call("bench", *words, home=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert "allowed" in done.err or "no profile" in done.err


def test_what_the_callers_own_limit_leaves_out_is_not_a_failure(tmp_path: Path) -> None:
    with ScriptedProvider([timed("no idea", 20, 2), timed("1 2 3", 1_000, 100)]) as local, nobody() as burst:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst)
        done = call("bench", "coding-local", "coding-burst", *TIMES, "--max-cost", "0", home=tmp_path)
    assert (done.code, "62.0" in done.out, "coding-burst" in done.out) == (0, True, True), done.out + done.err


BY_THE_LIMIT = "allow more: `--max-cost USD`"


@pytest.mark.parametrize(
    ("up", "limit", "code", "burst"),
    [
        (True, "0", 0, BY_THE_LIMIT),
        (True, "0.0000001", 0, "coding-burst"),
        (False, "0", 1, BY_THE_LIMIT),
        by_night(True, "5", 1, "it has no key"),  # it would have been asked
    ],
)
def test_a_paid_profile_without_a_key_is_left_out_by_the_limit_first(
    tmp_path: Path, up: bool, limit: str, code: int, burst: str
) -> None:
    with ScriptedProvider([timed("no idea", 20, 2), timed("1 2 3", 1_000, 100)]) as local, nobody() as away:
        profile(tmp_path, "coding-local", local.base_url if up else away)
        profile(tmp_path, "coding-burst", "https://openrouter.ai/api/v1")
        done = call("bench", "coding-local", "coding-burst", *TIMES, "--max-cost", limit, home=tmp_path)
    assert (done.code, burst in done.out) == (code, True), done.out + done.err
    assert ("nothing was measured; start a local server" in done.err) != up
