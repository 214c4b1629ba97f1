"""What the cassettes hold: each scenario runs the project's own code against a base URL, recorded or played.

`python -m tests.cassettes.record` records them from a real llama.cpp server; nothing in them is typed by hand.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import vcr
from tests.fakes import CHEAP, Heard, a_policy, a_profile, an_order, candidates, evidence
from tests.llama.router_stage import EDIT, LIST, SENTENCE
from tests.llama.script import Script
from vcr.cassette import Cassette

from profile_router.core.evidence import NamedFile
from profile_router.core.ladder.receipt import Attempt
from profile_router.core.routing.probe import ProbeOutcome
from profile_router.core.task import Task
from profile_router.runners.calls.call import RecordedCalls
from profile_router.runners.calls.prober import EmbeddedProber
from profile_router.runners.embedded.runner import EmbeddedRunner
from profile_router.withheld.whole_scan import Secrets

FOLDER = Path(__file__).parent
PLAYED_AT = "http://127.0.0.1:9/v1"  # the discard port: nobody listens there, an answer can only be a cassette's
MODEL = "tiny"
GOAL = "Fix add in calc.py"
BUG = "def add(a, b):\n    return a - b\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`act` runs in a folder against a base URL; `script`, `options` and `while_loading` say what the server is."""

    act: Callable[[str, Path], Any]
    script: Script
    options: Mapping[str, Any] = field(default_factory=dict)
    while_loading: bool = False


def attempt(base_url: str, folder: Path, *, goal: str = GOAL) -> Attempt:
    """Run one attempt of the embedded runner in a workspace with a bug."""
    (folder / "calc.py").write_text(BUG, encoding="utf-8")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    profile = a_profile(base_url, model=MODEL)
    runner = EmbeddedRunner(
        load=lambda _: profile,
        policy=a_policy(),
        secrets=Secrets(),
        workspace=folder,
        base=folder,
        known_files=lambda: ("calc.py",),
    )
    return asyncio.run(runner.run(an_order(goal, window=8_192), Heard()))


def too_long(base_url: str, folder: Path) -> Attempt:
    """Run an attempt under an order that takes the server's window for larger than it is."""
    return attempt(base_url, folder, goal=f"{GOAL}{' x' * 2_000}")


def probe(base_url: str, folder: Path) -> ProbeOutcome:
    """Probe a task that names a file."""
    (folder / "calc.py").write_text(BUG, encoding="utf-8")
    profile = a_profile(base_url, name=CHEAP, model=MODEL)
    prober = EmbeddedProber(
        calls=RecordedCalls(load=lambda _: profile, policy=a_policy()), candidates=candidates(), root=folder
    )
    named = evidence(files=(NamedFile(path="calc.py", bytes=len(BUG), lines=2),))
    return asyncio.run(prober.probe(Task(goal=GOAL), named, CHEAP))


_FIX = Script(calls=(LIST, EDIT), sentence=SENTENCE)
SCENARIOS: Mapping[str, Scenario] = {
    "agent_run": Scenario(act=attempt, script=_FIX, options={"context": 32_768}),
    "probe": Scenario(act=probe, script=Script(number=3)),
    "overflow": Scenario(act=too_long, script=_FIX, options={"context": 8_192}),
    "loading": Scenario(act=attempt, script=_FIX, options={"mmap": False}, while_loading=True),
}


def cassette(path: Path, mode: str = "none") -> AbstractContextManager[Cassette]:
    """Open a cassette: matched on method, path and body, each exchange played once, nothing of this machine in it."""
    recorder = vcr.VCR(
        record_mode=mode,
        match_on=["method", "path", "body"],
        before_record_request=_without_machine,
        before_record_response=_without_date,
        skip_patchers=("httplib", "requests", "urllib3", "aiohttp", "httpx"),
    )
    opened: AbstractContextManager[Cassette] = recorder.use_cassette(str(path), allow_playback_repeats=False)
    return opened


def _without_machine(request: Any) -> Any:
    """Drop the request's headers, which tell system, versions and key, and the port that the server was given."""
    request.headers = {name: value for name, value in request.headers.items() if name.lower() == "content-type"}
    request.uri = f"{PLAYED_AT.removesuffix('/v1')}{request.path}"
    return request


def _without_date(response: Any) -> Any:
    response["headers"] = {name: value for name, value in response["headers"].items() if name.lower() == "content-type"}
    return response
