"""Whatever a Hermes child reports, its turn ends well or with a cause of the ladder; the receipt adds up."""

from __future__ import annotations

import json
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples
from tests.fakes import PAID, Heard, an_order
from tests.fuzz.mutations import VALUES, trees
from tests.runners.embedded.a_runner import KEY, cloud

from profile_router.core.attempt.receipts import receipt_of
from profile_router.core.ladder.causes import Cause
from profile_router.core.ladder.receipt import Receipt
from profile_router.core.profile import Secret
from profile_router.runners.hermes.child_process import Ended
from profile_router.runners.hermes.results import failure_of_turn
from profile_router.runners.hermes.runner import _notes
from profile_router.runners.hermes.turn_account import Account
from profile_router.servers.retry_after import RESET_HEADERS, RETRY_HEADERS, retry_after

# What the child puts together itself is of the kinds stated here; Hermes' and the server's own values may be anything.
EVENTS: list[dict[str, Any]] = [
    {"event": "version", "version": "0.19.0"},
    {"event": "asked", "turn": 1},
    {
        "event": "answered",
        "turn": 1,
        "tokens_in": 10,
        "tokens_out": 5,
        "first_s": 0.1,
        "tools": ["?"],
        "model_served": "m",
    },
    {"event": "refused", "status": 429, "kinds": ["RateLimitError"], "waits": {"retry-after": "3"}},
]
RESULT: dict[str, Any] = {
    "completed": True,
    "failed": False,
    "partial": False,
    "interrupted": False,
    "turn_exit_reason": "text_response(finish_reason=stop)",
    "failure_reason": None,
    "compression_exhausted": False,
    "error": None,
    "final_response": "done",
    "estimated_cost_usd": 0.1,
    "cost_status": "estimated",
}
SENT = [value for value in VALUES if not isinstance(value, float) or value == value]


def judged(events: list[dict[str, Any]], ended: Ended) -> None:
    account = Account(emit=Heard())
    for event in events:
        account(json.loads(json.dumps(event, default=str)))
    order = an_order(local=False, rate=PAID)
    failure = failure_of_turn(account, ended, order, where="here", model="scripted", key=Secret(KEY))
    if failure is not None:
        assert failure.cause in get_args(Cause)
        assert KEY not in failure.message
        assert len(failure.message) < 1_000
    profile = cloud("http://127.0.0.1:1/v1")
    receipt = receipt_of(order, account, failure, profile, runner="hermes", provider="p", seconds=1.0)
    assert isinstance(receipt, Receipt)
    assert (receipt.outcome == "ok") == (failure is None)
    assert receipt.tokens_in >= 0
    assert receipt.tokens_out >= 0
    assert receipt.cost_usd >= 0
    assert all(isinstance(note, str) for note in _notes(order, account, None))


IN_TIME = Ended(in_time=True, code=0, errors="")


@examples(250)
@given(result=trees(RESULT, SENT, most=4))
def test_any_result_of_hermes_is_a_success_or_a_cause(result: dict[str, Any]) -> None:
    judged([*EVENTS[:3], {"event": "result", **result, "final_response": result.get("final_response")}], IN_TIME)


@examples(100)
@given(
    status=st.sampled_from([*SENT, *range(100, 600, 37), 429, 503]),
    served=st.sampled_from(SENT),
    error=st.one_of(
        st.sampled_from(["HTTP 429", "Error code: 999 - x", f"the key is {KEY}", "Connection error."]), st.text()
    ),
)
def test_whatever_a_server_did_to_hermes_has_a_cause(status: Any, served: Any, error: str) -> None:
    events = [dict(event) for event in EVENTS]
    events[2]["model_served"] = served
    events[3]["status"] = status
    judged([*events, {"event": "result", "failed": True, "error": error}], IN_TIME)


@examples(100)
@given(
    code=st.one_of(st.none(), st.integers(-64, 255)),
    errors=st.one_of(st.text(), st.sampled_from([KEY, f"x\n{KEY}\n", "\0\n\x1b[2J"])),
    in_time=st.booleans(),
    heard=st.lists(st.sampled_from(EVENTS), max_size=4),
)
def test_a_child_that_ends_anyhow_has_a_cause(code: int | None, errors: str, in_time: bool, heard: list[Any]) -> None:
    judged(heard, Ended(in_time=in_time, code=code, errors=errors))


@examples(250)
@given(
    st.dictionaries(
        st.sampled_from((*RETRY_HEADERS, *RESET_HEADERS)),
        st.one_of(
            st.text(max_size=12),
            st.from_regex(r"\A[0-9.hms]{0,12}\Z"),
            st.sampled_from(
                [
                    "inf",
                    "nan",
                    "-1",
                    "1e400",
                    "9" * 400,
                    "Wed, 21 Oct 2015 07:28:00 GMT",
                    "Fri, 31 Dec 99999 25:61:61 +9999",
                ]
            ),
        ),
    )
)
def test_a_wait_is_never_less_than_nothing(headers: dict[str, str]) -> None:
    wait = retry_after(headers, now=1.8e9)
    assert wait is None or wait >= 0
