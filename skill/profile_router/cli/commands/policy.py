"""`profile-router policy`: show the policy in force, or check a file."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from profile_router.cli.screens import columns, showable
from profile_router.core.policy import Policy
from profile_router.core.policy.tighten import changes
from profile_router.core.telling.layout import markdown_lines
from profile_router.core.text import shown
from profile_router.policies.file import SHIPPED, find_policy, is_as_shipped, read_policy
from profile_router.policies.workspace_rules import RULES_FILE, tightened_by
from profile_router.workspace.folder import find_workspace


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    acts = parser.add_subparsers(dest="act", required=True, metavar="show|check|schema", parser_class=type(parser))
    for act, text in (("show", "print the policy in force"), ("check", "tell whether a policy file is right")):
        sub = acts.add_parser(act, help=text)
        sub.add_argument("file", nargs="?", metavar="FILE", help="a policy file; else the one in force")
        if act == "show":
            sub.add_argument("--rules", action="store_true", help="print the rules as a table instead")
            sub.add_argument("--ladder", action="store_true", help="print what follows a failure as a table instead")
            sub.add_argument(
                "--early", action="store_true", help="print the signs that promote early as a table instead"
            )
            sub.add_argument("--shipped", action="store_true", help="print the shipped policy, to copy")
    acts.add_parser("schema", help="print the JSON Schema of a policy file, for editors")


def run(arguments: argparse.Namespace) -> int:
    """Show or check; return 0. A wrong policy raises PolicyError, which names file and line."""
    if arguments.act == "schema":
        from profile_router.policies.schema import policy_schema

        print(json.dumps(policy_schema(), indent=2, ensure_ascii=False))
        return 0
    path = SHIPPED if getattr(arguments, "shipped", False) else find_policy(arguments.file, os.environ)
    policy = read_policy(path)
    if arguments.act == "check":
        same = ", as shipped" if is_as_shipped(policy) else ""
        counts = f"{len(policy.rules)} rules, {len(policy.kinds.kinds)} kinds"
        print(f"{path}: right · {counts}, digest {policy.digest}{same}")
    elif arguments.rules:
        from profile_router.prompting.templates import render_rules

        _print_table(render_rules(policy))
    elif arguments.ladder:
        from profile_router.prompting.templates import render_ladder

        _print_table(render_ladder(policy))
    elif arguments.early:
        from profile_router.prompting.templates import render_early

        _print_table(render_early(policy))
    else:
        print(path.read_text(encoding="utf-8"), end="")
        if not getattr(arguments, "shipped", False):
            _print_tightening(policy)
    return 0


def _print_table(markdown: str) -> None:
    """Print the table *markdown*: on a terminal in columns, elsewhere as it is, for documents and agents."""
    if sys.stdout.isatty():
        print("\n".join(markdown_lines(showable(markdown, sys.stdout), columns(sys.stdout))))
    else:
        print(markdown, end="")


def _print_tightening(policy: Policy) -> None:
    """Print, as comments, what the `.profile-router.yaml` around the current folder takes away."""
    tighter, ignored = tightened_by(policy, find_workspace(None, Path.cwd()))
    lines = [*changes(policy, tighter), *ignored]
    if lines:
        print(f"\n# Tightened by this workspace's {RULES_FILE}:")
        print("\n".join(f"#   {shown(line, 400)}" for line in lines))
