"""What a run does stands in the ledger before the next is done, by the values of its result."""

from __future__ import annotations

import sqlite3
import zlib
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from Crypto.Cipher import AES
from tests.core.privacy.secret_samples import TOKENS
from tests.fakes import BURST, LOCAL, PRIVATE, a_receipt, a_task
from tests.ledger.a_ledger import (
    FIRST,
    FOUND,
    NOON,
    SEAL,
    SECOND,
    STEP,
    Clock,
    a_decision,
    a_ledger,
    asked,
    begin,
    tell,
)

from profile_router.core.attempt.saving import Saving
from profile_router.core.evidence import TokenCount
from profile_router.core.ladder.account import Story
from profile_router.core.ladder.early_score import EarlyScore, EarlyTerm
from profile_router.core.ladder.receipt import Verified
from profile_router.core.privacy.taint import Taint
from profile_router.core.telling.work import receipt_json
from profile_router.errors import StateError
from profile_router.ledger.history import SqliteHistory
from profile_router.ledger.schema import LEDGER_FILE
from profile_router.ledger.totals import totals_since
from profile_router.ledger.words import Seal

SAID = ("pytest", "http.py", "1 failed", "secrets/plan.txt", "the check failed")


def story(state: Path, wanted: str = "ab12", seal: Seal = SEAL) -> Story:
    return SqliteHistory(state=state, seal=seal).story(wanted)


def test_what_a_run_saved_is_kept_and_gone_where_it_goes_on(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    tell(ledger)
    ledger.ended("verified", Saving(usd=0.3, if_burst_usd=0.36, source="table, 2026-11"))
    found = story(tmp_path).run
    assert (found.saved_usd, found.if_burst_usd, found.saved_by) == (0.3, 0.36, "table, 2026-11")
    assert SqliteHistory(state=tmp_path).grouped("day", 1)[0].saved_usd == 0.3
    ledger.ended("interrupted")
    found = story(tmp_path).run
    assert (found.saved_usd, found.saved_by) == (None, "it did not end well")


@pytest.mark.parametrize("killed", [False, True])
def test_a_run_that_goes_on_does_not_count_the_time_in_which_it_was_interrupted(tmp_path: Path, killed: bool) -> None:
    night = 30_000.0
    clock = Clock()
    asked(begin(a_ledger(tmp_path, clock=clock)), FIRST)
    for _ in range(2):
        if not killed:
            a_ledger(tmp_path, clock=clock).ended("interrupted")
        clock.at += night
        ledger = begin(a_ledger(tmp_path, clock=clock))
        asked(ledger, FIRST)
        ledger.answered((FIRST,))
    lasted = ledger.lasted_s()
    assert 0 < lasted < 20
    ledger.ended("verified", seconds=lasted)
    found = story(tmp_path).run
    assert found.seconds == pytest.approx(lasted)
    assert found.paused_s == pytest.approx(2 * night, abs=10)
    assert (found.ended or 0) > NOON + 2 * night
    assert [one.seconds for one in totals_since(tmp_path, 0, many_lines=9).slowest] == [pytest.approx(lasted)]


def test_a_run_that_was_never_interrupted_has_no_pause(tmp_path: Path) -> None:
    tell(a_ledger(tmp_path))
    assert story(tmp_path).run.paused_s == 0


def test_a_run_is_told_whole(tmp_path: Path) -> None:
    tell(a_ledger(tmp_path))
    found = story(tmp_path)
    assert (found.run.verdict, found.run.cause, found.run.profile, found.run.tier) == ("verified", "", BURST, "burst")
    assert (found.run.rule, found.run.thread, found.run.workspace) == ("small-change", "t", "/home/u/repo")
    assert (found.run.attempts, found.run.tokens_in, found.run.cost_usd) == (2, 11_334, 0.06)
    assert [one.receipt["verdict"] for one in found.attempts] == ["verification-failed", "ok"]
    assert [(one.step, one.after, one.reason) for one in found.steps] == [("promote", 1, STEP.reason)]
    assert [(one.after, one.passed, one.files_changed) for one in found.checks] == [(1, False, 1), (2, None, 0)]
    assert found.estimate["profile"] == LOCAL
    assert (
        NOON < found.run.started < found.attempts[0].started < (found.attempts[0].ended or 0) < (found.run.ended or 0)
    )


def test_the_receipts_of_a_result_are_the_rows_of_the_ledger(tmp_path: Path) -> None:
    term = EarlyTerm(sign="no_edit", points=0.5, said="changed no file")
    scored = EarlyScore(turns=5, needed=1.0, terms=(term,))
    tainted = replace(
        FIRST, taints=(Taint(path="secrets/plan.txt", why="is private"),), withheld="no jail", early=scored
    )
    ledger = a_ledger(tmp_path)
    begin(ledger).answered((tainted, SECOND))
    for told in (ledger.receipts(), a_ledger(tmp_path).receipts()):
        plain = [{name: one[name] for name in receipt_json(FIRST)} for one in told]
        assert plain == [receipt_json(tainted), receipt_json(SECOND)]
    rows = [one.receipt for one in story(tmp_path).attempts]
    assert rows == plain


def test_what_a_stopped_attempt_had_taken_stands_there_and_counts_once_when_it_goes_on(tmp_path: Path) -> None:
    ledger = begin(a_ledger(tmp_path))
    ledger.stopped(asked(ledger, SECOND), SECOND)
    ledger.ended("interrupted")
    stopped = story(tmp_path)
    assert (stopped.run.verdict, stopped.run.cost_usd, stopped.run.tokens_in) == ("interrupted", 0.06, 11_234)
    again = begin(a_ledger(tmp_path))
    asked(again, SECOND)
    again.answered((replace(SECOND, cost_usd=0.09),))
    again.ended("verified")
    assert (story(tmp_path).run.attempts, story(tmp_path).run.cost_usd) == (1, 0.09)


def test_an_attempt_stands_there_before_its_model_is_asked(tmp_path: Path) -> None:
    asked(begin(a_ledger(tmp_path)), FIRST)
    found = story(tmp_path)
    assert (found.run.verdict, found.run.attempts, found.run.profile) == ("unfinished", 1, LOCAL)
    [attempt] = found.attempts
    assert (attempt.ended, attempt.receipt["verdict"], attempt.receipt["model_asked"]) == (
        None, "unfinished", FIRST.model_asked
    )  # fmt: skip


def test_what_a_crash_left_open_is_the_same_row_when_the_run_goes_on(tmp_path: Path) -> None:
    before = begin(a_ledger(tmp_path))
    before.answered((FIRST,))
    assert asked(before, SECOND) == 1
    began = story(tmp_path).attempts[1].started
    after = begin(a_ledger(tmp_path))
    assert asked(after, SECOND) == 1
    after.answered((FIRST, SECOND))
    found = story(tmp_path)
    assert [one.receipt["profile"] for one in found.attempts] == [LOCAL, BURST]
    assert found.attempts[1].started == began


def test_what_is_told_again_after_a_crash_is_there_once(tmp_path: Path) -> None:
    for _ in range(3):
        tell(a_ledger(tmp_path))
    found = story(tmp_path)
    assert (len(found.attempts), len(found.steps), len(found.checks)) == (2, 1, 2)
    assert (found.run.attempts, found.run.cost_usd) == (2, 0.06)
    assert len(SqliteHistory(state=tmp_path).runs(9)) == 1


def test_a_call_beside_the_attempts_counts_and_decides_no_profile(tmp_path: Path) -> None:
    ledger, beside = begin(a_ledger(tmp_path)), a_receipt(BURST, step="summarize", cost_usd=0.01)
    ledger.answered((a_receipt(LOCAL),))
    ledger.ends(asked(ledger, beside), beside)
    assert story(tmp_path).run.cost_usd == 0.01
    ledger.answered((a_receipt(LOCAL), beside))
    assert (story(tmp_path).run.profile, story(tmp_path).run.attempts) == (LOCAL, 2)


def test_a_call_that_came_to_nothing_leaves_no_row(tmp_path: Path) -> None:
    ledger = begin(a_ledger(tmp_path))
    asked(ledger, FIRST)
    ledger.answered(())
    assert story(tmp_path).attempts == ()


def test_a_refusal_is_a_run_without_a_profile(tmp_path: Path) -> None:
    ledger = begin(a_ledger(tmp_path))
    ledger.routed(a_decision(private=(PRIVATE,), tokens=900_000, fixed=TokenCount(900_000, 900_000, "counted")))
    ledger.ended("refused")
    found = story(tmp_path)
    assert (found.run.verdict, found.run.profile, found.estimate) == ("refused", "", {})


def test_why_a_run_was_refused_and_what_unblocks_it_is_kept_encrypted_until_it_goes_on(tmp_path: Path) -> None:
    words = {"why": ["keys/prod.pem is a private path"], "unblock": ["serve coding-local on a loopback address"]}
    ledger = begin(a_ledger(tmp_path))
    ledger.ended("refused", words=words)
    assert story(tmp_path).refused == words
    assert story(tmp_path, seal=Seal(None)).refused == {}
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert [word for word in (b"prod.pem", b"loopback") if word in held] == []
    ledger.ended("verified")
    assert story(tmp_path).refused == {}


def test_words_stand_nowhere_in_clear_and_are_read_with_the_key_alone(tmp_path: Path) -> None:
    tainted = replace(FIRST, taints=(Taint(path="secrets/plan.txt", why="is private"),))
    ledger = a_ledger(tmp_path)
    begin(ledger).answered((tainted,))
    ledger.verified(FOUND, after=1)
    ledger.stepped((STEP,), after=1)
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert [word for word in SAID if word.encode() in held] == []
    assert story(tmp_path).attempts[0].receipt["error"] == FIRST.error
    for other in (Seal(b"x" * 32), Seal(None)):
        found = story(tmp_path, seal=other)
        assert (found.attempts[0].receipt["error"], found.steps[0].reason, found.checks[0].words) == (None,) * 3
        assert found.attempts[0].receipt["verdict"] == "verification-failed"


def test_words_that_an_older_version_encrypted_are_read_for_their_own_row_alone() -> None:
    older: Any = AES.new(b"k" * 32, AES.MODE_EAX)
    older.update(b"ab12 1")
    data, tag = older.encrypt_and_digest(zlib.compress(b'{"error": "it failed"}'))
    sealed = older.nonce + tag + data
    assert SEAL.opened(sealed, "ab12 1") == {"error": "it failed"}
    assert (SEAL.opened(sealed, "ab12 2"), SEAL.opened(sealed[:-1], "ab12 1"), SEAL.opened(sealed[:9], "ab12 1")) == (
        None,
    ) * 3


def test_where_no_key_can_be_kept_the_result_has_its_words_and_the_ledger_none(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path, seal=Seal(None))
    begin(ledger).answered((FIRST,))
    assert ledger.receipts()[0]["error"] == FIRST.error
    assert story(tmp_path).attempts[0].receipt["error"] is None


@pytest.mark.parametrize("said", [TOKENS["token of GitHub"], "a story with blanks", "x" * 300, "line\nbreak"])
def test_what_a_server_calls_itself_stands_in_clear_only_if_it_is_a_name(tmp_path: Path, said: str) -> None:
    ledger = a_ledger(tmp_path)
    begin(ledger).answered((replace(SECOND, model_served=said),))
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert said.encode() not in held


def test_no_secret_reaches_even_the_encrypted_words(tmp_path: Path) -> None:
    token = TOKENS["token of GitHub"]
    begin(a_ledger(tmp_path)).answered((replace(FIRST, error=f"HTTP 401: {token}"),))
    assert token not in story(tmp_path).attempts[0].receipt["error"]


def test_no_text_of_a_task_reaches_the_ledger(tmp_path: Path) -> None:
    task = a_task("note marigold", context="periwinkle", files=("larkspur.py",), check="test-hyacinth")
    ledger = a_ledger(tmp_path)
    begin(ledger, task=task)
    ledger.routed(a_decision(task))
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert [word for word in (b"marigold", b"periwinkle", b"larkspur", b"hyacinth") if word in held] == []


def test_what_cannot_be_written_ends_the_run_and_says_how_it_goes_on(tmp_path: Path) -> None:
    ledger = begin(a_ledger(tmp_path, thread="mine"))
    with closing(sqlite3.connect(tmp_path / LEDGER_FILE)) as database, database:
        database.execute("CREATE TRIGGER full BEFORE INSERT ON attempts BEGIN SELECT RAISE(FAIL, 'disk full'); END")
    database.close()
    with pytest.raises(StateError, match="`profile-router resume mine`"):
        asked(ledger, FIRST)


def test_a_check_before_any_work_stands_beside_those_after_it_with_words_of_its_own(tmp_path: Path) -> None:
    ledger = begin(a_ledger(tmp_path))
    for _ in range(2):  # once more after a kill
        ledger.verified(Verified(check=FOUND.check), after=0, stage="before")
    ledger.verified(FOUND, after=0)
    found = story(tmp_path).checks
    assert [(one.stage, one.passed, one.files_changed) for one in found] == [("before", False, 0), ("after", False, 1)]
    assert all(one.words and one.words["check"]["command"] == "pytest -q tests/test_http.py" for one in found)
