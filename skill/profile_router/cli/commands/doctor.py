"""`profile-router doctor`: what works here, what does not, and the command that fixes it. Spends nothing."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import replace

from profile_router.cli.json_answer import print_json
from profile_router.cli.progress import coloured
from profile_router.cli.screens import printable
from profile_router.cli.spelling import as_called
from profile_router.cli.usual_options import add_json, add_policy
from profile_router.core.telling.decision import named_fields
from profile_router.doctor.checks import examine
from profile_router.doctor.facts import DoctorFacts, gather
from profile_router.doctor.finding import Finding, count_of_level, tally
from profile_router.machine.machine import this_machine

_GLYPHS = {"pass": ("✓", "32"), "warn": ("!", "33"), "fail": ("✗", "31")}
_WIDTHS, _NARROW = (30, 160), 80
_KEY_LENGTH = 8


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add_policy(parser, "check by")
    parser.add_argument("--live", action="store_true", help="also call each profile's model, and a tool by it")
    add_json(parser, "the checks")


def run(arguments: argparse.Namespace) -> int:
    """Print a line per check; return 0, or 1 where one failed."""
    facts, findings = asyncio.run(_examine(arguments.policy, asks_models=arguments.live))
    findings = [finding_without_keys(finding, secrets(facts)) for finding in findings]
    if arguments.json:
        told = {
            "checks": [named_fields(finding, "level", "name", "measured", "fix") for finding in findings],
            "summary": tally(findings),
        }
        print_json(told)
    else:
        width = min(max(shutil.get_terminal_size((120, 24)).columns, _WIDTHS[0]), _WIDTHS[1])
        print("\n".join((*lines(findings, width=width, colours=coloured(sys.stdout)), tally(findings))))
    return 1 if count_of_level(findings, "fail") else 0


async def _examine(policy: str | None, *, asks_models: bool) -> tuple[DoctorFacts, list[Finding]]:
    facts = await gather(policy, this_machine(os.environ))
    found = list(await asyncio.to_thread(examine, facts))
    if asks_models:
        from profile_router.doctor.model_call import call_each

        found += await call_each(facts, tools=True)
    return facts, found if facts.hermes is not None else [finding.without_hermes() for finding in found]


def lines(findings: Sequence[Finding], *, width: int, colours: bool) -> list[str]:
    """Return *findings* as aligned lines: glyph, name, what was measured, and what fixes it beside or below."""
    name = max((len(finding.name) for finding in findings), default=0)
    return [line for finding in findings for line in _lines(finding, name, width, colours)]


def _lines(finding: Finding, name: int, width: int, colours: bool) -> list[str]:
    glyph, colour = _GLYPHS[finding.level]
    shown = f"\x1b[{colour}m{glyph}\x1b[0m" if colours else glyph
    # on a narrow terminal the name has a line of its own, and the rest stands below it
    narrow = width < _NARROW
    indent = " " * (4 if narrow else name + 4)
    measured, room = as_called(finding.measured), width - len(indent)
    text = textwrap.wrap(measured, room, break_long_words=False, break_on_hyphens=False) or [""]
    # a command is never wrapped: it is there to be copied
    fix = f"fix: {as_called(finding.fix)}" if finding.fix else ""
    if fix and len(indent) + len(text[-1]) + 4 + len(fix) <= width:
        text[-1] = f"{text[-1]}    {fix}"
    elif fix:
        text.append(fix)
    if narrow:
        return [f"{shown} {finding.name}", *(f"{indent}{line}" for line in text)]
    head, *rest = text
    return [f"{shown} {finding.name:<{name}}  {head}".rstrip(), *(f"{indent}{line}" for line in rest)]


def secrets(facts: DoctorFacts) -> frozenset[str]:
    """Return the keys to blot out; not what people write where none is needed, such as `ollama` or `not-needed`."""
    endpoints = [end for _, profile in facts.loaded() for end in (profile.endpoint, *profile.fallbacks)]
    keys = [(end.api_key.reveal(), end.needs_key) for end in endpoints if end.api_key]
    return frozenset(key for key, needed in keys if needed or (len(key) >= _KEY_LENGTH and re.search("[0-9]", key)))


def finding_without_keys(finding: Finding, secrets: frozenset[str]) -> Finding:
    """Return *finding* without control characters, and without a key, should a server or a file have repeated one."""
    measured, fix = printable(finding.measured), printable(finding.fix)
    for secret in secrets:
        measured, fix = measured.replace(secret, "***"), fix.replace(secret, "***")
    return replace(finding, measured=measured, fix=fix)
