"""`profile-router policy`: show the policy in force, or check a file."""

from __future__ import annotations

import argparse
import os

from profile_router.adapters.policy_file import SHIPPED, find_policy, read_policy


def run(arguments: argparse.Namespace) -> int:
    """Show or check; return 0. A wrong policy raises PolicyError, which names file and line."""
    path = SHIPPED if getattr(arguments, "shipped", False) else find_policy(arguments.file, os.environ)
    policy = read_policy(path)
    if arguments.act == "check":
        print(f"{path}: right · {len(policy.rules)} rules, {len(policy.kinds.kinds)} kinds, digest {policy.digest}")
    elif arguments.rules:
        from profile_router.adapters.prompts import render_rules

        print(render_rules(policy), end="")
    else:
        print(path.read_text(encoding="utf-8"), end="")
    return 0
