"""Rules of form that a real small model keeps under the runner. How many tasks it solves does not matter here.

A token costs: a 1.5B reads about 20 in a second of one processor, and writes 5. So prompts are short, and answers are
bounded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.fakes import CHEAP, LOCAL, Heard, a_policy, a_task, an_order, candidates, evidence
from tests.real_model.weights import Weights
from tests.runners.embedded.a_runner import a_runner

from profile_router.core.condense.result import Helper
from profile_router.core.profile import Profile
from profile_router.core.routing.rate import FREE
from profile_router.runners.calls.call import RecordedCalls
from profile_router.runners.calls.condenser import EmbeddedCondenser
from profile_router.runners.calls.prober import EmbeddedProber
from profile_router.runners.calls.summarizer import EmbeddedSummarizer
from profile_router.servers.inspect import inspect

PATIENT = {"first_token_seconds": 900.0, "between_tokens_seconds": 300.0, "summary_seconds": 900.0, "max_turns": 6}
SECONDS = 900.0
UNDERSTOOD = 0.9
NOT_UNDERSTOOD = {"invalid-json", "calls-as-text", "unknown-tool"}
Tell = Callable[[str, int, int], None]
TASKS = {
    "clock.py": ("HOURS = 12\n\n\ndef noon():\n    return HOURS\n", "Set HOURS to 24 in clock.py"),
    "greet.py": ('def greet(name):\n    return "Helo, " + name\n', "Fix the spelling mistake in greet.py"),
    "area.py": ("def area(w, h):\n    return w + h\n", "Fix area in area.py: it must multiply"),
    "say.py": ("def say():\n    pass\n", "Add a docstring to say in say.py"),
    "limit.py": ("def limit(x):\n    return x\n", "Change limit in limit.py so that it raises ValueError below zero"),
}
NAMES = ("src/cache.py", "evict_oldest", "CACHE_BYTES")


def test_whether_its_template_takes_tools_is_known_before_the_run(
    weights: Weights, real: Profile, tmp_path: Path, tell: Tell
) -> None:
    takes_tools = asyncio.run(inspect(real, connect_s=60.0)).takes_tools
    right = takes_tools is weights.takes_tools
    tell("whether it takes tools, read", int(right), 1)
    assert right
    if takes_tools:
        return
    name, (content, goal) = next(iter(TASKS.items()))
    (tmp_path / name).write_text(content)
    runner = a_runner(real, tmp_path, a_policy(limits=PATIENT))
    order = an_order(a_task(goal), files=(name,), window=8_192, seconds=SECONDS, takes_tools=takes_tools)
    done = asyncio.run(runner.run(order, Heard()))
    print(done.notes, done.failure.message if done.failure else done.text)
    assert any("the chat template of its server takes no tools" in note for note in done.notes)


@pytest.mark.parametrize("tool_format", ["auto", "json", "whole-file"])
def test_its_turns_are_understood(tool_format: str, real: Profile, tmp_path: Path, tell: Tell) -> None:
    turns = lost = asked = 0
    for name, (content, goal) in TASKS.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_text(content)
        heard = Heard()
        runner = a_runner(replace(real, tool_format=tool_format), folder, a_policy(limits=PATIENT))  # type: ignore[arg-type]
        order = an_order(a_task(goal), files=(name,), window=8_192, seconds=SECONDS)
        done = asyncio.run(runner.run(order, heard))
        turns += done.receipt.turns
        lost += done.failure is not None and done.failure.cause in NOT_UNDERSTOOD
        asked += done.failure is not None and done.failure.cause == "asked-for-profile"
        print(
            f"{tool_format}, {goal}: {done.failure.message if done.failure else done.text!r}, {done.receipt.turns} turns"
        )
    tell(f"turns understood, {tool_format}", turns - lost, turns)
    tell(f"tasks worked on, not handed on, {tool_format}", len(TASKS) - asked, len(TASKS))
    assert turns >= len(TASKS)
    assert (turns - lost) / turns >= UNDERSTOOD


def test_its_estimates_keep_to_the_schema(real: Profile, tmp_path: Path, tell: Tell) -> None:
    shipped = a_policy(limits=PATIENT)
    calls = RecordedCalls(
        load=lambda _: replace(real, name=CHEAP), policy=replace(shipped, probe=replace(shipped.probe, seconds=SECONDS))
    )
    prober = EmbeddedProber(calls=calls, candidates=candidates(**{CHEAP: real.endpoint.base_url}), root=tmp_path)
    outcomes = [asyncio.run(prober.probe(a_task(goal), evidence(), CHEAP)) for _, goal in TASKS.values()]
    print(*(outcome.complexity or outcome.problem for outcome in outcomes), sep="\n")
    valid = sum(outcome.complexity is not None for outcome in outcomes)
    tell("estimates valid", valid, len(outcomes))
    assert valid == len(outcomes)


@pytest.mark.parametrize("steps", [25, 60])
def test_its_summary_keeps_the_names(steps: int, real: Profile, tmp_path: Path, tell: Tell) -> None:
    report = "".join(
        f"In step {number} I looked at module_{number} and found nothing to change.\n" for number in range(steps)
    )
    told = f"I changed `evict_oldest` in src/cache.py so that it obeys CACHE_BYTES. Two tests fail.\n{report}"
    calls = RecordedCalls(load=lambda _: real, policy=a_policy(limits=PATIENT))
    summarizer = EmbeddedSummarizer(calls=calls, whole_text=tmp_path / "whole.txt")
    summary, _ = asyncio.run(summarizer.summarize(told, an_order(seconds=SECONDS, window=8_192)))
    print(summary)
    tell(f"names kept in a summary of {steps} steps", sum(name in summary for name in NAMES), len(NAMES))
    assert [name for name in NAMES if name not in summary] == []


@pytest.mark.parametrize("lines", [80, 150, 300])
def test_a_condensed_context_keeps_the_names(lines: int, real: Profile, tmp_path: Path, tell: Tell) -> None:
    filler = "".join(
        f"Meeting {number}: nothing was decided about the colour of door {number}.\n" for number in range(lines)
    )
    context = f"Decision: `evict_oldest` in src/cache.py obeys CACHE_BYTES from now on.\n{filler}"
    calls = RecordedCalls(load=lambda _: real, policy=a_policy(limits=PATIENT))
    condenser = EmbeddedCondenser(calls=calls, workspace=tmp_path, base=tmp_path)
    task = a_task("Make evict_oldest obey its limit", context=context)
    window = 4_096 if lines < 200 else 8_192  # so that it has to be condensed
    order = an_order(task, window=window, seconds=SECONDS)
    helper = Helper(profile=LOCAL, window=window, rate=FREE, local=True)
    found = asyncio.run(condenser.condense(order, [helper], Heard()))
    assert found.condensed is not None, found.failure
    print(found.condensed.context)
    named = sum(name in found.condensed.context for name in NAMES)
    tell(f"names kept in a condensed context of {lines} lines", named, len(NAMES))
    assert [name for name in NAMES if name not in found.condensed.context] == []
