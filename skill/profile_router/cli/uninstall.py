"""`profile-router uninstall`: take out exactly what `install` wrote. What was changed since stays and is named."""

from __future__ import annotations

import argparse
import os

from profile_router.adapters.install.places import find_root
from profile_router.adapters.install.removal import plan_uninstall
from profile_router.cli.install import carry_out


def run(arguments: argparse.Namespace) -> int:
    """Show the plan, ask, carry it out; return 0, or 1 where the user said no."""
    root = find_root(os.environ)
    print(root)
    nothing = "nothing of profile-router is recorded here"
    return carry_out(plan_uninstall(root), dry_run=arguments.dry_run, yes=arguments.yes, nothing=nothing)
