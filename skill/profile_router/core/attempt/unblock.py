"""What would let a run go on that could not: one line for each place that could not be asked, by the cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from profile_router.core.ladder.causes import Cause
from profile_router.core.ladder.failure import Place
from profile_router.core.ladder.receipt import Receipt
from profile_router.core.ladder.steps import Hop
from profile_router.core.policy import Policy
from profile_router.core.privacy.taint import HOW_TO_ALLOW
from profile_router.core.profile import address
from profile_router.core.routing.candidate import Candidates, is_local

_START = "start the server at {address}: `profile-router llama-server --model FILE --run`, or what serves it"
_REACH = "see what keeps {address} away: `profile-router doctor`"
_KEY = "put a working key into the .env of {profile}, or add one: `hermes -p {profile} auth add`"
_HERE: Mapping[Cause, str] = {
    "refused": _START,
    "connect-timeout": _START,
    "wrong-model": "load the model that {profile} names, or serve it under that name (llama-server `--alias`, vLLM "
    "`--served-model-name`), or write `accept_any_model: true` into the policy for any model that the server lists",
    "loading": "wait until {address} has loaded its model, or raise limits.loading_seconds",
}
_ANYWHERE: Mapping[Cause, str] = {
    "dns": "check the base_url of {profile}, and the network",
    "no-network": "check the network",
    "tls": "check the certificate of {address}, or the base_url of {profile}",
    "refused": _REACH,
    "connect-timeout": _REACH,
    "model-missing": "name a model that {address} serves in the config.yaml of {profile}",
    "no-key": _KEY,
    "key-refused": _KEY,
    "payment-required": "add credit at the provider of {profile}, or another key; then `profile-router health --reset`",
    "forbidden": _KEY,
    "rate-limited": "wait for {profile}'s limit to pass (`profile-router health` tells how long), or add another key",
    "over-window": "shorten the goal, or put its details into a file that --file names: it is read by pages",
    "over-budget": "allow more: `--max-cost USD`, or `budget` in the policy",
    "not-approved": "agree to its price: `--yes`, or raise budget.ask_above_usd",
    "tainted": HOW_TO_ALLOW,
    "not-local": "name the address of a model on this machine under local_endpoints in the policy",
    "timeout": "give it more time: `--timeout SECONDS`",
}


def unblock(places: Sequence[Place], hops: Sequence[Hop], policy: Policy, candidates: Candidates) -> tuple[str, ...]:
    """Return what would have helped at each of *places*, which failed for the causes of *hops*, each line once."""
    if any(hop.cause == "tainted" for hop in hops):
        return (HOW_TO_ALLOW,)
    lines = (_line(place, hop.cause, policy, candidates) for place, hop in zip(places, hops, strict=False))
    return tuple(dict.fromkeys(lines))


def unblock_words(receipts: Sequence[Receipt]) -> tuple[str, ...]:
    """Return how to let on what was kept back from models elsewhere, for a run with a tainted attempt."""
    return (HOW_TO_ALLOW,) if any(receipt.taints for receipt in receipts) else ()


def _line(place: Place, cause: Cause, policy: Policy, candidates: Candidates) -> str:
    candidate = candidates[place.profile].at(place.provider)
    here = _HERE.get(cause) if is_local(candidate, policy) else None
    text = here or _ANYWHERE.get(cause, _REACH)
    return text.format(profile=place.profile, address=address(candidate.base_url))
