"""Measure profiles by real calls: first token, speeds of prompt and output, right answers, cost.

A paid profile is reserved for before it is asked, as any step is; prompts are made here, and nothing of a
workspace is in one.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path

from profile_router.core.attempt.usage import TokenUse, amount, believed, said_usage, whole_number
from profile_router.core.ladder.cost_range import exact_cost
from profile_router.core.ladder.failure import Failure
from profile_router.core.ladder.spending import over_cap
from profile_router.core.operating.bench import BenchRow, CallTime
from profile_router.core.policy import Policy
from profile_router.core.profile import Profile, address
from profile_router.core.routing.candidate import is_local
from profile_router.core.routing.rate import FROM_PROVIDER, Rate, rate_at
from profile_router.core.routing.speed import believed_speed
from profile_router.core.task import Task
from profile_router.core.text import USD_DIGITS
from profile_router.errors import UsageError
from profile_router.ledger.purse import LedgerHold, LedgerPurse
from profile_router.ledger.spending import Ledger
from profile_router.ports import Approver
from profile_router.prompting.tokens import exact_tokens
from profile_router.runs.setup import Setup, prepare
from profile_router.servers.speeds import remember_speeds
from profile_router.servers.timed_call import TimedAnswer, timed_answer
from profile_router.values import frozen, mutable

_WORDS = (
    "amber",
    "birch",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "grove",
    "harbor",
    "island",
    "juniper",
    "kelp",
    "lagoon",
)
_LONG_WORDS = 700  # about 1,000 tokens
_SHORT_TOKENS, _LONG_TOKENS = 32, 192  # of an answer at most
_SENT = (120, 2_000)  # tokens of a short and a long prompt at most, for the reservation
_SHORT = "Answer with this one word and nothing else: {word}"
_LONG = (
    "{noise}\n\nThe words above mean nothing. Write the word {word} first. Then count from 1 to 60, one number a line, "
    "and nothing else."
)
_Told = Callable[[str], None]


@frozen
class Bench:
    """What is asked for: profiles (none: those of the tiers), how often, USD at most (None: as the policy allows)."""

    profiles: Sequence[str] = ()
    times: int = 2
    max_cost: float | None = None
    policy: str | None = None


async def bench(asked: Bench, environ: Mapping[str, str], approver: Approver, told: _Told) -> list[BenchRow]:
    """Return a row for each profile, and keep the speeds. Raises RouterError for a wrong policy or profile."""
    setup = prepare(Task(goal="any"), asked.policy, environ, Path(Path.cwd().anchor), to_run=True)
    names = asked.profiles or [name for name in _tiers(setup.policy) if name in setup.profiles]
    if unknown := [name for name in names if name not in setup.profiles]:
        raise UsageError(f"no profile {unknown[0]} works (there are: {', '.join(setup.profiles)})")
    purse = LedgerPurse(
        cap=setup.policy.budget.task_usd if asked.max_cost is None else asked.max_cost,
        rules=setup.policy.budget,
        ledger=Ledger(state=setup.state, clock=time.time),
        approver=approver,
    )
    rows = []
    for name in names:
        told(f"bench: {name}")
        rows.append(await _row(setup.profiles[name], setup, purse, asked.times))
    speeds = [(setup.profiles[row.profile].endpoint, speed) for row in rows if (speed := row.speed)]
    if speeds:
        remember_speeds(speeds, setup.state, now=time.time())
    return rows


def _tiers(policy: Policy) -> list[str]:
    tiers = policy.tiers
    return list(dict.fromkeys(name for name in (tiers.local, tiers.cheap, tiers.burst) if name is not None))


async def _row(profile: Profile, setup: Setup, purse: LedgerPurse, times: int) -> BenchRow:
    candidate, policy = setup.candidates[profile.name], setup.policy
    rate = rate_at(candidate, 0, policy)
    row = BenchRow(
        profile=profile.name, model=profile.endpoint.model, host=address(profile.endpoint.base_url), rate=rate
    )
    if profile.key_missing:
        most = exact_cost(_most_usd(rate, times), rate.named)
        if most.high and (left := over_cap(profile.name, most, spent=purse.spent, cap=purse.cap)) is not None:
            return replace(row, problem=left.message, cause=left.cause)
        return replace(row, problem="it has no key")
    hold = await _held(profile.name, rate, purse, times)
    if isinstance(hold, Failure):
        return replace(row, problem=hold.message, cause=hold.cause)
    calls = _Calls(profile=profile, rate=rate, policy=policy, direct=is_local(candidate, policy))
    try:
        problem = await calls.make(times)
    finally:
        if hold is not None:
            hold.settle(calls.usd)
    return replace(
        row,
        short=tuple(calls.short),
        long=tuple(calls.long),
        calls=calls.made,
        usd=round(calls.usd, USD_DIGITS),
        usd_source=calls.source if calls.usd else "",
        doubts=tuple(dict.fromkeys(calls.doubts)),
        problem=problem,
    )


def _most_usd(rate: Rate, times: int) -> float:
    """Return what *times* of both calls cost at most."""
    return times * sum(rate.cost(sent, got) for sent, got in zip(_SENT, (_SHORT_TOKENS, _LONG_TOKENS), strict=True))


async def _held(name: str, rate: Rate, purse: LedgerPurse, times: int) -> LedgerHold | Failure | None:
    most = _most_usd(rate, times)
    if not most:
        return None
    return await purse.take(name, exact_cost(most, rate.named), profile=name, step="bench")


@mutable
class _Calls:
    """The calls to one profile so far."""

    profile: Profile
    rate: Rate
    policy: Policy
    direct: bool
    made: int = 0
    usd: float = 0.0
    source: str = ""
    doubts: list[str] = field(default_factory=list)
    short: list[CallTime] = field(default_factory=list)
    long: list[CallTime] = field(default_factory=list)
    _dice: random.Random = field(default_factory=random.Random)  # another prompt each time: no cache knows it

    async def make(self, times: int) -> str:
        """Make all calls; return why one got no answer, empty where all did."""
        for _ in range(times):
            for times_of, text, tokens in ((self.short, _SHORT, _SHORT_TOKENS), (self.long, _LONG, _LONG_TOKENS)):
                word = f"{self._dice.choice(_WORDS)}{self._dice.randrange(100, 1000)}"
                noise = " ".join(self._dice.choice(_WORDS) for _ in range(_LONG_WORDS))
                prompt = text.format(word=word, noise=noise)
                found = await timed_answer(
                    self.profile,
                    prompt,
                    tokens=tokens,
                    direct=self.direct,
                    connect_s=self.policy.limits.connect_seconds,
                    seconds=self.policy.limits.short_answer_seconds,
                )
                self.made += 1
                use = _use_of(found, prompt, tokens, self.rate)
                self._pay(found, use)
                if found.failed:
                    return found.failed
                times_of.append(_time_of(found, word, use))
        return ""

    def _pay(self, found: TimedAnswer, use: TokenUse) -> None:
        self.doubts.extend(use.doubts if found.usage else ())
        if use.usd is not None:
            self.usd, self.source = self.usd + use.usd, FROM_PROVIDER
            return
        self.usd += self.rate.cost(use.tokens_in, use.tokens_out) if found.first_s is not None else 0.0
        self.source = self.source or self.rate.named


def _use_of(found: TimedAnswer, prompt: str, asked: int, rate: Rate) -> TokenUse:
    """Return what the answer to *prompt* took: as far as its server says, else as we count it.

    *asked* are the tokens that it might have at most.
    """
    written = found.thoughts + found.text
    return believed(
        said_usage(found.usage),
        sent=len(prompt.encode()),
        most_out=max(asked, len(written.encode())),
        counted=lambda: (exact_tokens(prompt), exact_tokens(written)),
        rate=rate,
    )


def _time_of(found: TimedAnswer, word: str, use: TokenUse) -> CallTime:
    cached = whole_number(found.timings.get("cache_n")) or use.tokens_cached
    return CallTime(
        tokens_in=use.tokens_in,
        tokens_out=use.tokens_out,
        first_s=found.first_s or found.seconds,
        seconds=found.seconds,
        right=word in found.text.lower(),
        cached=min(cached, use.tokens_in),
        prompt_tps=believed_speed(amount(found.timings.get("prompt_per_second"))),
        output_tps=believed_speed(amount(found.timings.get("predicted_per_second"))),
    )
