"""How a run ended, what it cost, and what is said of that."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fakes import (
    BURST,
    CHEAP,
    LOCAL,
    a_policy,
    a_receipt,
    a_task,
    candidates,
    evidence,
)

from profile_router.core.attempt.outcome import (
    any_call_made,
    cost,
    ended_because,
    final_status,
    local_option,
    with_earlier_check,
    with_unrun_check,
)
from profile_router.core.found_check import FoundCheck
from profile_router.core.ladder.check_words import EARLIER, NO_CHECK, NOT_BEGUN, NOTHING_TO_CHECK
from profile_router.core.ladder.failure import Failure
from profile_router.core.ladder.receipt import Attempt, ChangedFile, CheckResult, Receipt, Verified
from profile_router.core.routing.decide import decide
from profile_router.core.routing.route import Refusal
from profile_router.core.telling.work import verified_lines

DECISION = decide(a_task(), evidence(), a_policy(), candidates())
REFUSAL = Refusal(rule="private", reasons=("no",), unblock=("serve it",), evidence=evidence(), policy="")
BROKE = Failure(cause="server-error", message="it broke")
PASSED = CheckResult(command="c", exit_code=0, seconds=0.1, last_line="")
FAILED = CheckResult(command="c", exit_code=1, seconds=0.1, last_line="")
TIMED_OUT = CheckResult(command="c", exit_code=None, seconds=0.1, last_line="")
OK = Attempt(receipt=a_receipt(), text="done")
DOWN = Attempt(receipt=a_receipt(outcome="unavailable"), failure=BROKE)
BAD = Attempt(receipt=a_receipt(outcome="failed"), failure=BROKE)
PROBE = a_receipt(CHEAP, step="probe")


@pytest.mark.parametrize(
    ("attempt", "receipts", "check", "status"),
    [
        (OK, (OK.receipt,), None, "ok"),
        (OK, (OK.receipt,), PASSED, "ok"),
        (OK, (OK.receipt,), FAILED, "failed"),
        (OK, (OK.receipt,), TIMED_OUT, "failed"),
        (OK, (DOWN.receipt, OK.receipt), PASSED, "ok"),
        (BAD, (BAD.receipt,), None, "failed"),
        (DOWN, (BAD.receipt, DOWN.receipt), None, "failed"),
        (DOWN, (DOWN.receipt,), None, "refused"),
        (DOWN, (DOWN.receipt, DOWN.receipt), None, "refused"),
        (DOWN, (PROBE, DOWN.receipt), None, "refused"),
        (None, (), None, "refused"),
    ],
)
def test_how_a_run_ended(
    attempt: Attempt | None, receipts: tuple[Receipt, ...], check: CheckResult | None, status: str
) -> None:
    assert final_status(DECISION, receipts, attempt, Verified(check=check)) == status


def test_a_refusal_is_refused_whatever_else_is_there() -> None:
    assert final_status(REFUSAL, (), None, Verified()) == "refused"


@pytest.mark.parametrize(
    ("receipts", "made"),
    [((), False), ((DOWN.receipt,), False), ((PROBE,), False), ((PROBE, DOWN.receipt), False), ((BAD.receipt,), True)],
)
def test_probe_and_unavailable_are_not_calls(receipts: tuple[Receipt, ...], made: bool) -> None:
    assert any_call_made(receipts) is made


def test_everything_that_was_paid_is_in_the_cost() -> None:
    receipts = (
        a_receipt(cost_usd=0.1),
        a_receipt(cost_usd=0.2, outcome="failed"),
        a_receipt(step="probe", cost_usd=0.003),
    )
    assert cost(receipts) == 0.303


UNTOUCHED = Failure(cause="no-change", message="a.py was to be changed, and no file was")
NO_KEY = Failure(cause="no-key", message="coding-burst has no key")


def receipts_of(*ends: tuple[str, str, str]) -> list[Receipt]:
    return [a_receipt(profile=profile, outcome=outcome, error=error) for profile, outcome, error in ends]


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        (
            ((LOCAL, "failed", UNTOUCHED.message), (BURST, "unavailable", NO_KEY.message)),
            f"{LOCAL}: {UNTOUCHED.message}; {NO_KEY.message}",
        ),
        (
            ((LOCAL, "failed", f"{LOCAL} at x broke"), (BURST, "unavailable", NO_KEY.message)),
            f"{LOCAL} at x broke; {NO_KEY.message}",
        ),
        (((BURST, "unavailable", NO_KEY.message),), NO_KEY.message),
        (((LOCAL, "failed", "it broke"), (BURST, "failed", NO_KEY.message)), NO_KEY.message),
    ],
)
def test_what_could_not_begin_does_not_hide_why_the_attempt_before_it_failed(
    ends: tuple[tuple[str, str, str], ...], said: str
) -> None:
    limits = a_policy().limits
    assert ended_because(receipts_of(*ends), NO_KEY, a_task(), limits) == said
    assert ended_because(receipts_of(*ends), None, a_task(), limits) is None


@pytest.mark.parametrize(("seconds", "limit"), [(3.0, "--timeout 3 s"), (None, "limits.run_seconds ")])
def test_a_run_whose_time_is_over_says_whose_limit_it_was_and_failed(seconds: float | None, limit: str) -> None:
    over = Failure(cause="timeout", message="the time is up")
    receipt = a_receipt(outcome="unavailable")
    said = ended_because([receipt], over, a_task(timeout_s=seconds), a_policy().limits)
    assert said is not None
    assert said.startswith(f"the time limit of {limit}")
    assert final_status(DECISION, [receipt], Attempt(receipt=receipt, failure=over), Verified()) == "failed"


def test_the_local_profile_is_named_where_the_task_fits_it() -> None:
    (way,) = local_option(evidence(), a_policy(), candidates())
    assert f"--profile {LOCAL}" in way
    assert local_option(evidence(windows=()), a_policy(), candidates()) == ()


@pytest.mark.parametrize(
    ("changes", "changed", "said"),
    [
        ({}, False, NO_CHECK),
        ({"only_if_changed": True}, False, NOTHING_TO_CHECK),
        ({"only_if_changed": True, "refused": "nobody agreed"}, False, NOTHING_TO_CHECK),
        ({"only_if_changed": True, "refused": "no", "unagreed": "declined"}, False, "the check `pytest -q` was found and not run: no"),
        ({"only_if_changed": True, "weak": True}, False, NO_CHECK),
        ({"only_if_changed": True, "refused": "nobody agreed"}, True, "the check `pytest -q` was found and not run: nobody agreed"),
        ({"refused": "nobody agreed"}, False, "the check `pytest -q` was found and not run: nobody agreed"),
    ],
)  # fmt: skip
def test_that_no_check_was_named_is_said_only_where_none_was_found(
    changes: dict[str, Any], changed: bool, said: str
) -> None:
    words = ("pytest", "-q")
    found = FoundCheck(runner="pytest", words=words, whole=words, source="pyproject.toml", **changes)
    files = (ChangedFile(path="a.py", lines_added=1, lines_removed=0),) if changed else ()
    verified = with_unrun_check(Verified(files_changed=files, unverified=(NO_CHECK,)), found)
    assert verified.unverified == (said,)
    ended = with_earlier_check(verified, Verified(), (), named=True)
    assert NO_CHECK not in ended.unverified
    assert NOTHING_TO_CHECK not in ended.unverified
    assert with_unrun_check(Verified(unverified=(NO_CHECK,)), None).unverified == (NO_CHECK,)


RED = a_receipt(LOCAL).failing(Failure(cause="verification-failed", message="pytest: exit 1"))
CUT = a_receipt(BURST, step="promote").failing(Failure(cause="cut-short", message="it broke off"))
UNBEGUN = a_receipt(BURST, step="promote", outcome="unavailable")
REVIEW = a_receipt(BURST, step="review")


@pytest.mark.parametrize(
    ("receipts", "said"),
    [
        ((RED, UNBEGUN), NOT_BEGUN),
        ((RED, RED, UNBEGUN, UNBEGUN), NOT_BEGUN),
        ((RED, REVIEW, UNBEGUN), NOT_BEGUN),
        ((RED, CUT), EARLIER),
        ((RED, CUT, UNBEGUN), EARLIER),
    ],
)
def test_an_attempt_that_never_began_is_not_said_to_have_left_work_unchecked(
    receipts: tuple[Receipt, ...], said: str
) -> None:
    check = CheckResult(command="pytest", exit_code=1, seconds=1.0, last_line="1 failed")
    ended = with_earlier_check(Verified(unverified=(NO_CHECK,)), Verified(check=check), receipts, named=True)
    assert (ended.check, ended.unverified) == (check, (said,))
    assert [one.about for one in verified_lines(ended)] == ["files", "open"]
