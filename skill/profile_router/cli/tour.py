"""The tour of the demo: ten mixed tasks on the stand-ins, in a ledger of its own, then their report."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from profile_router.cli.json_answer import print_json
from profile_router.cli.output_file import page_file
from profile_router.cli.progress import TEXT_STARTS, folded
from profile_router.cli.report_screen import screen_lines
from profile_router.cli.screens import columns
from profile_router.core.text import about
from profile_router.demo.provider import Playing, scripted
from profile_router.demo.scratch import make_scratch, own_environment
from profile_router.demo.tour import PICTURE, STOPS, TOUR_FILES, Stop
from profile_router.machine.imports import import_large
from profile_router.pages.html import page_of
from profile_router.policies.file import SHIPPED, read_policy
from profile_router.reporting.sections import report_of
from profile_router.reporting.summary import Summary, summary_json, summary_of
from profile_router.state.folder import state_dir

_FIRST = "demo: ten tasks on scripted stand-ins on 127.0.0.1, so no key and no model; the rest is real"
_DAYS = 1.0


def tour(page: Path, *, as_json: bool) -> int:
    """Run the tasks, write the report on them to *page*, and print it; return 0."""
    page_file(str(page))
    _say(_FIRST)
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="profile-router-tour-"))).resolve()
        stack.enter_context(own_environment(root))
        playing = [Playing(script) for script in STOPS[0].scripts()]
        local, burst = (stack.enter_context(scripted(one)) for one in playing)
        repository = make_scratch(root, local=local, burst=burst, files=TOUR_FILES)
        (repository / "button.png").write_bytes(PICTURE)
        import_large("profile_router.api.running", "profile_router.runs.run")  # with LangChain: half a second
        for number, stop in enumerate(STOPS, 1):
            for one, script in zip(playing, stop.scripts(), strict=True):
                one.script = script
            _say(f"  {number:>2} of {len(STOPS)}  {_ran(stop, repository)}")
        summary = summary_of(state_dir(os.environ), read_policy(SHIPPED), days=_DAYS, now=time.time())
    return _tell(summary, page, as_json=as_json)


def _ran(stop: Stop, repository: Path) -> str:
    """Run the task of *stop*; return its goal and how it ended."""
    from profile_router.api.running import run

    result = run(stop.task(repository), cwd=repository).json
    attempts = result["attempts"]
    went = " → ".join(dict.fromkeys(one["profile"] for one in attempts)) or "nobody"
    cost = about(result["cost_usd"], exact=not result["cost_usd"])
    return f"{stop.goal} · {result['route']['rule']} · {went} · {result['verdict']} · {cost}"


def _tell(summary: Summary, page: Path, *, as_json: bool) -> int:
    report = report_of(summary)
    page_file(str(page)).write(page_of(report))
    if as_json:
        print_json(summary_json(summary))
    else:
        _say("")
        print("\n".join(screen_lines(report, columns(sys.stdout))))
    _say("", f"the page is {page}")
    return 0


def _say(*lines: str) -> None:
    print("\n".join(folded(line, sys.stderr, indent=TEXT_STARTS) for line in lines), file=sys.stderr, flush=True)
