"""The page's part on the early promotion by turns: what it adds to the cascade, by kind of weak model."""

from __future__ import annotations

from collections.abc import Iterator

from tests.check_price.cascade import ROWS, early, outcome
from tests.check_price.tally import Tally

_SHARES = (1.0, 0.75, 0.5, 0.25, 0.0)
# By `evaluate` on the same 500 rows, a third of wrong work accepted: points more solved, of always-burst's cost more.
_MORE = {
    "GPT-5 mini": "0.5 [-0.6, 1.4] points for 9 [7, 10] %",
    "Devstral (free)": "2.1 [1.0, 3.2] points for 10 [9, 12] %",
}


def on_early(with_test: Tally, without: Tally) -> Iterator[str]:
    """Yield what the default's rates come to with and without the early promotion. No right work is refused there."""
    yield "## With early promotion by turns"
    yield ""
    yield "A weak run of more turns than nine of ten that ended well goes to the strong model at once. These rows are"
    yield "by what each run of the 500 took and came to. Outcomes: SWE-bench's board `bash-only` (commit f1176b6 of"
    yield "SWE-bench/swe-bench.github.io, CC BY-NC 4.0; totals alone stand here). One run a task, so an interval is over tasks."
    yield ""
    yield "| weak model | tasks with a test | accepts wrong | without: solved, share of burst | with: solved, share of burst | wanted |"
    yield "|---|---|---|---|---|---|"
    for model, rows in ROWS.items():
        for share in _SHARES:
            accepts = _accepts(with_test, without, share)
            plain, found = outcome(rows, accepts, 0.0), early(model, accepts)
            wanted = f"{'yes' if plain.wanted else 'no'} → {'yes' if found.wanted else 'no'}"
            yield (
                f"| {model} | {share:.0%} | {accepts:.0%} | {plain.solved:.1f} %, {plain.share:.0%} | "
                f"{found.solved:.1f} %, {found.share:.0%} | {wanted} |"
            )
    yield ""
    for model in ROWS:
        yield f"- {model}: {_reached(model, with_test, without)} Where a check accepts 30 %, it adds {_MORE[model]} of burst."
    yield ""
    yield "To promote accepted tasks by chance, for as much, adds 0.4 points with GPT-5 mini, 0.5 with Devstral. So turns"
    yield "tell much of Devstral, which works on where it is lost. Of its longest fifty runs 2 are right, of GPT-5 mini's"
    yield "15. They pay for one kind of local model, and hardly for the other."
    yield ""


def _accepts(with_test: Tally, without: Tally, share: float) -> float:
    return share * (with_test.accepts or 0.0) + (1 - share) * (without.accepts or 0.0)


def _reached(model: str, with_test: Tally, without: Tally) -> str:
    """Return at which shares of tasks with a test what is wanted is had, without and with the early promotion."""
    steps = [step / 100 for step in range(101)]
    plain = [at for at in steps if outcome(ROWS[model], _accepts(with_test, without, at), 0.0).wanted]
    found = [at for at in steps if early(model, _accepts(with_test, without, at)).wanted]
    told = [f"at {one[0]:.0%} to {one[-1]:.0%}" if one else "at no share" for one in (plain, found)]
    return f"the target holds without it {told[0]} of tasks with a test. With it, it holds {told[1]}."
