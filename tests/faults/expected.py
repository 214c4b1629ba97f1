"""What each fault means and which steps follow it: written by hand, from the issue's table, not from the code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

LOCAL, CHEAP, BURST = "coding-local", "review-cheap", "coding-burst"
SECOND = "second"  # the second provider of the burst tier
NAMES = (LOCAL, CHEAP, BURST, SECOND)
OF_TIER = {"local": LOCAL, "cheap": CHEAP, "burst": BURST, "second": BURST, "private": LOCAL}
Family = Literal[
    "reach",
    "check",
    "net",
    "server",
    "limited",
    "key",
    "wait",
    "wait-twice",
    "window",
    "window-twice",
    "answer",
    "asked",
    "request",
    "none",
]
# Where the fault is: the stage, the tier, and what is special. `second`: the profile names a second provider.
# `private`: a private task that has read a private file. `edited`: after turns that changed a file.
Column = Literal[
    "probe",
    "dispatch local",
    "dispatch cheap",
    "dispatch burst",
    "dispatch second",
    "dispatch private",
    "edited local",
    "edited burst",
    "summarize local",
    "summarize cheap",
    "summarize burst",
    "condense local",
    "condense cheap",
    "condense burst",
]
COLUMNS: tuple[Column, ...] = get_args(Column)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a fault means to the ladder, and what it costs in requests.

    `receipt`: how the receipt of the failed attempt ends. `ill`: whose health is remembered as bad. (A server on this
    machine is looked at before each attempt instead, so what the look finds is not remembered.) `requests`: the chat
    requests that the failing server gets in a dispatch. `probe`: that it gets where the probe meets it.
    """

    cause: str
    family: Family
    requests: int = 1
    probe: int = 1
    receipt: str = "failed"
    ill: str = ""


def _row(cause: str, family: Family, requests: int = 1, probe: int = 1, receipt: str = "failed", ill: str = "") -> Row:
    return Row(cause=cause, family=family, requests=requests, probe=probe, receipt=receipt, ill=ill)


def _away(cause: str, family: Family = "reach", ill: str = "server") -> Row:
    return _row(cause, family, 0, 0, "unavailable", ill)


MEANS: Mapping[str, Row] = {
    "no such name": _away("dns"),
    "no resolver": _away("no-network", "net"),
    "plain HTTP behind https": _away("tls", "server", ill=""),
    "no certificate": _away("tls", "server", ill=""),
    "connection refused": _away("refused", ill=""),
    "connection takes for ever": _away("connect-timeout", ill=""),
    "no key": _away("no-key", "key", ill=""),
    "another model loaded": _away("wrong-model", "server", ill=""),
    "loading, too long": _away("loading", "server", ill=""),
    "loading, shortly": _row("", "none"),
    "502 when looked at": _away("bad-gateway", "server", ill=""),
    "400": _row("bad-request", "request"),
    "400 that echoes the prompt": _row("bad-request", "request"),
    "400, no tools": _row("unfit-model", "server"),
    "500, --jinja is missing": _row("unfit-model", "server"),
    "401": _row("key-refused", "key", ill="key"),
    "402": _row("payment-required", "key", ill="key"),
    "403": _row("forbidden", "key", ill="key"),
    "404": _row("model-missing", "server"),
    "408": _row("request-timeout", "server", ill="server"),
    "413": _row("over-window", "window", 2),
    "413, twice": _row("over-window", "window-twice", 2),
    "429, no time named": _row("rate-limited", "key", ill="key"),
    "429, Retry-After: 0": _row("rate-limited", "wait", 2),
    "429, Retry-After: a past date": _row("rate-limited", "wait", 2),
    "429, a reset in 10 ms": _row("rate-limited", "wait", 2),
    "429, twice": _row("rate-limited", "wait-twice", 2, ill="key"),
    "429, Retry-After: 21": _row("rate-limited", "key", ill="key"),
    "429, Retry-After: a far date": _row("rate-limited", "key", ill="key"),
    "429, a reset in 6 min": _row("rate-limited", "key", ill="key"),
    "429 of one model": _row("model-limited", "limited", ill="server"),
    "500": _row("server-error", "server", ill="server"),
    "500 that echoes the prompt": _row("server-error", "server", ill="server"),
    "502": _row("bad-gateway", "server", ill="server"),
    "503": _row("unavailable", "server", ill="server"),
    "503 while it loads": _row("loading", "server", ill="server"),
    "504": _row("unavailable", "server", ill="server"),
    "a redirect": _row("bad-request", "request"),
    "llama.cpp's 400 overflow": _row("over-window", "window", 2),
    "llama.cpp's 500 overflow": _row("over-window", "window", 2),
    "a reset at once": _row("bad-gateway", "server", ill="server"),
    "a reset after the head": _row("cut-short", "answer"),
    "a reset in the text": _row("cut-short", "answer"),
    "cut after the head": _row("cut-short", "answer"),
    "cut in the text": _row("cut-short", "answer"),
    "an error in the stream, first": _row("stream-error", "answer"),
    "an error in the stream, later": _row("stream-error", "answer"),
    "an overflow in the stream": _row("over-window", "window", 2),
    "no word at all": _row("first-token-timeout", "server", ill="server"),
    "comments without end": _row("first-token-timeout", "server", ill="server"),
    "no further word": _row("stalled", "server", ill="server"),
    "no finish reason": _row("cut-short", "answer"),
    "empty content": _row("empty-answer", "answer", probe=2),
    "thoughts alone": _row("empty-answer", "answer", probe=2),
    "finish reason length": _row("truncated", "answer", probe=2),
    "finish reason error": _row("stream-error", "answer"),
    "finish reason content_filter": _row("cut-short", "answer"),
    "an unknown finish reason": _row("cut-short", "answer"),
    "an error in the choice": _row("stream-error", "answer"),
    "an empty body": _row("invalid-json", "answer"),
    "no JSON": _row("invalid-json", "answer"),
    "no JSON, later": _row("invalid-json", "answer"),
    "a web page": _row("invalid-json", "answer"),
    "no gzip": _row("cut-short", "answer"),
    "nested JSON": _row("invalid-json", "answer"),
    "nested JSON, plain": _row("invalid-json", "answer"),
    "nested JSON, later": _row("invalid-json", "answer"),
    "an answer without measure": _row("truncated", "answer", probe=2),
    "no usage": _row("", "none", probe=2),
    "a usage that lies": _row("", "none", probe=2),
    "nested arguments": _row("bad-arguments", "answer", 3),
    "unknown tools": _row("unknown-tool", "answer", 3),
    "unfit arguments": _row("bad-arguments", "answer", 3),
    "arguments that are not JSON": _row("bad-arguments", "answer", 3),
    "one failing call": _row("repeated-call", "answer", 3),
    "a call as text, unread": _row("calls-as-text", "answer"),
    "a call as text of no tool": _row("calls-as-text", "answer"),
    "turn limit": _row("turn-limit", "answer"),
    "asks for another profile": _row("asked-for-profile", "asked"),
    "no change": _row("no-change", "answer"),
    "the check fails": _row("verification-failed", "check"),
}

# The steps that follow, each with where it leads; then the run ends well. "" leads to the same profile. An empty list
# is a stop. For a private task there is nowhere else to go, so every step but waiting is a stop.
NEXT: Mapping[Family, Mapping[str, list[tuple[str, str]]]] = {
    "reach": {
        "local": [("next-tier", BURST)],
        "cheap": [("next-tier", LOCAL)],
        "burst": [("fallback", LOCAL)],
        "second": [("next-provider", "")],
    },
    "net": {
        "local": [],
        "cheap": [("fallback", LOCAL)],
        "burst": [("fallback", LOCAL)],
        "second": [("fallback", LOCAL)],
    },
    "server": {
        "local": [("next-tier", BURST)],
        "cheap": [("next-tier", LOCAL)],
        "burst": [],
        "second": [("next-provider", "")],
    },
    "limited": {
        "local": [("next-tier", BURST)],
        "cheap": [("next-tier", LOCAL)],
        "burst": [("fallback", LOCAL)],
        "second": [("next-provider", "")],
    },
    "key": {
        "local": [],
        "cheap": [("fallback", LOCAL)],
        "burst": [("fallback", LOCAL)],
        "second": [("next-key", "")],
    },
    "wait": {tier: [("wait", "")] for tier in ("local", "cheap", "burst", "second", "private")},
    "wait-twice": {
        "local": [("wait", "")],
        "cheap": [("wait", ""), ("fallback", LOCAL)],
        "burst": [("wait", ""), ("fallback", LOCAL)],
        "second": [("wait", ""), ("next-key", "")],
        "private": [("wait", "")],
    },
    "window": {tier: [("condense", "")] for tier in ("local", "cheap", "burst", "second", "private")},
    "window-twice": {
        "local": [("condense", ""), ("larger-window", CHEAP)],
        "cheap": [("condense", ""), ("larger-window", BURST)],
        "burst": [("condense", "")],
        "second": [("condense", "")],
        "private": [("condense", "")],
    },
    "answer": {
        "local": [("promote", BURST)],
        "cheap": [("promote", BURST)],
        "burst": [],
        "second": [],
    },
    "check": {
        "local": [("repair", ""), ("promote", BURST)],
        "cheap": [("repair", ""), ("promote", BURST)],
        "burst": [],
        "second": [],
        "private": [("repair", "")],
    },
    "asked": {
        "local": [("asked", CHEAP)],
        "cheap": [("asked", BURST)],
        "burst": [("asked", LOCAL)],
        "second": [("asked", LOCAL)],
    },
    "request": {},
    "none": {},
}
ASKS = {"local": CHEAP, "cheap": BURST, "burst": LOCAL, "second": LOCAL, "private": CHEAP}
OF_WORK = frozenset({"verification-failed", "no-change"})  # who comes next in these tests does no more
EXIT = {"ok": 0, "failed": 1, "refused": 3, "unapproved": 4}

# What cannot be: the columns where a fault has no place, and why.
_TOOLS = "the stage has no tools"
_LOOKED = "the server was looked at before, and is not looked at again"
_SAME = "between two requests of one run a server can only go away: 'connection refused' stands for them"
_CONDENSE = frozenset({"condense local", "condense cheap", "condense burst"})
_BESIDE = frozenset({"probe", "summarize local", "summarize cheap", "summarize burst"}) | _CONDENSE
_LATER = frozenset({"edited local", "edited burst", "summarize local", "summarize cheap", "summarize burst"})
_AWAY = frozenset({
    *("no such name", "no resolver", "plain HTTP behind https", "no certificate", "connection takes for ever"),
    *("connection refused", "no key", "another model loaded", "loading, too long", "502 when looked at"),
})  # fmt: skip


def impossible(fault: str, column: str) -> str:
    """Return why *fault* cannot be in *column*, empty if it can."""
    for faults, columns, why in _IMPOSSIBLE:
        if fault in faults and column in columns:
            return why
    return ""


def stands_for(fault: str, column: str) -> str:
    """Return which fault of the same cause stands for *fault* in *column*, empty where it is played itself.

    Every fault meets an attempt here and one elsewhere; the other columns show each cause once.
    """
    first = next(name for name, row in MEANS.items() if _alike(row, MEANS[fault]) and not impossible(name, column))
    return "" if column in _WHOLE or first == fault else first


def _alike(one: Row, other: Row) -> bool:
    return (one.cause, one.family) == (other.cause, other.family)


_WHOLE = frozenset({"dispatch local", "dispatch burst"})
_IMPOSSIBLE: tuple[tuple[frozenset[str], frozenset[str], str], ...] = (
    (_AWAY, _CONDENSE, "who has no key or is not well is not asked to condense: the next cheapest is"),
    (
        frozenset({"no usage", "a usage that lies", "loading, shortly"}),
        _CONDENSE,
        "it is not a failure",
    ),
    (
        frozenset({
            *("nested arguments", "unknown tools", "unfit arguments", "arguments that are not JSON", "one failing call", "turn limit"),
            *("asks for another profile", "the check fails", "no change"),
            *("a call as text, unread", "a call as text of no tool"),
        }),
        _BESIDE,
        _TOOLS,
    ),
    (
        frozenset({
            *("no such name", "no resolver", "plain HTTP behind https", "no certificate", "connection takes for ever"),
        }),
        _LATER | {"dispatch private"},
        _SAME,
    ),
    (
        frozenset({"connection refused"}),
        frozenset({"dispatch private"}),
        "the private file is read before the fault: see 'edited local'",
    ),
    (
        frozenset({"no key", "another model loaded", "loading, too long", "loading, shortly", "502 when looked at"}),
        _LATER | {"dispatch private"},
        _LOOKED,
    ),
    (
        frozenset({"another model loaded", "loading, too long", "loading, shortly", "502 when looked at"}),
        frozenset({"probe"}),
        "the probe does not look at its server before",
    ),
    (
        frozenset({"no change"}),
        frozenset({"edited local", "edited burst"}),
        "there is a change",
    ),
    (
        frozenset({"turn limit"}),
        frozenset({"edited local", "edited burst", "dispatch private"}),
        "it is itself a limit of what came before",
    ),
)  # fmt: skip
# What follows a context that could not be condensed: one receipt more says so, and its size is the cause.
UNCONDENSED: Mapping[str, list[tuple[str, str]]] = {
    "local": [("larger-window", CHEAP)],
    "cheap": [("larger-window", BURST)],
    "burst": [],
}
# In these stages no failure is a step of the ladder: a failed probe means local, a failed summary cuts.
WITHOUT_LADDER = frozenset({"probe", "summarize"})


def _chosen() -> Iterator[tuple[str, Column]]:
    """Yield each meaning of a fault where it is at home; in every stage with a ladder a fault of each family.

    The columns of a stage take turns, and so do the two stages in which all failures do the same.
    """
    for fault, row in MEANS.items():
        if fault in _ALONE or fault == next(name for name, other in MEANS.items() if other == row):
            yield fault, "dispatch burst" if row.family in _OF_KEYS else "dispatch local"
    for number, family in enumerate(get_args(Family)):
        for stage in (("probe", "summarize")[number % 2], "dispatch", "edited", "condense"):
            there = [cell for cell in PLAYED if cell[1].split()[0] == stage and MEANS[cell[0]].family == family]
            if there:
                yield there[number % len(there)]


_OF_KEYS: frozenset[Family] = frozenset({"key", "wait", "wait-twice"})  # at home with who takes keys
# What other faults mean is read with each change in tests/core, tests/runners and tests/servers. These are read here.
_ALONE = frozenset({
    *("500 that echoes the prompt", "an error in the choice", "arguments that are not JSON"),
})  # fmt: skip
PLAYED: tuple[tuple[str, Column], ...] = tuple(
    (fault, column)
    for fault in MEANS
    for column in COLUMNS
    if not impossible(fault, column) and not stands_for(fault, column)
)
WITH_EACH_CHANGE = frozenset(_chosen())  # the others wait for the night

Expected = tuple[list[tuple[str, str, str]], dict[str, int], str]


def _dispatched(row: Row, stage: str, tier: str) -> Expected:
    """Return receipts, chat requests by server, and status where the fault meets the attempt itself."""
    at = OF_TIER[tier]
    before = 1 if stage == "edited" or tier == "private" else 0  # turns that went well
    chats = dict.fromkeys(NAMES, 0) | {at: row.requests + before}
    if row.family == "none":
        return [(at, "route", "ok")], chats, "ok"
    steps = NEXT[row.family].get(tier, [])
    outcome = "failed" if before and row.receipt == "unavailable" else row.receipt
    receipts = [(at, "route", outcome)]
    ended = "refused" if outcome == "unavailable" else "failed"
    for number, (step, to) in enumerate(steps, 1):
        in_vain = row.family in ("wait-twice", "window-twice") and step in ("wait", "condense")
        in_vain |= row.cause in OF_WORK
        receipts.append((to or at, "condensed" if step == "condense" else step, "failed" if in_vain else "ok"))
        ended = "failed" if in_vain else "ok"
        if step == "repair":
            chats[at] += 1
        elif step not in ("wait", "condense"):
            chats[to or (SECOND if tier == "second" else at)] += 1
        assert number <= 2
    return receipts, chats, ended


def _beside(row: Row, stage: str, tier: str) -> Expected:
    """Return the same where the fault meets a call beside the attempt: it is not a step, and stops nothing."""
    at, ended = OF_TIER[tier or "cheap"], "ok" if row.family == "none" else "failed"
    if stage == "summarize":
        away = row.receipt == "unavailable"  # on this machine, of whatever tier: it is looked at before, and not asked
        receipts = [(at, "route", "ok"), *([] if away else [(at, "summarize", ended)])]
        return receipts, dict.fromkeys(NAMES, 0) | {at: 1 if away else 2}, "ok"
    asked = 0 if row.cause == "no-key" else max(1, row.probe)
    receipts = [*[(at, "probe", ended)] * asked, (LOCAL, "route", "ok")]
    return receipts, dict.fromkeys(NAMES, 0) | {at: row.probe, LOCAL: 1}, "ok"


def _condensed(row: Row, stage: str, tier: str) -> Expected:
    """Return the same where a call fails that condenses: the prompt is then too large for its next place."""
    at = OF_TIER[tier]
    chats = dict.fromkeys(NAMES, 0) | {at: 1}
    receipts = [(at, "condense", "failed"), (at, "condense", "unavailable")]
    for step, to in UNCONDENSED[tier]:
        receipts.append((to, step, "ok"))
        chats[to] += 1
    return receipts, chats, "ok" if len(receipts) > 2 else "refused"


_EXPECTED = {"probe": _beside, "summarize": _beside, "condense": _condensed}


def expected(row: Row, stage: str, tier: str) -> Expected:
    """Return receipts, chat requests by server, and status where a fault that means *row* is in *stage* and *tier*."""
    return _EXPECTED.get(stage, _dispatched)(row, stage, tier)
