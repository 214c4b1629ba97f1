"""What a Hermes turn did is read of its own requests: figures and names of files alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import BURST, Heard
from tests.runners.hermes.stage import Stage, an_errand
from tests.runners.hermes.versions import TRIED, hermes_of
from tests.scripted_provider import ScriptedProvider, call, say

from profile_router.core.attempt.early_watch import EarlyJudge
from profile_router.core.ladder.early_score import EarlyWatch
from profile_router.core.policy.early_promotion import EarlyPromotion
from profile_router.machine.hermes_program import Hermes
from profile_router.runners.hermes.child.steps import Steps
from profile_router.runners.hermes.turn_account import Account

GIVEN = [{"role": "system", "content": "you"}, {"role": "assistant", "content": "earlier"}, {"role": "user"}]
TOOLS = [{"type": "function"}]
FAILED = json.dumps({"error": "old_string was not found", "success": False})
NOTHING: dict[str, Any] = {"prose": 0, "failing": 0, "edits": [], "ran": False, "looked": False}


def used(number: int, name: str, result: str, **arguments: Any) -> list[dict[str, Any]]:
    """Return the messages of one use of a tool."""
    function = {"name": name, "arguments": json.dumps(arguments)}
    return [
        {"role": "assistant", "content": None, "tool_calls": [{"id": f"c{number}", "function": function}]},
        {"role": "tool", "tool_call_id": f"c{number}", "content": result},
    ]


def request(messages: Sequence[Any]) -> tuple[Any, ...]:
    return ({"model": "m", "messages": [*GIVEN, *messages], "tools": TOOLS},)


def did(*uses: list[dict[str, Any]], candidates: Sequence[str] = ("a.py",)) -> Any:
    steps = Steps(candidates)
    assert steps.so_far(request([])) == NOTHING
    return steps.so_far(request([message for use in uses for message in use]))


@pytest.mark.parametrize(
    ("uses", "found"),
    [
        ([used(1, "read_file", '{"content": "1|x"}', path="a.py")], {"looked": True}),
        ([used(1, "read_file", '{"content": "1|x"}', path="/w/a.py")], {"looked": True}),
        ([used(1, "read_file", '{"content": "1|x"}', path="b.py")], {}),
        ([used(1, "read_file", '{"error": "not found"}', path="a.py")], {}),
        ([used(1, "search_files", '{"matches": [{"path": "./a.py"}]}', pattern="f")], {"looked": True}),
        ([used(1, "patch", FAILED, path="a.py", old_string="x", new_string="y")], {"failing": 1}),
        ([used(n, "patch", FAILED, path="a.py", old_string="x", new_string="y") for n in (1, 2)], {"failing": 2}),
        ([used(n, "patch", FAILED, path="a.py", old_string=f"{n}", new_string="y") for n in (1, 2)], {"failing": 1}),
        ([used(1, "patch", '{"success": true}', path="a.py")], {"edits": ["a.py"]}),
        ([used(1, "patch", '{"success": true, "files_modified": ["b.py"]}', path="a.py")], {"edits": ["b.py"]}),
        ([used(1, "write_file", '{"bytes_written": 2}\n\n[hint]', path="n.py")], {"edits": ["n.py"]}),
        ([used(1, "terminal", '{"output": "a.py", "exit_code": 0}', command="ls")], {"ran": True, "looked": True}),
        ([used(1, "mcp_tool", "done")], {"ran": True}),
        (
            [[{"role": "assistant", "content": "I will now fix it."}, {"role": "user", "content": "go on"}]],
            {"prose": 1},
        ),
    ],
)
def test_each_step_is_counted(uses: Any, found: dict[str, Any]) -> None:
    assert did(*uses) == NOTHING | found


def test_any_look_counts_where_the_task_names_no_file() -> None:
    assert did(used(1, "read_file", '{"content": "x"}', path="b.py"), candidates=())["looked"]


EDIT = used(1, "patch", '{"success": true}', path="a.py")
READ = used(2, "read_file", '{"content": "1|x"}', path="a.py")
RUN = used(3, "terminal", '{"exit_code": 0}', command="make")
WRONG = [used(n, "patch", FAILED, path="b.py", old_string="x", new_string="y") for n in (4, 5)]
SUMMARY = [{"role": "user", "content": "[what was done so far]"}]


@pytest.mark.parametrize("stay", [0, 1, 3], ids=["all is one", "the newest stays", "some stay"])
def test_what_was_counted_stays_where_hermes_shortens_its_messages(stay: int) -> None:
    steps, uses = Steps(("a.py",)), [EDIT, READ, RUN, *WRONG]
    steps.so_far(request([]))
    said = [steps.so_far(request([one for use in uses[:n] for one in use])) for n in range(1, 6)]
    done = NOTHING | {"failing": 2, "edits": ["a.py"], "ran": True, "looked": True}
    assert said[-1] == done
    left = [one for use in uses[5 - stay :] for one in use]
    for _ in range(2):  # a request that was refused as too long goes again, shortened
        assert steps.so_far(({"messages": [*SUMMARY, *left], "tools": TOOLS},)) == done
    more = [*SUMMARY, *left, *used(6, "patch", '{"success": true}', path="c.py")]
    assert steps.so_far(({"messages": more, "tools": TOOLS},)) == done | {"edits": ["a.py", "c.py"]}


def test_what_is_new_in_a_list_that_was_shortened_counts_once() -> None:
    steps = Steps(("a.py",))
    steps.so_far(request([]))
    steps.so_far(request([*RUN, *used(7, "read_file", "{}", path="b.py"), *WRONG[0]]))
    for _ in range(2):
        found = steps.so_far(({"messages": [*SUMMARY, *EDIT], "tools": TOOLS},))
        assert found == NOTHING | {"failing": 1, "edits": ["a.py"], "ran": True}
    found = steps.so_far(({"messages": [*SUMMARY, *WRONG[1]], "tools": TOOLS},))
    assert found is not None
    assert found["failing"] == 2


@pytest.mark.parametrize(
    "asked",
    [
        ({"messages": GIVEN},),
        ({"messages": GIVEN, "tools": []},),
        ({"input": [], "tools": TOOLS},),
        (),
        {},
        None,
        ("x",),
    ],
)
def test_a_helpers_request_and_another_protocol_tell_nothing(asked: Any) -> None:
    assert Steps(("a.py",)).so_far(asked) is None


@pytest.mark.parametrize(
    "odd",
    [
        {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text"}]},
        {"role": "tool", "content": "x"},
        {"role": "assistant", "tool_calls": "no list"},
        {"role": "assistant", "tool_calls": [None, {"id": 3}, {"function": "x"}]},
        "no message",
        {},
    ],
)
def test_an_odd_message_does_no_harm(odd: Any) -> None:
    steps = Steps(("a.py",))
    steps.so_far(request([]))
    found = steps.so_far(request([*used(1, "patch", "[" * 5_000, path="a.py"), odd]))
    assert found is not None
    assert found["failing"] == 0


def test_nothing_is_counted_where_nobody_wants_to_know() -> None:
    assert Steps(None).so_far(request([])) is None


# what becomes of it


def account(heard: Heard, **changes: Any) -> Account:
    watch = EarlyWatch(rules=EarlyPromotion(), goes=BURST, candidates=("a.py",), edits=True, checked=True)
    judge = EarlyJudge(watch=watch, where="coding-local", tell=heard)
    return Account(emit=heard, judge=judge, **changes)


def asked(turn: int, **more: Any) -> dict[str, Any]:
    return {"event": "asked", "turn": turn, "sent": 10, "answer": 10, "did": NOTHING | more}


def test_the_request_after_four_turns_that_led_nowhere_does_not_go_out() -> None:
    heard, stopped = Heard(), []
    told = account(heard, stop=lambda: stopped.append(True))
    assert [told(asked(turn)) for turn in range(1, 6)] == [True, True, True, True, False]
    assert told.ended_by is not None
    assert (told.ended_by.cause, told.turns, told.asked_in, stopped) == ("no-progress", 4, 0, [True])
    assert heard.events[-1]["event"] == "early"


def test_a_turn_that_edits_or_runs_commands_goes_on() -> None:
    for more in ({"edits": ["a.py"]}, {"ran": True}):
        told = account(Heard())
        assert all(told(asked(turn, **more)) for turn in range(1, 9))


def test_a_turn_that_is_spared_goes_on_and_says_why() -> None:
    told = account(Heard(), spared=lambda _: "its check decides")
    assert all(told(asked(turn)) for turn in range(1, 7))
    assert told.judge is not None
    assert told.judge.last is not None
    assert told.judge.last.spared == "its check decides"


@pytest.mark.parametrize("odd", [None, "x", {"failing": "many", "prose": -1, "edits": None}])
def test_figures_of_a_child_that_are_none_end_nothing_by_themselves(odd: Any) -> None:
    told = account(Heard())
    assert told({**asked(3), "did": odd})
    assert told.ended_by is None


def test_a_turn_whose_requests_tell_nothing_is_said_to_be_unjudged_once_it_is_long_enough() -> None:
    told = account(Heard())
    unjudged = []
    for turn in range(1, 7):
        told({**asked(turn), "did": None})
        unjudged.append(told.unjudged)
    assert unjudged == [False, False, False, False, True, True]
    told(asked(7))
    assert not told.unjudged
    assert not Account(emit=Heard(), turns=9).unjudged


CHILD = """#!/bin/sh
read order
cat .env > /dev/null 2>&1
for turn in 1 2 3 4 5 6; do
  printf '{"event":"asked","turn":%s,"sent":10,"answer":10,"did":{}}\\n' $turn
  head -c 1 > /dev/null
  printf '{"event":"answered","turn":%s,"tools":[],"first_s":0.1,"tokens_in":%s,"tokens_out":%s}\\n' $turn $turn $turn
done
printf '{"event":"result","final_response":"done"}\\n'
"""


@pytest.mark.parametrize(("private", "here"), [(True, False), (True, True), (False, False)])
def test_a_turn_that_read_a_private_file_is_not_ended_for_a_model_elsewhere(
    tmp_path: Path, private: bool, here: bool
) -> None:
    python = tmp_path / "python"
    python.write_text(CHILD)
    python.chmod(0o755)
    watch = EarlyWatch(rules=EarlyPromotion(), goes=BURST, candidates=("a.py",), edits=True, stays_here=here)
    with Stage(tmp_path / "stage", Hermes(python=python, command=("hermes",))) as stage, ScriptedProvider([]) as server:
        if private:
            (stage.workspace / ".env").write_text("A=1\n")
        stage.profile(server.base_url)
        done = stage.run(an_errand("Fix the sum in a.py", early=watch))
    early = done.receipt.early
    assert early is not None
    spared = private and not here
    assert early.spared == (f"it read a private file, and {BURST} is elsewhere" if spared else "")
    assert done.receipt.turns == (6 if spared else 4)
    assert [taint.path for taint in done.receipt.taints] == ([".env"] if private else [])


# with the real Hermes


@pytest.mark.nightly
@pytest.mark.parametrize("version", TRIED)
def test_a_hermes_turn_that_leads_nowhere_is_ended_after_four_requests(version: Any, tmp_path: Path) -> None:
    (tmp_path / "tried").mkdir()
    looks = [call("read_file", {"path": f"{number}.txt"}) for number in range(8)]
    watch = EarlyWatch(rules=EarlyPromotion(), goes=BURST, candidates=("a.py",), edits=True)
    heard = Heard()
    with Stage(tmp_path / "stage", hermes_of(version, tmp_path / "tried")) as stage:
        for number in range(8):
            (stage.workspace / f"{number}.txt").write_text("nothing\n")
        with ScriptedProvider([*looks, say("done")]) as provider:
            stage.profile(provider.base_url)
            done = stage.run(an_errand("Fix the sum in a.py", early=watch), heard=heard)
            assert len(provider.chats) == 4
    assert done.failure is not None
    assert (done.failure.cause, done.receipt.turns) == ("no-progress", 4)
    assert done.receipt.early is not None
    assert [term.sign for term in done.receipt.early.terms] == ["no_candidate_read", "no_edit"]


@pytest.mark.nightly
@pytest.mark.parametrize("version", TRIED)
def test_a_hermes_turn_that_reads_and_edits_is_left_to_end(version: Any, tmp_path: Path) -> None:
    (tmp_path / "tried").mkdir()
    steps = [
        call("read_file", {"path": "a.py"}),
        call("patch", {"path": "a.py", "old_string": "x = 1", "new_string": "x = 2"}),
        *[call("read_file", {"path": "a.py", "offset": number}) for number in range(1, 5)],
    ]
    watch = EarlyWatch(rules=EarlyPromotion(), goes=BURST, candidates=("a.py",), edits=True)
    with Stage(tmp_path / "stage", hermes_of(version, tmp_path / "tried")) as stage:
        (stage.workspace / "a.py").write_text("x = 1\n" * 1)
        with ScriptedProvider([*steps, say("done")]) as provider:
            stage.profile(provider.base_url)
            done = stage.run(an_errand("Fix the sum in a.py", early=watch))
    assert (done.failure, done.text) == (None, "done")
    assert done.receipt.early is not None
    assert done.receipt.early.terms == ()
