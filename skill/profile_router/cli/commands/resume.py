"""`profile-router resume`: go on with a run that was interrupted, and show it as `run` does."""

from __future__ import annotations

import argparse
from contextlib import nullcontext

from profile_router.cli.caller import approver_for
from profile_router.cli.commands.run import EXITS, print_event, show_end
from profile_router.cli.options import streams
from profile_router.cli.progress import Progress
from profile_router.cli.usual_options import add_yes
from profile_router.machine.imports import import_large
from profile_router.ports import Emit


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument(
        "thread",
        nargs="?",
        metavar="THREAD",
        help="the thread to go on with (default: the only one)",
    )
    parser.add_argument("--policy", metavar="FILE", help="the policy to go on under (default: the run's)")
    add_yes(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--stream", action="store_true", help="print one JSON event a line; goes on without a reader")
    parser.set_defaults(from_hermes=False, exit_with_stdin=False)


def run(arguments: argparse.Namespace) -> int:
    """Go on with the thread, print the answer, and return the exit code of its status."""
    streamed = streams(arguments)
    progress = Progress()
    emit: Emit = print_event if streamed else progress
    approver = approver_for(arguments, print_event, progress.away)
    with nullcontext() if streamed else progress:
        import_large("profile_router.api.resuming", "profile_router.runs.resume")  # with LangChain: half a second
        from profile_router.api.resuming import resume

        result = resume(
            arguments.thread, policy=arguments.policy, on_event=lambda event: emit(event.json), approver=approver
        )
    show_end(result, streamed=streamed, as_json=arguments.json)
    return EXITS[result.status]
