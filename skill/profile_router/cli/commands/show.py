"""`profile-router show`: the whole story of one run."""

from __future__ import annotations

import argparse
import os
from contextlib import suppress

from profile_router.cli.commands.history import print_told
from profile_router.cli.json_answer import print_json
from profile_router.cli.spelling import as_called
from profile_router.cli.stories import story_json, story_lines
from profile_router.cli.usual_options import add_json, add_run_id
from profile_router.core.ladder.account import Story
from profile_router.core.ladder.run_kinds import UNFINISHED
from profile_router.core.telling.ways_out import RUNS_ARE_LISTED
from profile_router.errors import RouterError
from profile_router.ledger.history import SqliteHistory
from profile_router.ledger.words import seal_of
from profile_router.state.folder import state_dir


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add_run_id(parser)
    add_json(parser)
    parser.epilog = RUNS_ARE_LISTED


def run(arguments: argparse.Namespace) -> int:
    """Print the story; return 0."""
    history = SqliteHistory(state=state_dir(os.environ), seal=seal_of(os.environ, make=False))
    story = history.story(arguments.id)
    print_told()
    if arguments.json:
        print_json(story_json(story), run=story.run.id)
    else:
        print("\n".join(as_called(line) for line in story_lines(story, _next(story))))
    return 0


def _next(story: Story) -> str:
    """Return what becomes of a run that has no end; empty where that is nothing, or the threads cannot be read."""
    if story.run.kind != "run" or story.run.verdict not in (UNFINISHED, "interrupted"):
        return ""
    from profile_router.runs.unfinished import next_for  # with git, which most stories need nothing of
    from profile_router.threads.file import ThreadFile
    from profile_router.threads.threads import Threads

    with suppress(RouterError, OSError):
        return next_for(Threads(file=ThreadFile(state=state_dir(os.environ)), serializer=None), story.run.id)
    return ""
