"""`profile-router demo`: watch a run without key or model. The models are scripted; all else is what `run` does."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from profile_router.cli.commands.run import EXITS
from profile_router.cli.ending import RunEnd, closing_lines
from profile_router.cli.json_answer import print_json
from profile_router.cli.progress import TEXT_STARTS, Progress, folded
from profile_router.cli.screens import columns
from profile_router.cli.spelling import called
from profile_router.cli.usual_options import add_json
from profile_router.core.task import Task
from profile_router.core.telling.decision import Json
from profile_router.core.telling.layout import table_lines
from profile_router.core.text import about, thousands
from profile_router.demo.cascade import burst_script, local_script
from profile_router.demo.provider import Script, refusing, scripted
from profile_router.demo.scratch import CHECK, LINES, MODEL, SCRATCH_GOAL, make_scratch, own_environment
from profile_router.errors import UsageError
from profile_router.machine.imports import import_large
from profile_router.state.folder import private_folder, state_dir

_FIRST = "demo: scripted stand-ins on 127.0.0.1, so no key and no model; the rest is real"
_IS_DOWN, _DOES_WRONG = "a server that is down", "plays a local model that claims too much"
_TURN_PAUSE_S = 0.08  # so that an eye can follow the turns
_COLUMNS = ("profile", "step", "model", "outcome", "in", "out", "cost", "s")
TOUR_PAGE = "tour.html"  # in the folder of our state: nobody named a place for it
_WIDE = 200  # columns of a pipe


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add_json(parser, "the result")
    help_of = "show a local attempt whose check fails, its repair, and the promotion"
    parser.add_argument("--cascade", action="store_true", help=help_of)
    parser.add_argument("--tour", action="store_true", help="run ten mixed tasks, then report on them")
    where = f"where to write the page of the tour (default: {TOUR_PAGE} in the state folder; its path is told)"
    parser.add_argument("--html", metavar="FILE", help=where)


def run(arguments: argparse.Namespace) -> int:
    """Play the demo, print what `run` would print, and return the exit code of the run."""
    if arguments.tour and arguments.cascade:
        raise UsageError("--tour and --cascade are two demos: ask for one")
    if arguments.html is not None and not arguments.tour:
        raise UsageError("--html belongs to --tour: it names the page of the tour")
    if arguments.tour:
        from profile_router.cli.tour import tour

        if arguments.html == "":
            raise UsageError("--html is empty; name a file")
        page = arguments.html or private_folder(state_dir(os.environ)) / TOUR_PAGE
        return tour(Path(page).absolute(), as_json=arguments.json)
    _say(_FIRST, "")
    with _cascade() if arguments.cascade else _stage() as repository:
        _say(*_opening(_DOES_WRONG if arguments.cascade else _IS_DOWN), "")
        import_large("profile_router.api.running", "profile_router.runs.run")  # with LangChain: half a second
        from profile_router.api.running import run as run_to_end

        task = Task(goal=SCRATCH_GOAL, workspace=str(repository), check=CHECK)
        with Progress() as progress:
            result = run_to_end(task, cwd=repository, on_event=lambda event: progress(event.json))
    if arguments.json:
        print_json(result.json)
    else:
        _say("")
        print("\n".join(_closing(result)), flush=True)
        _say("", *_next_steps())
    return EXITS[result.status]


def _stage() -> AbstractContextManager[Path]:
    """Set the stage with a local server that is down."""
    return _set_up(refusing(), Script(model=MODEL, lines=LINES, pause_s=_TURN_PAUSE_S))


def _cascade() -> AbstractContextManager[Path]:
    """Set the stage with a local model whose work fails its check, twice."""
    return _set_up(scripted(local_script(_TURN_PAUSE_S)), burst_script(_TURN_PAUSE_S))


@contextmanager
def _set_up(local_server: AbstractContextManager[str], script: Script) -> Iterator[Path]:
    """Set up stand-ins, repository and Hermes home in a scratch folder; nothing of it outlives the block."""
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="profile-router-demo-"))).resolve()
        stack.enter_context(own_environment(root))
        local, burst = stack.enter_context(local_server), stack.enter_context(scripted(script))
        yield make_scratch(root, local=local, burst=burst)


def _say(*lines: str) -> None:
    told = (folded(line, sys.stderr, indent=TEXT_STARTS if line.startswith(" ") else 2) for line in lines)
    print("\n".join(told), file=sys.stderr, flush=True)


def _opening(local: str) -> tuple[str, ...]:
    return (
        f"  task        {SCRATCH_GOAL}",
        f"  workspace   a scratch git repository, 2 files; its check `{CHECK}` fails",
        f"  profiles    coding-local: {local} · coding-burst: plays a cloud model, at the policy's price",
    )


def _closing(result: RunEnd) -> list[str]:
    """Return what `run` ends with, and before its last line the receipts and what would have changed the route."""
    *ending, last = closing_lines(result, stays=False)
    told = " · ".join(result.json["route"].get("flips", ()))
    flips = folded(f"flips  {told}", sys.stdout, indent=len("flips  "))
    return [*ending, *_receipts(result.json), "", flips, "", last]


def _receipts(result: Json) -> list[str]:
    """Return the attempts of *result* as an aligned table: texts to the left, figures to the right."""
    rows = [_COLUMNS, *(_row(receipt) for receipt in result["attempts"])]
    width = columns(sys.stdout) if sys.stdout.isatty() else _WIDE
    return table_lines(rows, width, figures=_COLUMNS.index("in"))


def _row(receipt: Json) -> tuple[str, ...]:
    figures = (thousands(receipt["tokens_in"]), thousands(receipt["tokens_out"]))
    names = (receipt["profile"], receipt["step"], receipt["model_asked"], receipt["outcome"])
    cost = about(receipt["cost_usd"], exact=receipt["cost_source"] in ("free", "provider"))
    return (*names, *figures, cost, f"{receipt['seconds']:.1f}")


def _next_steps() -> tuple[str, ...]:
    """Return how to go on with one's own servers, in the words that started this process."""
    command = called()
    return (
        f"  your servers   {command} profiles   (profiles, models and keys it finds)",
        f'  your task      {command} run "…" --workspace DIR --check "…"',
    )
