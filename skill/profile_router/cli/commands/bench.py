"""`profile-router bench`: how fast, how right and how expensive your profiles are, by real calls."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from profile_router.cli.caller import Agreed, TerminalApprover
from profile_router.cli.json_answer import print_json
from profile_router.cli.progress import folded
from profile_router.cli.screens import columns, printable
from profile_router.cli.spelling import as_called
from profile_router.cli.usual_options import add_json
from profile_router.core.attempt.usage import doubts_note
from profile_router.core.operating.bench import TASK_IN, TASK_OUT, BenchRow
from profile_router.core.telling.layout import table_lines
from profile_router.core.text import price, priced
from profile_router.errors import UsageError
from profile_router.ledger.purse import Nobody
from profile_router.ports import Approver
from profile_router.runs.bench import Bench, bench

_HEADS = (
    "profile",
    "first token",
    "prompt tok/s",
    "output tok/s",
    "right",
    f"{TASK_IN // 1000}k + {TASK_OUT // 1000}k",
    "costs",
)
_MOST_TIMES = 20
_OK, _FAILED, _UNAPPROVED = 0, 1, 4
_NOTHING = (
    "bench: nothing was measured; start a local server (`profile-router llama-server --run`), or allow a paid profile "
    "(`--max-cost USD`); `profile-router doctor` says what each profile lacks"
)
_SAID = (
    "each profile is asked a short and a long prompt that are made up here; what is measured is kept for 30 days, and "
    "`route` estimates by it. Paid profiles cost real money, within your budget."
)


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add = parser.add_argument
    add("profiles", nargs="*", metavar="PROFILE", help="the profiles to measure (default: those of the tiers)")
    add("--times", type=int, default=2, metavar="N", help="how often each is asked (default: 2)")
    add("--max-cost", type=float, metavar="USD", help="spend at most this in all; 0 asks free profiles alone")
    add("--yes", action="store_true", help="agree to the price beforehand")
    add("--policy", metavar="FILE", help="the policy whose tiers, prices and budget count")
    add_json(parser)
    parser.epilog = _SAID


def run(arguments: argparse.Namespace) -> int:
    """Print the table; return 0, 1 where a profile did not answer, or 4 where nobody agreed to its price.

    What is left out because of the caller's own --max-cost is not a failure, where anything was measured. A paid
    profile that has no key is left out by that limit too. A free profile whose server is down did not answer.
    """
    if not 1 <= arguments.times <= _MOST_TIMES:
        raise UsageError(f"--times is {arguments.times} (allowed: 1 to {_MOST_TIMES})")
    if arguments.max_cost is not None and not 0 <= arguments.max_cost < 1e6:
        raise UsageError(f"--max-cost is {arguments.max_cost:g} (allowed: 0 or more USD)")
    asked = Bench(
        profiles=arguments.profiles, times=arguments.times, max_cost=arguments.max_cost, policy=arguments.policy
    )
    rows = asyncio.run(bench(asked, os.environ, _approver(arguments), _progress))
    if arguments.json:
        print_json({"rows": [_row_json(row) for row in rows]})
    else:
        print("\n".join(_lines(rows)))
    if all(row.problem for row in rows):
        _progress(as_called(_NOTHING))
    return _code(rows, capped=arguments.max_cost is not None)


def _code(rows: Sequence[BenchRow], *, capped: bool) -> int:
    """Return the exit code; *capped*: what costs more than the caller's own limit is left out as they said."""
    left = [row for row in rows if row.problem and not (capped and row.cause in ("over-budget", "declined"))]
    if not left:
        return _OK if any(not row.problem for row in rows) else _FAILED
    return _UNAPPROVED if all(row.cause == "not-approved" for row in left) else _FAILED


def _approver(arguments: argparse.Namespace) -> Approver:
    there: Approver = Nobody()
    if sys.stdin.isatty() and sys.stderr.isatty() and not arguments.json:
        there = TerminalApprover()
    return Agreed(there) if arguments.yes else there


def _progress(line: str) -> None:
    print(f"profile-router: {line}", file=sys.stderr, flush=True)


def _row_json(row: BenchRow) -> dict[str, Any]:
    speed = row.speed
    return {
        "profile": row.profile,
        "model": row.model,
        "host": row.host,
        "first_token_s": speed and round(speed.first_token_s, 4),
        "prompt_tps": speed and round(speed.prompt_tps, 1),
        "output_tps": speed and round(speed.output_tps, 1),
        "speeds_by": "server" if row.by_server else "clock",
        "right": row.right,
        "calls": row.calls,
        "usd": row.usd,
        "usd_source": row.usd_source,
        "usd_per_million_in": round(row.rate.usd_in * 1e6, 4),
        "usd_per_million_out": round(row.rate.usd_out * 1e6, 4),
        "price_by": row.rate.named,
        "task": {
            "tokens_in": TASK_IN,
            "tokens_out": TASK_OUT,
            "seconds": row.task_s and round(row.task_s, 1),
            "usd": row.task_usd,
        },
        "problem": row.problem,
        "doubts": list(row.doubts),
        "times": [asdict(one) for one in (*row.short, *row.long)],
    }


def _lines(rows: Sequence[BenchRow]) -> Iterator[str]:
    measured = [row for row in rows if row.speed is not None]
    if measured:
        told = [_HEADS, *(_cells(row) for row in measured)]
        yield from table_lines(told, columns(sys.stdout), figures=1)
    for row in rows:
        where = f"{row.model} at {row.host}"
        paid = f" · this bench cost {priced(row.usd, row.usd_source)}" if row.usd else ""
        by = "the server's own speeds" if row.by_server else "speeds by our clock"
        if row.speed is None and not row.problem:
            by = "its answers were too short to tell a speed"
        said = row.problem if row.problem else f"{by} · {_per_million(row)}{paid}"
        yield folded(printable(f"  {row.profile}: {where} · {said}"), sys.stdout, indent=4)
        if row.doubts:
            yield folded(printable(f"    {doubts_note(row.profile, tuple(row.doubts))}"), sys.stdout, indent=6)
    if measured:
        task = f"{TASK_IN:,} tokens in and {TASK_OUT:,} out, in one answer"
        used_by = "; `route` estimates seconds by it where it knows no attempts like the task"
        yield folded(as_called(f"the last two columns: {task}{used_by}"), sys.stdout, indent=2)


def _cells(row: BenchRow) -> tuple[str, ...]:
    speed = row.speed
    assert speed is not None  # noqa: S101 - by the caller
    return (
        row.profile,
        f"{speed.first_token_s * 1000:,.0f} ms",
        f"{speed.prompt_tps:,.0f}",
        f"{speed.output_tps:,.1f}",
        f"{row.right} of {row.calls}",
        f"{row.task_s or 0:,.0f} s",
        price(row.task_usd),
    )


def _per_million(row: BenchRow) -> str:
    if not row.rate.paid:
        return "free"
    million = (row.rate.usd_in * 1e6, row.rate.usd_out * 1e6)
    return f"{price(million[0])} in, {price(million[1])} out a million ({row.rate.named})"
