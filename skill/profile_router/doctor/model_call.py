"""One minimal model call per profile, to see that it answers. The only part of the doctor that can cost anything."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import field
from typing import Any

from profile_router.core.ladder.causes import cause_of_answer, detail_of, is_cause
from profile_router.core.ladder.unfit import unfit_fix
from profile_router.core.policy import Policy
from profile_router.core.profile import Profile, is_loopback
from profile_router.core.text import priced
from profile_router.doctor.facts import DoctorFacts, Subject
from profile_router.doctor.finding import Finding, Fix, failed, live_check, passed, set_config, warned
from profile_router.doctor.fixes import Wrong, with_fix
from profile_router.doctor.tool_round_trip import ROUND_TRIP_TOKENS, first_request, instead_of_a_call, second_request
from profile_router.servers.faults import fault_of_error
from profile_router.servers.http import ask, error_of_answer, json_in, open_client, transport_cause
from profile_router.servers.timed_call import chat_body
from profile_router.values import mutable

SHORT_ANSWER_TOKENS = 16  # some providers refuse less
_BEGINNING = 2_000  # bytes that tell a web page


async def call_each(facts: DoctorFacts, *, tools: bool = False) -> tuple[Finding, ...]:
    """Return how each profile answered a request of a few tokens.

    With *tools* there are two requests: one that calls a tool and one that gives its result. Never raises for a profile
    that does not answer.
    """
    calls = (_Call(subject=subject, profile=profile, facts=facts) for subject, profile in facts.loaded())
    return tuple(await asyncio.gather(*(call.made(tools=tools) for call in calls)))


class _Unanswered(Exception):
    """A request that was not answered. The text says how, `wrong` why, and `at` which base URL would do."""

    def __init__(self, how: str, wrong: Wrong, at: str = "") -> None:
        super().__init__(how)
        self.wrong = wrong
        self.at = at


@mutable
class _Call:
    """The call of one profile. `bodies` are the answers so far."""

    subject: Subject
    profile: Profile
    facts: DoctorFacts
    bodies: list[dict[str, Any]] = field(default_factory=list)

    async def made(self, *, tools: bool) -> Finding:
        name = live_check(self.subject.name)
        if self.profile.key_missing:
            return warned(name, "not called: it has no key")
        started = time.monotonic()
        try:
            lacking = await self._round_trip() if tools else await self._word()
        except _Unanswered as how:
            known = with_fix(name, how.wrong, str(how), self.subject, self.profile, at=how.at)
            fix = unfit_fix(str(how), self.subject.name) or Fix(known.fix, known.by_hand)
            return failed(name, str(how), fix)
        did = lacking or ("called a tool and took its result" if tools else "")
        told = f"{_served(self.bodies[0], self.profile)} answered in {time.monotonic() - started:.1f} s"
        measured = ", ".join(filter(None, (told, did, _cost(self.bodies, self.subject, self.facts.policy))))
        if not lacking:
            return passed(name, measured)
        fix = set_config(self.subject.name, "model.default", "MODEL")
        return warned(name, measured, fix.then(", where MODEL is one that calls tools"))

    async def _word(self) -> str:
        await self._answer({"messages": [{"role": "user", "content": "Answer with the word ok."}]}, SHORT_ANSWER_TOKENS)
        return ""

    async def _round_trip(self) -> str:
        """Return what the model cannot do with a tool, empty where it can."""
        message = await self._answer(first_request(), ROUND_TRIP_TOKENS)
        result = second_request(message)
        if result is None:
            return instead_of_a_call(message)
        await self._answer(result, ROUND_TRIP_TOKENS)
        return ""

    async def _answer(self, request: dict[str, Any], tokens: int) -> dict[str, Any]:
        """Return the message that answers *request* in so many *tokens*. Raises _Unanswered."""
        import httpx2

        endpoint, key = self.profile.endpoint, self.profile.endpoint.api_key
        direct = self.subject.local or is_loopback(endpoint.base_url)
        limits = self.facts.policy.limits
        connect_s, seconds = limits.connect_seconds, limits.first_answer_seconds
        again = "the result of its call is refused: " if self.bodies else ""
        try:
            url = f"{endpoint.base_url.rstrip('/')}/chat/completions"
            async with open_client(url, direct=direct, connect_s=connect_s, read_s=seconds, key=key) as client:
                answer = await ask(client, "POST", url, chat_body(self.profile, request, tokens), seconds=seconds)
        except httpx2.HTTPError as error:
            at, fault = "", None
            if direct:
                fault, at = await fault_of_error(error, endpoint.base_url, connect_s=connect_s)
            cause = fault or transport_cause(error)
            raise _Unanswered(f"{again}no answer: {_unheard(cause)}", cause, at) from error
        if (status := answer.status_code) != 200:
            said = f"{again}HTTP {status} {error_of_answer(answer, key)}".strip()
            raise _Unanswered(said, "redirect" if 300 <= status < 400 else cause_of_answer(status))
        body = json_in(answer)
        choices = body.get("choices") if isinstance(body, dict) else None
        if not isinstance(body, dict) or not isinstance(choices, list) or not choices:
            page = answer.content[:_BEGINNING].lstrip().startswith(b"<")
            said = f"{again}HTTP 200, but no chat completion{': a web page' * page}"
            raise _Unanswered(said, "web-page" if page else "no-models")
        self.bodies.append(body)
        message = choices[0].get("message") if isinstance(choices[0], dict) else None
        return message if isinstance(message, dict) else {}


def _unheard(wrong: Wrong) -> str:
    """Return in words why no answer came, never as the name of a class."""
    if wrong == "stalled":  # of a request that is answered in one piece, nothing came at all
        return "nothing came in time"
    return detail_of(wrong) if is_cause(wrong) else "the connection broke"


def _served(body: dict[str, Any], profile: Profile) -> str:
    model = body.get("model")
    return model[:80] if isinstance(model, str) and model else profile.endpoint.model


def _cost(bodies: Sequence[dict[str, Any]], subject: Subject, policy: Policy) -> str:
    counts = [_counts(body) for body in bodies]
    if None in counts:
        return "tokens not told"
    taken, given = (sum(one[place] for one in counts if one) for place in (0, 1))
    usd = subject.rate.cost(taken, given)
    return f"{taken} tokens in, {given} out, {priced(usd, subject.rate.named)}"


def _counts(body: dict[str, Any]) -> tuple[int, int] | None:
    usage = body.get("usage")
    counts = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")] if isinstance(usage, dict) else []
    known = [number for number in counts if isinstance(number, int)]
    return (known[0], known[1]) if len(known) == 2 else None
