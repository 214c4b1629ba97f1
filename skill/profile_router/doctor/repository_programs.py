"""Tell which programs the settings of the repository around the current folder name: our own git runs none of them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from profile_router.core.text import shown, some_of
from profile_router.doctor.facts import DoctorFacts
from profile_router.doctor.finding import Finding, passed, warned
from profile_router.git.command import git, work_tree

_NAME = "git settings"
_MOST = 5
# What git runs as a program (git-config(1)), by the section and the last part of the name.
_PROGRAMS = frozenset({
    ("filter", "clean"), ("filter", "smudge"), ("filter", "process"), ("diff", "textconv"), ("diff", "command"),
    ("diff", "external"), ("merge", "driver"), ("core", "fsmonitor"), ("core", "hookspath"), ("core", "sshcommand"),
})  # fmt: skip


def programs(facts: DoctorFacts) -> Iterator[Finding]:
    """Warn of the programs that the repository itself configures, in its own files and those that they include."""
    top = work_tree(facts.folder)
    if top is None:
        yield passed(_NAME, "the current folder is in no git repository")
        return
    listed = git(top, "config", "--list", "--show-scope", "-z").split("\0")
    names = dict.fromkeys(
        name
        for scope, name in zip(listed[::2], (line.partition("\n")[0] for line in listed[1::2]), strict=False)
        if scope in {"local", "worktree"} and _is_program(name)
    )
    if not names:
        yield passed(_NAME, f"those of {top} start no program")
        return
    said = some_of([shown(name) for name in names], _MOST)
    measured = f"those of {top} start programs ({said}): profile-router runs none of them, your own git does"
    yield warned(_NAME, measured, f"git -C {shlex.quote(str(top))} config --edit")


def _is_program(name: str) -> bool:
    return (name.partition(".")[0], name.rpartition(".")[2]) in _PROGRAMS
