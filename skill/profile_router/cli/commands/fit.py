"""`profile-router fit`: fit weights and limits on dev rows, forward in time, and say whether that is worth anything."""

from __future__ import annotations

import argparse
import os

from profile_router.cli.commands.evaluate import add_rows, study_of, tell_report
from profile_router.evaluation.fit import run_fit


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add_rows(parser)
    parser.epilog = "rows of another split than dev are refused; nothing is written into the policy: that is yours"


def run(arguments: argparse.Namespace) -> int:
    """Print what was fitted, and write the page; return 0."""
    study = study_of(arguments)
    return tell_report(arguments, lambda told: run_fit(study, os.environ, told))
