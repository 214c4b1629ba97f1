"""One minimal model call per profile, to see that it answers. The only part of the doctor that can cost anything."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from profile_router.core.policy import Policy
from profile_router.core.profile import Profile, is_loopback
from profile_router.core.text import price
from profile_router.doctor.facts import DoctorFacts, Subject
from profile_router.doctor.finding import Finding, failed, passed, warned
from profile_router.servers.http import ask, error_in, json_in, open_client

ANSWER_TOKENS = 16  # some providers refuse less
_SECONDS = 60.0


async def call_each(facts: DoctorFacts) -> tuple[Finding, ...]:
    """Return how each profile answered a request of a few tokens. Never raises for one that does not."""
    return tuple(await asyncio.gather(*(_call(subject, profile, facts) for subject, profile in facts.loaded())))


async def _call(subject: Subject, profile: Profile, facts: DoctorFacts) -> Finding:
    import httpx2

    name = f"{subject.name} live"
    if profile.key_missing:
        return warned(name, "not called: it has no key")
    direct = subject.local or is_loopback(profile.endpoint.base_url)
    key = profile.endpoint.api_key
    started = time.monotonic()
    fix = f"profile-router profiles; then the model and base_url in {profile.source}"
    try:
        connect_s = facts.policy.limits.connect_seconds
        async with open_client(direct=direct, connect_s=connect_s, read_s=_SECONDS, key=key) as client:
            url = f"{profile.endpoint.base_url.rstrip('/')}/chat/completions"
            answer = await ask(client, "POST", url, _body(profile), seconds=_SECONDS)
    except httpx2.HTTPError as error:
        return failed(name, f"no answer ({type(error).__name__})", fix)
    seconds = time.monotonic() - started
    if answer.status_code != 200:
        return failed(name, f"HTTP {answer.status_code} {error_in(answer, key)}".strip(), fix)
    body = json_in(answer)
    if not isinstance(body, dict) or not body.get("choices"):
        return failed(name, "HTTP 200, but no chat completion", fix)
    return passed(name, f"{_served(body, profile)} answered in {seconds:.1f} s, {_cost(body, subject, facts.policy)}")


def _body(profile: Profile) -> dict[str, Any]:
    endpoint = profile.endpoint
    limit = "max_completion_tokens" if endpoint.provider == "openai-api" else "max_tokens"
    messages = [{"role": "user", "content": "Answer with the word ok."}]
    body: dict[str, Any] = {"model": endpoint.model, "messages": messages, limit: ANSWER_TOKENS}
    if profile.preferences and endpoint.provider == "openrouter":
        body["provider"] = dict(profile.preferences)
    return body


def _served(body: dict[str, Any], profile: Profile) -> str:
    model = body.get("model")
    return model[:80] if isinstance(model, str) and model else profile.endpoint.model


def _cost(body: dict[str, Any], subject: Subject, policy: Policy) -> str:
    usage = body.get("usage")
    counts = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")] if isinstance(usage, dict) else []
    known = [number for number in counts if isinstance(number, int)]
    if len(known) != 2:
        return "tokens not told"
    usd = 0.0 if subject.local else sum(known) * policy.prices_by_tier()[subject.tier].usd_per_token
    return f"{known[0]} tokens in, {known[1]} out, about {price(usd)}"
