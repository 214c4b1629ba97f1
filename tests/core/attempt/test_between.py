"""Between two attempts: what is ordered, what forbids it, and how the run ended."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fakes import (
    BURST,
    CHEAP,
    LOCAL,
    PAID,
    PRIVATE,
    a_policy,
    a_receipt,
    a_task,
    an_order,
    candidates,
    evidence,
)

from profile_router.core.attempt.between import (
    UNKNOWN_WINDOW,
    any_call_made,
    cost,
    ended_because,
    final_status,
    forbidden,
    local_option,
    order_for,
    step_after,
    unavailable,
)
from profile_router.core.attempt.order import Order
from profile_router.core.evidence import NamedFile
from profile_router.core.ladder.failure import Failure, Place
from profile_router.core.ladder.receipt import Attempt, CheckResult, Receipt, Verified
from profile_router.core.routing.decide import decide
from profile_router.core.routing.rate import FREE
from profile_router.core.routing.route import Refusal

DECISION = decide(a_task(), evidence(), a_policy(), candidates())
REFUSAL = Refusal(rule="private", reasons=("no",), unblock=("serve it",), evidence=evidence(), policy="")
BROKE = Failure(cause="server-error", message="it broke")
WINDOWLESS: dict[str, Any] = {"windows": ()}


def test_an_order_has_the_text_files_that_the_task_names_in_the_workspace() -> None:
    files = (
        NamedFile(path="src/a.py", bytes=10, lines=1),
        NamedFile(path="logo.png", bytes=10, form="image"),
        NamedFile(path="/etc/hosts", bytes=10),
        NamedFile(path="notes.md", bytes=10),
    )
    assert ordered(found=evidence(files=files)).files == ("src/a.py", "notes.md")


def ordered(profile: str = LOCAL, *, found: Any = None, **known: str) -> Order:
    return order_for(
        a_task(),
        found or evidence(),
        a_policy(),
        candidates(**known),
        Place(profile),
        seconds=9.0,
    )


def test_an_order_says_price_window_and_whether_it_is_local() -> None:
    order = ordered(found=evidence(window=12_345))
    assert (order.rate, order.window, order.local, order.vision, order.private) == (FREE, 12_345, True, False, False)
    burst = ordered(BURST)
    assert (burst.rate, burst.local, burst.vision) == (PAID, False, True)


def test_an_order_offers_every_other_profile_and_an_unknown_window_is_a_small_one() -> None:
    order = ordered(found=evidence(**WINDOWLESS))
    assert order.asks == (BURST, CHEAP)
    assert order.window == UNKNOWN_WINDOW


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/v1", "https://far.invalid/v1"])
def test_a_profile_outside_the_tiers_is_priced_as_the_most_expensive_tier(address: str) -> None:
    order = ordered("mine", mine=address)
    assert (order.rate.usd_in, order.rate.source) == (PAID.usd_in, "highest")
    assert order.local is False  # only the tier's own profile is attested


@pytest.mark.parametrize(
    ("order", "found", "cause"),
    [
        (an_order(), evidence(), None),
        (an_order(private=True), evidence(), None),
        (an_order(private=True, local=False), evidence(), "not-local"),
        (an_order(), evidence(tokens=30_000), "over-window"),
        (an_order(), evidence(tokens=30_000, **WINDOWLESS), None),
        (an_order(seconds=0.0), evidence(), "timeout"),
        (an_order(seconds=-1.0, private=True, local=False), evidence(), "not-local"),
    ],
)
def test_what_forbids_an_order(order: Order, found: Any, cause: str | None) -> None:
    failure = forbidden(order, found, a_policy())
    assert (failure.cause if failure else None) == cause


def test_what_could_not_begin_is_an_attempt_without_tokens() -> None:
    attempt = unavailable(an_order(step="asked"), candidates()[LOCAL], BROKE)
    receipt = attempt.receipt
    assert (receipt.outcome, receipt.step, receipt.error) == ("unavailable", "asked", "it broke")
    assert (receipt.tokens_in, receipt.tokens_out, receipt.cost_usd, receipt.turns) == (0, 0, 0.0, 0)
    assert receipt.model_served is None
    assert attempt.failure == BROKE


def test_only_a_failure_has_a_next_step() -> None:
    with pytest.raises(ValueError, match="only a failed attempt"):
        step_after(Attempt(receipt=a_receipt()), evidence(), a_policy(), candidates(), tried=(Place(LOCAL),), steps=())


def test_a_private_failure_stays_on_this_machine() -> None:
    down = Attempt(receipt=a_receipt(outcome="unavailable"), failure=Failure(cause="refused", message="m"))
    found = evidence(private=(PRIVATE,))
    step = step_after(down, found, a_policy(), candidates(), tried=(Place(LOCAL),), steps=())
    assert step.profile is None
    assert "private" in step.reason


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
    assert local_option(evidence(**WINDOWLESS), a_policy(), candidates()) == ()
