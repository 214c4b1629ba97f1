"""`profile-router check`: the workspace's own check, which a run takes that names none; `--allow` agrees to it."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from profile_router.checks.consents import Consents
from profile_router.cli.json_answer import print_json
from profile_router.cli.progress import folded
from profile_router.cli.spelling import as_called
from profile_router.cli.usual_options import add_policy
from profile_router.core.telling.decision import LABEL_WIDTH, check_json, check_lines
from profile_router.errors import WorkspaceError
from profile_router.runs.own_check.check_rehearsal import silent_because
from profile_router.runs.own_check.workspace_check import LookedUpCheck, look_at_check
from profile_router.state.folder import state_dir


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add_option = parser.add_argument
    add_option("--workspace", metavar="DIR", help="the folder to look in (default: this git repository)")
    add_option(
        "--file", action="append", default=[], metavar="PATH", help="narrow the check to the tests that touch this file"
    )
    acts = parser.add_mutually_exclusive_group()
    acts.add_argument("--allow", action="store_true", help="let the check run, in a jail without network and keys")
    acts.add_argument("--forget", action="store_true", help="forget each yes and no to this workspace's checks")
    add_policy(parser)
    add_option("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Show, allow or forget the check; return 0, or 1 without one."""
    looked = _looked(arguments)
    workspace = looked.workspace
    if workspace is None:
        raise WorkspaceError(f"{Path.cwd()} is in no git repository; name the folder of the check: --workspace DIR")
    consents = Consents(state_dir(os.environ))
    if arguments.forget:
        _tell_forgotten(consents.forget(workspace.root), arguments)
        return 0
    if arguments.allow and looked.open:
        consents.keep(workspace.root, looked.open, agreed=True)
        looked = _looked(arguments)
        if looked.check and not looked.check.refused:
            _warn(silent_because(looked.check, workspace.root, looked.terminal))
    if arguments.json:
        print_json(_answer(looked))
    else:
        lines = check_lines(looked.check, str(workspace.root)) if looked.check else [looked.none]
        print("\n".join(folded(as_called(line), sys.stdout, indent=LABEL_WIDTH) for line in lines))
    return 0 if looked.check else 1


def _tell_forgotten(forgotten: int, arguments: argparse.Namespace) -> None:
    if arguments.json:
        print_json({**_answer(_looked(arguments)), "forgotten": forgotten})
    else:
        print(f"{forgotten} answer{'s' if forgotten != 1 else ''} forgotten")


def _answer(looked: LookedUpCheck) -> dict[str, object]:
    return {"check": check_json(looked.check), "why": "" if looked.check else looked.none, "forgotten": 0}


def _warn(why: str) -> None:
    if why:
        print(f"warning: {as_called(why)}", file=sys.stderr)


def _looked(arguments: argparse.Namespace) -> LookedUpCheck:
    files = tuple(arguments.file)
    return look_at_check(files, arguments.workspace, arguments.policy, dict(os.environ), Path.cwd())
