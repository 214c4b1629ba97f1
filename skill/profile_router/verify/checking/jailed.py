"""Run a check that was found in the workspace. It is the workspace's own code, so it is jailed: no network, no key.

The operator's own command is another matter, and runs as it is written. A found one sees the system's programs, the
workspace, and the folders that the policy lets a terminal read. Git's data, the workspace's rules and its environments
stay unchanged.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from profile_router.core.found_check import CheckRunner, FoundCheck
from profile_router.core.ladder.receipt import CheckResult
from profile_router.core.policy import Terminal
from profile_router.core.policy.private import NO_CONFIDENTIAL, Confidential
from profile_router.core.privacy.taint import Taint
from profile_router.core.text import shown
from profile_router.errors import WorkspaceError
from profile_router.expressions import expression
from profile_router.jail.child import CROWDED, JAIL_FAILED, MISSING, NO_JAIL, SWOLLEN
from profile_router.jail.process import run_bounded
from profile_router.jail.view import JailView, jail_command
from profile_router.policies.workspace_rules import RULES_FILE as RULES
from profile_router.values import frozen
from profile_router.verify.checking.check import OUTPUT_BYTES, check_result, not_run
from profile_router.verify.checking.environments import leads_out, lent_places, made_places
from profile_router.withheld.tree import tree_of
from profile_router.withheld.watch import WithheldWatch, watched

_NO_MODULE = expression(r"No module named '?([\w.]+)")
_READ_ONLY = expression(r"\bRead-only file system\b|\bEROFS\b")
# What a runner prints where it could not even begin: no fault of the work that it was to check.
_NO_TEST = "no test ran"
_NO_TESTS: Mapping[CheckRunner, str] = {
    "unittest": r"^(?:Ran 0 tests|NO TESTS RAN)",
    "pytest": r"^no tests ran",
    "vitest": r"No test files? found",
    "jest": r"No tests found",
    "mocha": r"No test files found",
    "phpunit": r"^No tests executed",
    "maven": r"No tests to run",
}
_NOT_IN_THE_JAIL = "is not in the jail"
_LACKING = f"what it needs {_NOT_IN_THE_JAIL}, which has no network"
_RUBY_LACKS = r"Could not find gem|cannot load such file -- [^./]|Could not locate Gemfile"
_LACKS: Mapping[CheckRunner, str] = {
    "tox": r"No matching distribution|ConnectionError|could not install deps|NewConnectionError",
    "nox": r"No matching distribution|ConnectionError|NewConnectionError",
    "npm": r"ENOTCACHED|ENOTFOUND|EAI_AGAIN|: not found$|ERR_MODULE_NOT_FOUND.*'[\w@]|Cannot find module '[\w@]",
    "vitest": r"Cannot find (?:module|package) '[\w@]",
    "jest": r"Cannot find module '[\w@]",
    "mocha": r"Cannot find (?:module|package) '[\w@]",
    "cargo": r"no matching package|failed to (?:get|download|load source)|attempting to make an HTTP",
    "go": r"no required module provides|dial tcp|module lookup disabled|missing go\.sum entry",
    "make": r": not found$|Error 127",
    "gradle": r"offline mode|No cached version|Could not resolve|wrapper/dists|UnknownHost",
    "maven": r"offline mode|Could not resolve|could not be resolved|UnknownHost",
    "rake": _RUBY_LACKS,
    "rspec": _RUBY_LACKS,
    "phpunit": r"vendor/autoload\.php|Cannot open file \"vendor/",
}
_CODES: Mapping[CheckRunner, Mapping[int, str]] = {
    "pytest": {3: "pytest itself failed", 4: "pytest did not take its arguments", 5: _NO_TEST},
    "unittest": {5: _NO_TEST},
}


@frozen
class JailedChecks:
    """Runs checks that were found in the workspace `root`, within the limits of `options`.

    `watch` makes what tells which withheld files one opens. `original` is the workspace that `root` is a copy of: its
    environments, which no copy has, are lent to it.
    """

    root: Path
    options: Terminal
    confidential: Confidential = NO_CONFIDENTIAL
    watch: Callable[[], WithheldWatch] | None = None
    original: Path | None = None

    async def run(self, found: FoundCheck, *, seconds: float, reads_only: bool = False) -> CheckResult:
        """Return how *found* ended, after at most *seconds*; with *reads_only* it can write nothing."""
        result = await self._ended(found, seconds, reads_only)
        result = replace(result, folder=found.folder, source=found.source)
        return replace(result, inconclusive=inconclusive(found, result, self.root))

    async def _ended(self, found: FoundCheck, seconds: float, reads_only: bool) -> CheckResult:
        folder = self.root / found.folder
        if not folder.is_dir():
            return not_run(found.command, folder)
        if (self.root / ".git").is_symlink():
            return CheckResult(command=found.command, exit_code=JAIL_FAILED, seconds=0.0, last_line="")
        view = await asyncio.to_thread(self._view, found, reads_only)
        command = jail_command(found.words, view, replace(self.options, seconds=seconds))
        taints: list[Taint] = []
        async with watched(self.watch, taints.append):
            with made_places(self.root, view.lent):
                ended = await run_bounded(command, self.root, {}, seconds=seconds, most_bytes=OUTPUT_BYTES, flood=False)
        told = partial(check_result, seconds=seconds, confidential=self.confidential, taints=taints)
        return await asyncio.to_thread(told, found.command, ended)

    def _view(self, found: FoundCheck, reads_only: bool) -> JailView:
        root, rules = self.root, self.root / RULES
        view = JailView(root=root, stand=root / found.folder, readable=self.options.readable)
        view = replace(view, lent=lent_places(root, self.original))
        if reads_only:
            return replace(view, fixed=(str(root),))
        fixed = [str(rules)] if rules.is_file() and not rules.is_symlink() else []
        try:
            fixed += tree_of(os.fspath(root), ()).git_data
        except WorkspaceError:  # too many files to look through: git's data of the workspace itself is known
            fixed += [str(root / ".git")] if (root / ".git").exists() else []
        return replace(view, fixed=tuple(fixed))


def inconclusive(found: FoundCheck, result: CheckResult, root: Path) -> str:
    """Return why *result* of *found* in *root* says nothing of the work; empty where it does."""
    code = result.exit_code
    if code is None:
        return result.last_line
    if code in _ENDED:
        return _ENDED[code]
    if told := _CODES.get(found.runner, {}).get(code):
        return told
    if lacks := to_install(found, result, root):
        away = leads_out(found.words[0], root / found.folder, root) if code == MISSING else ""
        how = f": it leads to {shown(away)}, which terminal.readable of the policy can show to it" if away else ""
        return f"{lacks} {_NOT_IN_THE_JAIL}{how}"
    report = result.report
    if _says(_NO_TESTS, found, result.tail) or (report is not None and report.whole and report.ran == 0):
        return _NO_TEST
    if code != 0 and not found.weak and _READ_ONLY.search(result.tail):
        return "it writes where the jail lets nothing be written"
    return _LACKING if code != 0 and _says(_LACKS, found, result.tail) else ""


def to_install(found: FoundCheck, result: CheckResult, root: Path) -> str:
    """Return what *result* says is to be installed: the program of *found*, or a module; empty where it says none."""
    code = result.exit_code
    if code == MISSING:
        return found.words[0]
    if not code or code in _ENDED or code in _CODES.get(found.runner, {}):
        return ""
    module = _lacking_module(result.tail, root)
    return module and ("a module" if result.taints else f"the module {module}")  # it may hold what it read


def _says(table: Mapping[CheckRunner, str], found: FoundCheck, text: str) -> bool:
    pattern = table.get(found.runner)
    return pattern is not None and re.search(pattern, text, re.MULTILINE) is not None


_ENDED: Mapping[int, str] = {
    JAIL_FAILED: NO_JAIL,
    CROWDED: "it had more processes than terminal.processes allows",
    SWOLLEN: "it took more memory than terminal.memory_mb allows",
}


def _lacking_module(text: str, root: Path) -> str:
    """Return the Python module that *text* says is missing, where it is not one of the workspace; else empty."""
    for module in _NO_MODULE.findall(text):
        name = module.partition(".")[0]
        places = (root, root / "src", root / "lib")
        if not any((place / name).is_dir() or (place / f"{name}.py").is_file() for place in places):
            return str(module)
    return ""
