"""The page's part on `unproved: long`: one policy for both weak models, and where it comes to what is wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tests.check_price.cascade import (
    BURST_COST,
    BURST_SOLVED,
    ROWS,
    WANTED_SHARE,
    WANTED_SOLVED,
    Outcome,
    early,
    long,
    outcome,
)
from tests.check_price.tally import Tally

_SHARES = (1.0, 0.75, 0.5, 0.25, 0.0)
_REVIEW_COST, _REVIEW_REJECTS = 0.01, 0.05  # USD a review; of right work
BURST = Outcome(BURST_SOLVED, BURST_COST)
_Way = Callable[[str, float], Outcome]


def on_long(default: Sequence[Tally], promoting: Sequence[Tally]) -> Iterator[str]:
    """Yield what one policy comes to for both models. *default* and *promoting* are tallies with a test, and without."""
    keep, together, early_for_all = ways = _ways(default, promoting)
    yield "## One policy for both weak models"
    yield ""
    yield "`unproved: long` is the default. Work that passed, but that no test proves, goes to the strong model at times. It does"
    yield f"where it took more turns than nine of ten attempts that ended well. Of right work without a test, {_flagged(promoting):.0%} is told as unproved."
    yield ""
    yield f"| weak model | tasks with a test | `keep`: solved, share of burst | `long` | early for all | {WANTED_SOLVED:.0f} % at {WANTED_SHARE:.0%} |"
    yield "|---|---|---|---|---|---|"
    for model in ROWS:
        for share in _SHARES:
            found = [way(model, share) for way in ways]
            told = " | ".join(f"{one.solved:.1f} %, {one.share:.0%}" for one in found)
            yield f"| {model} | {share:.0%} | {told} | {', '.join('yes' if one.wanted else 'no' for one in found)} |"
    yield ""
    yield f"Both models reach it with the same settings at some shares of tasks with a test: `keep` {_both(keep)} · `long`"
    yield f"{_both(together)} · early promotion for all {_both(early_for_all)}. These repositories have, as they are met, half."
    half, best = (min(way(model, 0.5).solved for model in ROWS) for way in (keep, together))
    yield f"There the worse of the two comes to {half:.1f} % with `keep`, to {best:.1f} % with `long`. Without tests {_reaching(ways) or 'no one policy'} reaches it."
    reached = [
        called for called, way in (("keep", keep), ("long", together)) if all(way(model, 0.5).wanted for model in ROWS)
    ]
    names = " and ".join(f"`{one}`" for one in reached)
    yield (
        f"So at half both models reach {WANTED_SOLVED:.0f} % at {WANTED_SHARE:.0%} with {names}."
        if reached
        else "So at half not both reach it."
    )
    yield (
        "There a point more costs, of burst's price: "
        + " · ".join(
            f"{_price(keep(model, 0.5), together(model, 0.5)):.0%} by `long`, {_price(keep(model, 0.5), BURST):.0%} by always-burst ({model})"
            for model in ROWS
        )
        + "."
    )
    yield ""
    yield from on_review([one.accepts or 0.0 for one in default])


def _reaching(ways: Sequence[_Way]) -> str:
    """Return which of the *ways* come to what is wanted for both models without tests; empty: none does."""
    called = ("`keep`", "`long`", "early promotion for all")
    return " and ".join(
        name for name, way in zip(called, ways, strict=True) if all(way(model, 0.0).wanted for model in ROWS)
    )


def on_review(rates: Sequence[float]) -> Iterator[str]:
    """Yield how much of the wrong work that passed a second opinion must find, by the planes of `keep`.

    *rates* are the shares of wrong work that the default accepts: with a test for the bug, and without.
    """

    def reviewed(model: str, share: float, finds: float) -> Outcome:
        accepts = share * rates[0] + (1 - share) * rates[1] * (1 - finds)
        found = outcome(ROWS[model], accepts, (1 - share) * _REVIEW_REJECTS)
        return Outcome(found.solved, found.cost + (1 - share) * _REVIEW_COST)

    def needed(share: float) -> str:
        return _both(lambda model, finds: reviewed(model, share, finds))

    yield "A second opinion on work without a test could help: `review` is off, for no rate of one is measured. Let it cost"
    yield f"{100 * _REVIEW_COST:.0f} cent each and refuse {_REVIEW_REJECTS:.0%} of right work, with `keep`. Then both models reach it by the same planes,"
    yield "if it finds enough of the wrong work that passed. Where half of the tasks have a test, that is"
    yield f"{needed(0.5)}. Where none has, it is {needed(0.0)}. What it finds beyond costs too much."
    yield ""


def _price(less: Outcome, more: Outcome) -> float:
    """Return what a point costs by which *more* solves, as a share of always-burst's cost; 0 where it solves no more."""
    gained = more.solved - less.solved
    return (more.share - less.share) / gained if gained else 0.0


def _ways(default: Sequence[Tally], promoting: Sequence[Tally]) -> tuple[_Way, _Way, _Way]:
    with_test, without = (one.accepts or 0.0 for one in default)
    flagged = _flagged(promoting)

    def mixed(share: float) -> float:
        return share * with_test + (1 - share) * without

    return (
        lambda model, share: outcome(ROWS[model], mixed(share), 0.0),
        lambda model, share: long(model, share, (with_test, without), flagged),
        lambda model, share: early(model, mixed(share)),
    )


def _flagged(promoting: Sequence[Tally]) -> float:
    """Return the share of right work without a test that is told as unproved: what `unproved: promote` refuses."""
    return promoting[1].rejects or 0.0


def _both(way: _Way) -> str:
    fit = [step for step in range(101) if all(way(model, step / 100).wanted for model in ROWS)]
    return f"{fit[0]} to {fit[-1]} %" if fit else "none"
