"""The linter or type checker that a project configures: a weak check, for projects without a test that is known."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence

from profile_router.checks.commands import ENVIRONMENTS, plain_paths
from profile_router.checks.signs import Project
from profile_router.core.found_check import CheckRunner, FoundCheck
from profile_router.core.language.code_endings import NODE_ENDINGS, PYTHON_ENDINGS
from profile_router.values import frozen


@frozen
class Linter:
    """A linter: the files that configure it (with what must stand in them; empty: anything), the words after its name,
    and the endings of the files that it reads. `whole`: it takes no files."""

    runner: CheckRunner
    configured_by: Sequence[tuple[str, str]]
    options: tuple[str, ...]
    endings: tuple[str, ...]
    whole: bool = False


LINTERS: Sequence[Linter] = (
    Linter(
        runner="ruff",
        configured_by=(("ruff.toml", ""), (".ruff.toml", ""), ("pyproject.toml", r"^\[tool\.ruff\b")),
        options=("check", "--no-cache", "--quiet"),
        endings=PYTHON_ENDINGS,
    ),
    Linter(
        runner="flake8",
        configured_by=((".flake8", ""), ("setup.cfg", r"^\[flake8\]"), ("tox.ini", r"^\[flake8\]")),
        options=(),
        endings=PYTHON_ENDINGS,
    ),
    Linter(
        runner="mypy",
        configured_by=(
            ("mypy.ini", ""),
            (".mypy.ini", ""),
            ("pyproject.toml", r"^\[tool\.mypy\b"),
            ("setup.cfg", r"^\[mypy\]"),
        ),
        options=("--cache-dir=/dev/null", "--no-error-summary"),
        endings=PYTHON_ENDINGS,
    ),
    Linter(
        runner="eslint",
        configured_by=tuple(
            (name, "")
            for name in (
                *(f"eslint.config.{ending}" for ending in ("js", "mjs", "cjs", "ts")),
                *(f".eslintrc{ending}" for ending in ("", ".js", ".cjs", ".json", ".yml", ".yaml")),
            )
        ),
        options=("--no-color",),
        endings=NODE_ENDINGS,
    ),
    Linter(
        runner="tsc", configured_by=(("tsconfig.json", ""),), options=("--noEmit",), endings=NODE_ENDINGS, whole=True
    ),
    Linter(runner="vet", configured_by=(("go.mod", ""),), options=("vet", "./..."), endings=(".go",), whole=True),
)
_PROGRAMS: Mapping[CheckRunner, str] = {"vet": "go"}


def linter_of(project: Project, endings: Sequence[str], environ: Mapping[str, str]) -> FoundCheck | None:
    """Return the first linter that *project* configures and that is installed, for files with one of *endings*; None
    without one. Without *endings* it may be for any files."""
    for linter in LINTERS:
        if endings and not set(linter.endings) & set(endings):
            continue
        name = _configured(project, linter)
        program = _installed(project, linter.runner, environ)
        if name and program:
            words = (program, *linter.options)
            said = f"{name} configures {linter.runner}"
            return FoundCheck(
                runner=linter.runner, words=words, whole=words, folder=project.folder, source=said, weak=True
            )
    return None


def linted(linter: FoundCheck, changed: Sequence[str]) -> tuple[str, ...]:
    """Return the words by which *linter* looks at those of the *changed* files, paths of the workspace, that it reads;
    empty where it reads none of them."""
    known = next(one for one in LINTERS if one.runner == linter.runner)
    start = f"{linter.folder}/" if linter.folder else ""
    inside = [path[len(start) :] for path in changed if path.startswith(start) and path.endswith(known.endings)]
    files = plain_paths(inside)
    if not files:
        return ()
    return linter.whole if known.whole else (*linter.whole, *files)


def _configured(project: Project, linter: Linter) -> str:
    for name, pattern in linter.configured_by:
        if re.search(pattern, project.text(name), re.MULTILINE) if pattern else project.has(name):
            return name
    return ""


def _installed(project: Project, runner: CheckRunner, environ: Mapping[str, str]) -> str:
    """Return the program of *runner* as a word of a command in the folder of *project*; empty without one."""
    name = _PROGRAMS.get(runner, runner)
    config = next((place for place in _config_names(name) if project.has(place)), "")
    return config or (name if shutil.which(name, path=environ.get("PATH", "")) else "")


def _config_names(name: str) -> Iterator[str]:
    yield from (f"{environment}/bin/{name}" for environment in ENVIRONMENTS)
    yield f"node_modules/.bin/{name}"
