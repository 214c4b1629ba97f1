"""The command line of each runner: whole, and narrowed to some test files. Offline, without colours, without a watch.

Paths of tests come from the workspace. One that could be read as an option, or that is not plain text, is never given.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from profile_router.checks.signs import LOCKED_RSPEC, Project, Sign
from profile_router.core.found_check import CheckRunner
from profile_router.core.telling.ways_out import INTO_VENV
from profile_router.expressions import expression
from profile_router.values import frozen

MOST_TESTS = 20
_PLAIN = expression(r"[\w./@+=~ -]+")
ENVIRONMENTS = (".venv", "venv")
_MOST_FOLDERS = 40
_OWN_PHPUNIT = "vendor/bin/phpunit"
_Words = tuple[str, ...]


@frozen(kw_only=False)
class CommandLine:
    """A command line, and what it lacks to be run: empty where nothing is known to be missing."""

    words: _Words
    missing: str = ""


def plain_paths(paths: Sequence[str]) -> tuple[str, ...]:
    """Return those of *paths* that a command line may hold, the first few."""
    fit = (path for path in paths if _PLAIN.fullmatch(path) and not path.startswith("-") and "::" not in path)
    return tuple(fit)[:MOST_TESTS]


def whole_line(sign: Sign, project: Project, environ: Mapping[str, str]) -> CommandLine:
    """Return the command line that runs all tests of *project* by the runner of *sign*."""
    return _WHOLE[sign.runner](sign, project, environ)


def narrowed_words(sign: Sign, project: Project, whole: _Words, tests: Sequence[str]) -> _Words:
    """Return *whole* narrowed to *tests*, relative to the folder of *project*; as it is where its runner cannot."""
    narrow = _NARROWED.get(sign.runner)
    return narrow(project, whole, tests) if narrow and tests else whole


def _which(name: str, environ: Mapping[str, str]) -> str | None:
    return shutil.which(name, path=environ.get("PATH", os.defpath))


def _needs(name: str, environ: Mapping[str, str], how: str) -> str:
    return "" if _which(name, environ) else f"{name} is not installed; {how}"


def _python(project: Project, environ: Mapping[str, str]) -> tuple[str, Path | None]:
    """Return the python of *project*, as a word of a command in its folder, and the folder of its programs."""
    here = project.root / project.folder
    for name in ENVIRONMENTS:
        if (here / name / "bin" / "python").exists():
            return f"{name}/bin/python", here / name / "bin"
        if project.folder and (project.root / name / "bin" / "python3").exists():
            return "python3", project.root / name / "bin"  # the jail has it first on PATH
    if active := environ.get("VIRTUAL_ENV"):
        return "python3", Path(active) / "bin"
    return "python3", None


def _pytest(_: Sign, project: Project, environ: Mapping[str, str]) -> CommandLine:
    python, programs = _python(project, environ)
    options = ("-q", "-p", "no:cacheprovider")
    if programs is not None and (programs / "pytest").exists():
        return CommandLine((python, "-m", "pytest", *options))
    found = _which("pytest", environ)
    if found is None:
        words = (python, "-m", "pytest", *options)
        return CommandLine(words, f"pytest is not installed; {INTO_VENV}: `pip install pytest`")
    beside = (Path(found).parent / "python3").exists()
    return CommandLine(("python3", "-m", "pytest", *options) if beside else ("pytest", *options))


def _unittest(sign: Sign, project: Project, environ: Mapping[str, str]) -> CommandLine:
    python, _ = _python(project, environ)
    start = (python, "-m", "unittest")
    if sign.detail:
        return CommandLine((*start, *sign.detail))
    tests = [path for path in project.tests if path.endswith(".py")]
    folders = {path.rpartition("/")[0] for path in tests}
    top = os.path.commonpath(folders) if folders and "" not in folders else ""
    if not top:
        inner = sorted(folders - {""})
        if not inner:
            return CommandLine((*start, "discover"))
        return CommandLine((*start, *plain_paths(sorted(tests))))
    return CommandLine((*start, "discover", *_from(project, top)))


def _from(project: Project, folder: str) -> _Words:
    """Return unittest's options to look in *folder*: a package is imported from the top."""
    return ("-s", folder, "-t", ".") if project.has(f"{folder}/__init__.py") else ("-s", folder)


def _tox(_: Sign, __: Project, environ: Mapping[str, str]) -> CommandLine:
    return CommandLine(("tox", "-q", "--skip-missing-interpreters"), _needs("tox", environ, "`pip install tox`"))


def _nox(sign: Sign, _: Project, environ: Mapping[str, str]) -> CommandLine:
    return CommandLine(("nox", "-R", "-s", *sign.detail), _needs("nox", environ, "`pip install nox`"))


def _in_node_modules(name: str, options: _Words) -> Callable[[Sign, Project, Mapping[str, str]], CommandLine]:
    def line(_: Sign, project: Project, environ: Mapping[str, str]) -> CommandLine:
        places = ("", *("../" * up for up in range(1, 1 + len(Path(project.folder).parts))))
        programs = [f"{up}node_modules/.bin/{name}" for up in places]
        found = next((program for program in programs if project.has(program)), None)
        missing = "" if found else f"{name} is not in node_modules; run `npm install`"
        return CommandLine((found or programs[0], *options), missing or _needs("node", environ, "install Node"))

    return line


def _npm(_: Sign, __: Project, environ: Mapping[str, str]) -> CommandLine:
    return CommandLine(("npm", "test", "--silent"), _needs("npm", environ, "install Node"))


def _program(words: _Words, how: str) -> Callable[[Sign, Project, Mapping[str, str]], CommandLine]:
    return lambda sign, _, environ: CommandLine((*words, *sign.detail), _needs(words[0], environ, how))


def _plainly(words: _Words, how: str) -> Callable[[Sign, Project, Mapping[str, str]], CommandLine]:
    return lambda _, __, environ: CommandLine(words, _needs(words[0], environ, how))


def _wrapped(wrapper: str, program: str, words: _Words) -> Callable[[Sign, Project, Mapping[str, str]], CommandLine]:
    """Return what starts the project's own *wrapper* of a build, else the *program*."""

    def line(_: Sign, project: Project, environ: Mapping[str, str]) -> CommandLine:
        has_wrapper = project.has(wrapper)
        return CommandLine(
            (f"./{wrapper}" if has_wrapper else program, *words),
            "" if has_wrapper else _needs(program, environ, "install it"),
        )

    return line


def _rake(sign: Sign, project: Project, environ: Mapping[str, str]) -> CommandLine:
    bundled = project.has("Gemfile")
    words = ("bundle", "exec", "rake", *sign.detail) if bundled else ("rake", *sign.detail)
    return CommandLine(words, _needs(words[0], environ, "install it by RubyGems"))


def _rspec(_: Sign, project: Project, environ: Mapping[str, str]) -> CommandLine:
    locked = LOCKED_RSPEC.search(project.text("Gemfile.lock"))
    words = (*(("bundle", "exec") if locked else ()), "rspec", "--no-color", "--format=progress")
    return CommandLine(words, _needs(words[0], environ, f"`gem install {'bundler' if locked else 'rspec'}`"))


def _phpunit(_: Sign, project: Project, environ: Mapping[str, str]) -> CommandLine:
    in_project = project.has(_OWN_PHPUNIT)
    missing = (
        _needs("php", environ, "install PHP") if in_project else _needs("phpunit", environ, "run `composer install`")
    )
    return CommandLine((_OWN_PHPUNIT if in_project else "phpunit", "--colors=never"), missing)


_WHOLE: Mapping[CheckRunner, Callable[[Sign, Project, Mapping[str, str]], CommandLine]] = {
    "pytest": _pytest,
    "unittest": _unittest,
    "tox": _tox,
    "nox": _nox,
    "vitest": _in_node_modules("vitest", ("run", "--no-color")),
    "jest": _in_node_modules("jest", ("--ci", "--colors=false")),
    "mocha": _in_node_modules("mocha", ("--no-color", "--reporter=spec")),
    "npm": _npm,
    "cargo": _plainly(("cargo", "test", "--offline", "--no-fail-fast"), "install Rust"),
    "go": _plainly(("go", "test", "./..."), "install Go"),
    "make": _program(("make",), "install make"),
    "gradle": _wrapped("gradlew", "gradle", ("--offline", "--console=plain", "test")),
    "maven": _wrapped("mvnw", "mvn", ("-o", "-B", "test")),
    "rake": _rake,
    "rspec": _rspec,
    "phpunit": _phpunit,
}


def _appended(_: Project, whole: _Words, tests: Sequence[str]) -> _Words:
    return (*whole, *tests)


def _unittest_some(project: Project, whole: _Words, tests: Sequence[str]) -> _Words:
    start = whole[: whole.index("unittest") + 1]
    of_pytest = [path for path in tests if path.endswith(".py")]
    if not of_pytest:
        return whole
    folder, _, name = of_pytest[0].rpartition("/")
    if len(of_pytest) == 1 and folder:
        return (*start, "discover", *_from(project, folder), "-p", name)
    return (*start, *of_pytest)


def _go_some(_: Project, whole: _Words, tests: Sequence[str]) -> _Words:
    folders = dict.fromkeys(f"./{path.rpartition('/')[0]}".rstrip("/") for path in tests)
    return (*whole[:-1], *list(folders)[:_MOST_FOLDERS])


def _classes(tests: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(path.rpartition("/")[2].partition(".")[0] for path in tests))


def _gradle_some(_: Project, whole: _Words, tests: Sequence[str]) -> _Words:
    return (*whole, *(word for name in _classes(tests) for word in ("--tests", f"*{name}")))


def _maven_some(_: Project, whole: _Words, tests: Sequence[str]) -> _Words:
    lenient = ("-DfailIfNoTests=false", "-Dsurefire.failIfNoSpecifiedTests=false")
    return (*whole, f"-Dtest={','.join(_classes(tests))}", *lenient)


def _rake_some(_: Project, whole: _Words, tests: Sequence[str]) -> _Words:
    variable = "SPEC" if all(path.endswith("_spec.rb") for path in tests) else "TEST"
    return (*whole, f"{variable}={tests[0] if len(tests) == 1 else '{' + ','.join(tests) + '}'}")


def _rspec_some(_: Project, whole: _Words, tests: Sequence[str]) -> _Words:
    return (*whole, *(path for path in tests if path.endswith("_spec.rb")))


def _phpunit_some(_: Project, whole: _Words, tests: Sequence[str]) -> _Words:
    """Return *whole* for one file: more than one at once is more than phpunit 9 takes."""
    of_phpunit = [path for path in tests if path.endswith(".php")]
    return (*whole, of_phpunit[0]) if len(of_phpunit) == 1 else whole


# Not npm, make, tox and nox: what they do with more words, nobody knows. Not cargo: unit tests stand in its sources.
_NARROWED: Mapping[CheckRunner, Callable[[Project, _Words, Sequence[str]], _Words]] = {
    "pytest": _appended,
    "unittest": _unittest_some,
    "vitest": _appended,
    "jest": _appended,
    "mocha": _appended,
    "go": _go_some,
    "gradle": _gradle_some,
    "maven": _maven_some,
    "rake": _rake_some,
    "rspec": _rspec_some,
    "phpunit": _phpunit_some,
}
