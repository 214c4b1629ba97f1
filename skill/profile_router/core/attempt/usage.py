"""What an answer took and cost: by its server's own figures where those are possible, else by our own count. Pure.

A figure is believed where it is a whole number within what was sent and what came. No token is shorter than a byte.
What came may be as much as was asked for, as thoughts may be hidden. A server may say 10^12, a fraction, a text or
nothing at all. That neither closes the budget of a day nor makes an answer free.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from profile_router.core.routing.rate import Rate
from profile_router.values import frozen

_TEMPLATE = 1_024  # tokens that a server's own template may add to a prompt
_TIMES, _EXTRA_USD = 10, 0.05  # of our own figure: what a server may charge at most for an answer
_Figure = int | None


@frozen
class SaidUsage:
    """What a server says that an answer took, and cost in USD. None: it says nothing that is a count or an amount.

    `tokens_cached` are those of the prompt that it had read before; `anything` tells whether it sent a usage at all.
    """

    tokens_in: _Figure = None
    tokens_out: _Figure = None
    tokens_cached: _Figure = None
    usd: float | None = None
    anything: bool = False

    @property
    def read(self) -> int:
        """Return how many tokens of prompt it says that it read; some leave those it had cached out of the sum."""
        return (self.tokens_in or 0) + (self.tokens_cached or 0)


@frozen
class TokenUse:
    """What is booked for one answer: tokens, and USD where the server's own amount counts.

    `tokens_cached` are within `tokens_in`; `counted`: they are by our own count. `doubts` say what of the server's
    figures was not believed. They are empty where all of them are possible.
    """

    tokens_in: int
    tokens_out: int
    tokens_cached: int = 0
    usd: float | None = None
    counted: bool = False
    doubts: tuple[str, ...] = ()


def said_usage(usage: object) -> SaidUsage:
    """Return what *usage* says, the value of that name in an answer, whatever it is. Raises nothing."""
    if not isinstance(usage, Mapping):
        return SaidUsage(anything=usage is not None)
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, Mapping) else usage.get("prompt_cache_hit_tokens")
    return SaidUsage(
        tokens_in=whole_number(usage.get("prompt_tokens")),
        tokens_out=whole_number(usage.get("completion_tokens")),
        tokens_cached=whole_number(cached),
        usd=_charged(usage),
        anything=bool(usage),
    )


def whole_number(value: object) -> _Figure:
    """Return *value* where it is a whole number, None for anything else: true, 3.0 and "3" are not counts."""
    return value if type(value) is int and value >= 0 else None


def amount(value: object) -> float | None:
    """Return *value* where it can be an amount of money: a finite number, 0 or more."""
    if type(value) not in (int, float):
        return None
    try:
        found = float(value)  # type: ignore[arg-type]
    except OverflowError:
        return None
    return found if math.isfinite(found) and found >= 0 else None


def _charged(usage: Mapping[str, object]) -> float | None:
    """Return what *usage* says that the answer cost. With the caller's own key, the upstream cost adds to the fee."""
    usd, details = amount(usage.get("cost")), usage.get("cost_details")
    if not usage.get("is_byok") or usd is None:
        return usd
    upstream = amount(details.get("upstream_inference_cost")) if isinstance(details, Mapping) else None
    return None if upstream is None else usd + upstream


def believed(
    said: SaidUsage, *, sent: int, most_out: int, counted: Callable[[], tuple[int, int]], rate: Rate
) -> TokenUse:
    """Return what is booked for an answer to *sent* bytes, of at most *most_out* tokens, of which the server *said*.

    *counted* gives our own count of the tokens in and out. It is asked only where a figure is not possible. An amount
    is taken only where *rate* says that the endpoint states its own. It counts up to ten times the rate of the tokens.
    """
    most_in = sent + _TEMPLATE
    doubts, by_us = [], False
    tokens_in, tokens_out = said.tokens_in, said.tokens_out
    if not tokens_in or tokens_in > most_in:
        doubts += [f"{tokens_in:,} tokens for {sent:,} bytes sent"] if tokens_in else []
        tokens_in = None
    if tokens_out is not None and tokens_out > most_out:
        doubts.append(f"{tokens_out:,} tokens for an answer of at most {most_out:,}")
        tokens_out = None
    if tokens_in is None or not tokens_out:
        counted_in, counted_out = counted()
        if tokens_in is None or tokens_out is None or counted_out:
            doubts = doubts or ["no usage that can be" if said.anything else "no usage"]
            by_us, tokens_in, tokens_out = True, max(tokens_in or 0, counted_in), max(tokens_out or 0, counted_out)
    cached = said.tokens_cached or 0
    if cached > tokens_in:
        doubts.append(f"{cached:,} cached tokens of {tokens_in:,}")
        cached = 0
    usd = said.usd if rate.says_usd else None
    if usd is not None and usd > (most := _TIMES * rate.cost(tokens_in, tokens_out) + _EXTRA_USD):
        doubts.append(f"a cost of ${usd:,.2f}, where ${most:,.2f} is more than it can be")
        usd = None
    return TokenUse(
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        tokens_cached=cached,
        usd=usd,
        counted=by_us,
        doubts=tuple(doubts),
    )


def doubts_note(profile: str, doubts: tuple[str, ...]) -> str:
    """Return the note on what the server of *profile* sent with an answer and was not believed."""
    what = ", ".join(dict.fromkeys(doubts[:3]))
    return f"{profile} sent {what} with an answer: that is by our own count"
