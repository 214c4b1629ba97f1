"""The one table of what can be wrong with a model server: a fix per cause."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

from profile_router.core.ladder.causes import Cause
from profile_router.core.ladder.server_report import Fault
from profile_router.core.policy import Tier
from profile_router.core.profile import Profile, address, is_loopback
from profile_router.doctor.facts import Subject
from profile_router.doctor.finding import Finding, Fix, another_key, failed, set_config, warned
from profile_router.profiles.spelling import KEY_BESIDE
from profile_router.values import frozen

Wrong = Cause | Fault

_LLAMA = "profile-router llama-server --model FILE --run"
_START: Mapping[str, str] = {"11434": "ollama serve", "1234": "lms server start"}  # by port
_ADDRESS = "write the base_url of a model server in {source}; {listener} listens at {where}"
_AGAIN = "{stop}, then {start}"
_SENT_AWAY = "has {base_url}, which serves models at {at}"


@frozen(kw_only=False)
class FixRow:
    """What is said of one thing that is wrong, and its fix; `{…}` stand for the figures of the case."""

    says: str
    fix: str
    level: Literal["warn", "fail"] = "fail"


FIXES: Mapping[Wrong, FixRow] = {
    "refused": FixRow("{where} {detail}", "{start}"),
    "connect-timeout": FixRow("{where} {detail}", "{start}"),
    "dns": FixRow("{where} {detail}", "write a base_url whose name is known here in {source}"),
    "no-network": FixRow("{where} {detail}", "connect this machine to its network"),
    "tls": FixRow("{where} has no TLS that can be spoken to", "{set_http}"),
    "loading": FixRow("{where} is not ready: {detail}", "wait until it has loaded its model", "warn"),
    "unavailable": FixRow("{where} is not ready: {detail}", "wait until it has loaded its model", "warn"),
    "request-timeout": FixRow("{where} {detail}", _AGAIN),
    "bad-gateway": FixRow("{where} {detail}", _AGAIN),
    "server-error": FixRow("{where} {detail}", _AGAIN),
    "bad-request": FixRow("{where} refuses the request: {detail}", "correct what it refuses, in {source}"),
    "over-window": FixRow("{where} refuses the request: {detail}", "serve the model with a larger window: {start}"),
    "stalled": FixRow("{where} {detail}", _AGAIN),
    "cut-short": FixRow("{where} {detail}", _AGAIN),
    "key-refused": FixRow("{where} {wants_key}", "{write_key}"),
    "forbidden": FixRow("{where} {wants_key}", "{write_key}"),
    "payment-required": FixRow("{where} has no credit left for this key", "add credit at {provider}, or another key"),
    "rate-limited": FixRow("{where} is asked too often with this key", "wait, or {another_key}"),
    "model-missing": FixRow("{where} has no {model} at {base_url}", "correct model.default or base_url in {source}"),
    "other-path": FixRow(_SENT_AWAY, "{set_at}"),
    "web-page": FixRow("{where} shows a web page, and no models, at {base_url}", _ADDRESS),
    "redirect": FixRow("{where} answers, but not as a model server: {detail}: it sends you elsewhere", _ADDRESS),
    "no-tls": FixRow("{where} speaks http, and {base_url} asks by https", "{set_at}"),
    "only-tls": FixRow("{where} speaks https, and {base_url} asks by http", "{set_at}"),
    "no-trust": FixRow("{where} has a certificate that nobody trusted here has signed", "{trust}"),
    "no-http": FixRow("{where} does not speak HTTP: it is not a model server", _ADDRESS),
    "failing": FixRow("{where} fails: {detail}", "read the log of {listener} at {where}, and start it again"),
    "no-models": FixRow("{where} answers, but not as a model server: {detail}", _ADDRESS, "warn"),
}


def with_fix(name: str, wrong: Wrong, detail: str, subject: Subject, profile: Profile, *, at: str = "") -> Finding:
    """Return the line called *name* for what is *wrong* with the server of *profile*.

    *detail* is what it says, *at* the base URL that would do, where one is known.
    """
    row = FIXES.get(wrong, FIXES["server-error"])
    figures = _figures(detail, subject, profile, at)
    fixes = _fixes(subject, profile, at)
    by_hermes = row.fix.format_map({**figures, **{name: fix.by_hermes for name, fix in fixes.items()}})
    by_hand = row.fix.format_map({**figures, **{name: fix.by_hand for name, fix in fixes.items()}})
    made = warned if row.level == "warn" else failed
    return made(name, row.says.format_map(figures), Fix(by_hermes, by_hand))


def write_key(subject: Subject, variable: str | None) -> str:
    """Return how the key of *subject* gets to where it is read."""
    if variable is None:
        return f'write `api_key: "${{NAME}}"` below model: in its config.yaml, {KEY_BESIDE}'
    if subject.folder is None:
        return f"export {variable}=…"
    return f"echo '{variable}=…' >> {shlex.quote(str(subject.folder / '.env'))}"


def _figures(detail: str, subject: Subject, profile: Profile, at: str) -> Mapping[str, str]:
    endpoint, listener = profile.endpoint, subject.listener
    base_url, where = endpoint.base_url, address(endpoint.base_url)
    wants = "refuses the key of the profile" if endpoint.api_key else "wants a key, and the profile has none"
    return {
        "where": where,
        "detail": detail,
        "base_url": base_url,
        "at": at,
        "name": subject.name,
        "model": endpoint.model,
        "provider": endpoint.provider,
        "source": profile.source,
        "start": start_command(base_url, subject.tier),
        "stop": f"kill {listener.pid}" if listener else f"stop what listens at {where}",
        "listener": _program(subject),
        "wants_key": f"{wants}{f': {detail}' if detail else ''}",
        "write_key": write_key(subject, endpoint.key_variable),
    }


def _fixes(subject: Subject, profile: Profile, at: str) -> Mapping[str, Fix]:
    """Return the figures that have two forms, by name."""
    to_http = _set(subject, profile, f"http{profile.endpoint.base_url.removeprefix('https')}")
    key = another_key(subject.name, profile.endpoint.provider)
    return {
        "set_at": _set(subject, profile, at),
        "set_http": to_http,
        "trust": to_http.then(", where it speaks http; else sign its certificate for this machine"),
        "another_key": Fix(f"`{key.by_hermes}`", key.by_hand),
    }


def start_command(base_url: str, tier: Tier) -> str:
    """Return how the server at *base_url* of *tier* is started. Our own program starts the local tier's by itself."""
    where = address(base_url)
    if not is_loopback(base_url):
        return f"start the model server on {urlsplit(base_url).hostname}, and let its port pass the firewall there"
    port = where.rpartition(":")[2]
    llama = _LLAMA if tier == "local" else f"{_LLAMA} --port {port}"
    return _START.get(port, llama)


def _set(subject: Subject, profile: Profile, base_url: str) -> Fix:
    if subject.folder is None:
        said = f"write `base_url: {base_url}` in {profile.source}"
        return Fix(said, said)
    return set_config(subject.name, "model.base_url", base_url)


def _program(subject: Subject) -> str:
    if subject.listener is None or not subject.listener.arguments:
        return "another program"
    first = subject.listener.arguments[0].rpartition("/")[2][:40]
    return f"{first if first.isprintable() else 'a program'} (process {subject.listener.pid})"
