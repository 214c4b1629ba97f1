"""`profile-router profiles`: list the profiles, the tier that each serves, and what is wrong with them. Offline."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from profile_router.cli.json_answer import print_json
from profile_router.cli.progress import folded
from profile_router.cli.usual_options import add_json, add_policy
from profile_router.core.policy import Policy
from profile_router.errors import ProfileError
from profile_router.policies.file import find_policy, read_policy
from profile_router.profiles.home import HermesHome, find_home

_NAME_WIDTH, _TIER_WIDTH = 16, 6
_KEYS = {"missing": "its key is missing", "there": "has its key", "not needed": "needs no key"}
_HEAD_WIDTH = _NAME_WIDTH + _TIER_WIDTH + 2


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add_policy(parser, "read")
    add_json(parser, "them")


def run(arguments: argparse.Namespace) -> int:
    """Print a line per profile; return 0, or 2 where a tier's profile cannot be used."""
    home = find_home(os.environ)
    policy = read_policy(find_policy(arguments.policy, os.environ))
    named = [name for name in (policy.tiers.local, policy.tiers.burst, policy.tiers.cheap) if name is not None]
    rows = [_row(name, home, policy) for name in dict.fromkeys((*named, *home.names()))]
    if arguments.json:
        print_json({"profiles": rows})
    else:
        print(f"{home.where}, in {home.profiles}" if home.shipped else home.where)
        print("\n".join(folded(_line(row), sys.stdout, indent=_HEAD_WIDTH) for row in rows))
    needed = {policy.tiers.local, policy.tiers.burst}
    return 2 if any(row["problem"] and row["name"] in needed for row in rows) else 0


def _row(name: str, home: HermesHome, policy: Policy) -> dict[str, Any]:
    tier = policy.tiers.tier_of(name)
    try:
        profile = home.load(name, asked_by="the policy" if tier else "--profile")
    except ProfileError as error:
        return {"name": name, "tier": tier, "problem": " ".join(str(error).split())}
    return {
        "name": name,
        "tier": tier,
        "provider": profile.endpoint.provider,
        "model": profile.endpoint.model,
        "base_url": profile.endpoint.base_url,
        "window": profile.window,
        "max_turns": profile.max_turns,
        "key": "missing" if profile.key_missing else "there" if profile.endpoint.api_key else "not needed",
        "keys": profile.keys,
        "problem": None,
    }


def _line(row: dict[str, Any]) -> str:
    head = f"{row['name']:<{_NAME_WIDTH}} {row['tier'] or '–':<{_TIER_WIDTH}}"
    if row["problem"]:
        return f"{head} {row['problem']}"
    window = f"{row['window']:,} tokens" if row["window"] else "window unstated"
    key = f"{row['keys']} keys" if row["keys"] > 1 else _KEYS[row["key"]]
    return f"{head} {row['provider']} · {row['model']} · {row['base_url']} · {window} · {key}"
