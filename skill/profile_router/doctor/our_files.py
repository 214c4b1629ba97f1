"""Checks of what is our own: the policy, the state folder, the tokenizer's ranks."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from profile_router.doctor.facts import DoctorFacts
from profile_router.doctor.finding import Finding, failed, passed, warned
from profile_router.errors import DataError
from profile_router.policies.file import SHIPPED, is_as_shipped
from profile_router.prompting.tokens import BPE_RANKS_FILE, read_ranks
from profile_router.resources import data
from profile_router.state.folder import STATE_VARIABLE


def policy(facts: DoctorFacts) -> Iterator[Finding]:
    """Fail for a policy that is refused; what follows is then about the shipped one."""
    if facts.policy_problem:
        measured = f"{facts.policy_problem}; the checks below go by the shipped policy"
        yield failed("policy", measured, f"profile-router policy check {shlex.quote(facts.policy_file)}")
        return
    named = "" if facts.policy.source == str(SHIPPED) else facts.policy.source
    origin = ", ".join(filter(None, (named, "as shipped" if is_as_shipped(facts.policy) else "")))
    yield passed("policy", f"{origin}, {len(facts.policy.rules)} rules, digest {facts.policy.digest}")


def state_folder(facts: DoctorFacts) -> Iterator[Finding]:
    """Fail where our state cannot be written; warn where others can read it. Nothing is made to find out."""
    folder, name = facts.state, "state folder"
    place = next((path for path in (folder, *folder.absolute().parents) if os.path.lexists(path)), Path("/"))
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        why = "is not a folder" if not place.is_dir() else "cannot be written"
        yield failed(name, f"{folder}: {place} {why}", f"export {STATE_VARIABLE}=DIR")
    elif place != folder:
        yield passed(name, f"{folder} (made on first use)")
    elif (mode := stat.S_IMODE(folder.stat().st_mode)) & 0o077:
        yield warned(name, f"{folder} has mode {mode:04o}: others may read it", f"chmod 700 {shlex.quote(str(folder))}")
    else:
        yield passed(name, str(folder))


def tokenizer(facts: DoctorFacts) -> Iterator[Finding]:
    """Fail where the tokenizer's rank file is missing or damaged."""
    try:
        read_ranks(facts.ranks or data(BPE_RANKS_FILE))
    except DataError:
        measured = "the o200k rank file is missing or damaged: prompts cannot be counted"
        yield failed("tokenizer", measured, "pipx install --force CLONE")
    else:
        yield passed("tokenizer", "its o200k file is complete")
