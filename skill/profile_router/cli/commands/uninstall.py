"""`profile-router uninstall`: take out exactly what `install` wrote. What was changed since stays and is named."""

from __future__ import annotations

import argparse
import os

from profile_router.cli.commands.install import add_write_options, carry_out
from profile_router.folders import PLUGIN
from profile_router.install.places import find_root
from profile_router.install.removal import plan_uninstall


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add_write_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Show the plan, ask, carry it out; return 0, or 1 where the user said no."""
    root = find_root(os.environ)
    print(root)
    nothing = "nothing of profile-router is recorded here"
    code = carry_out(plan_uninstall(root), dry_run=arguments.dry_run, yes=arguments.yes, nothing=nothing)
    if code == 0 and not arguments.dry_run and (root / "plugins" / PLUGIN / "plugin.yaml").is_file():
        print(f"the plugin stays, for `install` did not bring it: `hermes plugins remove {PLUGIN}` removes it")
    return code
