"""Which runner an attempt gets."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tests.fakes import Heard, a_receipt, an_order

from profile_router.core.attempt.order import Order
from profile_router.core.ladder.causes import Cause
from profile_router.core.ladder.failure import Failure
from profile_router.core.ladder.receipt import Attempt
from profile_router.core.routing.loop import HERMES_WINDOW
from profile_router.ports import Emit, Hold
from profile_router.runners.choice import Choice, ChosenRunner
from profile_router.withheld.survey import Survey, WithheldFile

PRIVATE = Survey(files=tuple(WithheldFile(path, "is private") for path in (".env", "a.pem")))


class Named:
    """A runner that ends as it is told to, and keeps its orders."""

    def __init__(self, name: str, failure: Failure | None = None, turns: int = 1) -> None:
        self.orders: list[Order] = []
        self._end = Attempt(
            receipt=a_receipt(runner=name, seconds=2.0, turns=turns, error=failure and failure.message),
            failure=failure,
            notes=(f"{name}'s note",),
        )

    async def run(self, order: Order, emit: Emit, hold: Hold | None = None) -> Attempt:
        self.orders.append(order)
        return self._end


def chosen(choice: Choice, order: Order, *, hermes: Named | None) -> Attempt:
    runner = ChosenRunner(choice=choice, embedded=Named("embedded"), hermes=hermes)
    return asyncio.run(runner.run(order, Heard()))


@pytest.mark.parametrize(
    ("choice", "window", "private", "there", "runner"),
    [
        ("auto", HERMES_WINDOW, False, True, "hermes"),
        ("auto", HERMES_WINDOW - 1, False, True, "embedded"),
        ("auto", HERMES_WINDOW, False, False, "embedded"),
        ("auto", HERMES_WINDOW, True, True, "embedded"),
        ("hermes", 8_192, False, True, "hermes"),
        ("hermes", HERMES_WINDOW, True, True, "embedded"),
        ("embedded", HERMES_WINDOW, False, True, "embedded"),
    ],
)
def test_the_receipt_names_the_runner_that_the_choice_means(
    choice: Choice, window: int, private: bool, there: bool, runner: str
) -> None:
    order = an_order(window=window, private=private)
    assert chosen(choice, order, hermes=Named("hermes") if there else None).receipt.runner == runner


@pytest.mark.parametrize(
    ("choice", "local", "found", "runner"),
    [
        ("auto", False, PRIVATE, "embedded"),
        ("auto", False, Survey(), "hermes"),
        ("auto", True, PRIVATE, "hermes"),
        ("hermes", False, PRIVATE, "hermes"),
    ],
)
def test_private_files_in_the_workspace_keep_hermes_tools_away_from_a_model_elsewhere(
    choice: Choice, local: bool, found: Survey, runner: str
) -> None:
    both = {name: Named(name) for name in ("embedded", "hermes")}
    chooser = ChosenRunner(choice=choice, **both, survey=lambda: found)
    attempt = asyncio.run(chooser.run(an_order(window=HERMES_WINDOW, local=local), Heard()))
    assert attempt.receipt.runner == runner
    assert any("would read .env and 1 more" in note for note in attempt.notes) == (runner == "embedded")


@pytest.mark.parametrize(
    ("choice", "local", "runner"),
    [("auto", False, "embedded"), ("auto", True, "hermes"), ("hermes", False, "hermes")],
)
def test_a_workspace_that_was_not_looked_through_keeps_hermes_tools_away_from_a_model_elsewhere(
    choice: Choice, local: bool, runner: str
) -> None:
    both = {name: Named(name) for name in ("embedded", "hermes")}
    unknown = Survey(missed="it has more than 500,000 files and folders")
    chooser = ChosenRunner(choice=choice, **both, survey=lambda: unknown)
    attempt = asyncio.run(chooser.run(an_order(window=HERMES_WINDOW, local=local), Heard()))
    assert attempt.receipt.runner == runner
    said = "unknown (it has more than 500,000 files and folders)", "name a smaller folder with --workspace"
    assert all(any(part in note for note in attempt.notes) == (runner == "embedded") for part in said)


@pytest.mark.parametrize("cause", ["over-window", "no-key", "bad-request"])
def test_what_hermes_declines_before_asking_a_model_runs_embedded_and_a_note_says_why(cause: Cause) -> None:
    declines = Named("hermes", Failure(cause=cause, message="Hermes refuses"), turns=0)
    order = an_order(window=HERMES_WINDOW, seconds=30.0)
    attempt = chosen("auto", order, hermes=declines)
    assert attempt.receipt.runner == "embedded"
    assert attempt.notes == ("hermes's note", "not run by Hermes: Hermes refuses", "embedded's note")


def test_the_time_that_hermes_took_to_decline_is_gone() -> None:
    embedded = Named("embedded")
    declines = Named("hermes", Failure(cause="no-key", message="Hermes refuses"), turns=0)
    order = an_order(window=HERMES_WINDOW, seconds=30.0)
    asyncio.run(ChosenRunner(choice="auto", embedded=embedded, hermes=declines).run(order, Heard()))
    assert embedded.orders == [replace(order, seconds=28.0)]


@pytest.mark.parametrize(
    ("choice", "cause", "turns"),
    [("hermes", "no-key", 0), ("auto", "key-refused", 1), ("auto", "bad-request", 1), ("auto", "interrupted", 0)],
)
def test_a_failure_of_hermes_is_never_tried_again_unseen(choice: Choice, cause: Cause, turns: int) -> None:
    fails = Named("hermes", Failure(cause=cause, message="failed"), turns=turns)
    attempt = chosen(choice, an_order(window=HERMES_WINDOW), hermes=fails)
    assert (attempt.receipt.runner, attempt.failure) == ("hermes", Failure(cause=cause, message="failed"))
