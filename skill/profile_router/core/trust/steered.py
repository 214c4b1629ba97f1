"""Which changed files steer a check: they say what it runs, stand for its runner, or tell when tests run. Pure.

It is a list of what such files are called and say, no proof that a check was not steered.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from profile_router.core.language.code_endings import is_source
from profile_router.core.language.set_up_files import sets_up_a_runner
from profile_router.core.language.test_files import changes_tests, is_test
from profile_router.core.task import Task
from profile_router.core.trust.check_names import TextOf, is_named, names_of
from profile_router.core.trust.code_tells import ends_well, names_runner, tells_of_runner
from profile_router.core.trust.said_of_tests import may_tell_of_tests, said_of_tests
from profile_router.core.trust.tests_meant import may_change_tests, names_file
from profile_router.expressions import expression

Content = tuple[str, bytes | None, bytes]  # the path, and what it held before (None: it is new) and after

_COMMANDS = expression(
    r"""(?x) (?:.*/)? (?:
    (?:GNUm|[Mm])akefile | \.?[Jj]ustfile | [Rr]akefile | [Tt]askfile\.ya?ml | [^/]+\.mk
    | tox\.(?:ini|toml) | noxfile\.py | \.bundle/config | rakelib/.+\.rake | \.coveragerc
    | (?:php|\.user)\.ini | bootstrap\.php | vendor/(?:bin/.+|composer/.+|autoload\.php|modules\.txt)
    | init\.gradle(?:\.kts)? | (?:.*/)?buildSrc/.+ | rust-toolchain(?:\.toml)? | __mocks__/.+
    | (?:build|settings)\.gradle(?:\.kts)? | pom\.xml | \.cargo/config(?:\.toml)?
    | gradlew(?:\.bat)? | mvnw(?:\.cmd)? | \.mvn/.+ | gradle/wrapper/.+ | go\.work | \.proverc | bunfig\.toml
    | \.pnp\.[cm]?js | \.pnpmfile\.cjs | \.yarnrc(?:\.yml)? | \.yarn/(?:releases|plugins|patches)/.+
    | babel\.config\.\w+ | \.babelrc(?:\.\w+)? | \.swcrc | CTest(?:TestFile|Config)\.cmake
    | \.npmrc | (?:playwright|ava|cypress)\.(?:config|conf|workspace)\.\w+
    | [^/]+\.pth | [^/]+\.(?:egg|dist)-info/.+ | (?:.*/)?(?:node_modules|site-packages)/.+
    )"""
)
_MODULES = frozenset({*sys.stdlib_module_names, "pytest", "_pytest", "pluggy", "sitecustomize", "usercustomize"})
# What test runners import besides. A project may be one of them: then its package was there before.
_RUNNERS = frozenset(
    {"py", "iniconfig", "packaging", "pygments", "exceptiongroup", "tomli", "colorama", "xdist", "execnet", "coverage"}
    | {"hypothesis", "anyio", "nose", "nose2", "tox", "nox", "virtualenv", "mock", "attr", "attrs", "typing_extensions"}
)
_PLUGIN = expression(r"_?pytest_\w+|_hypothesis_\w+")
_IMPORTED = expression(r".+\.(?:pyc?|so|pyd)", re.DOTALL)
_RUBY = expression(r"(?:lib/|spec/|test/)?(?:rspec|minitest|test/unit|rake|bundler|set|json)(?:/autorun)?\.rb")
_NEW = expression(r"(?:.*/)?build\.rs")  # Cargo runs it before the tests; one that was there has other work, too
_ENV = expression(r"(?:.*/)?\.env(?:\.\w+)?", re.DOTALL)  # variables that code is run with
_SEARCHED = expression(r"\bPYTHONPATH=['\"]?([\w.:@/-]+)")
_EXIT_MEANT = expression(r"\b(?:exits?|exit\W?codes?|quits?|command.line|cli)\b", re.IGNORECASE)


# What no check runs or reads as an order, if it does not name it.
_INERT = expression(
    r".*\.(?:md|rst|adoc|csv|png|jpe?g|gif|svg|ico|webp|pdf|css|scss|less|po|mo|woff2?)", re.DOTALL | re.IGNORECASE
)


def may_steer(path: str) -> bool:
    """Tell whether the file *path* may steer a check: a picture, a document or a style sheet does not."""
    return _INERT.fullmatch(path) is None


def steering_rank(path: str) -> int:
    """Return when the file *path* is read, where not all are: 0 stands for first.

    Its name may say what a check runs then.
    """
    told = sets_up_a_runner(path) or _COMMANDS.fullmatch(path) is not None or _NEW.fullmatch(path) is not None
    return 0 if told or may_tell_of_tests(path.rpartition("/")[2]) or is_test(path) else 1 if may_steer(path) else 2


def steering(
    task: Task,
    changed: Sequence[Content],
    command: str,
    folder: str = "",
    text_of: TextOf = lambda _: None,
    installed: Callable[[], Collection[str]] = frozenset,
) -> list[str]:
    """Return those of *changed* that steer the check *command* in *folder*, if *task* means neither them nor tests.

    *text_of* gives what a file holds that did not change: a Makefile or script says what else the check runs.
    *installed* gives the modules that the check's environment has.
    """
    return [] if may_change_tests(task) else list(_steering(task, changed, command, folder, text_of, installed))


def _steering(
    task: Task,
    changed: Sequence[Content],
    command: str,
    folder: str,
    text_of: TextOf,
    installed: Callable[[], Collection[str]],
) -> Iterator[str]:
    held = {path: before for path, before, _ in changed}
    names = names_of(command, folder, lambda path: held[path] if path in held else text_of(path))
    searched = {part.strip("./") for found in _SEARCHED.findall(command) for part in found.split(":")} | {"src"}
    asked = names_runner(task.goal.encode("utf-8", "replace")) > 0
    exits = _EXIT_MEANT.search(task.goal) is not None
    for path, before, after in changed:
        sets_up = sets_up_a_runner(path)
        if changes_tests(path) and not sets_up:  # `new_tests` judges a new one, and another was put back
            continue
        name, inside = path.rpartition("/")[2], path.removeprefix(f"{folder}/") if folder else path
        shadows = before is None and _shadows(inside, searched, installed)
        orders = sets_up or _COMMANDS.fullmatch(path) is not None or is_named(path, names)
        orders = orders or (before is None and _NEW.fullmatch(path) is not None)
        says_what = orders or said_of_tests(name, before) != said_of_tests(name, after)
        code = is_source(path) or _ENV.fullmatch(path) is not None  # a shell script names runners to run them
        tells = code and not asked and tells_of_runner(path, after) > tells_of_runner(path, before or b"")
        ends = code and not exits and ends_well(path, after) > ends_well(path, before or b"")
        if tells or ends or ((shadows or says_what) and not names_file(task, path)):
            yield path


def _shadows(inside: str, searched: Iterable[str], installed: Callable[[], Collection[str]]) -> bool:
    """Tell whether an import takes the new file *inside* for a module of Python, a runner, or an installed one.

    Of what is installed a project may be one itself. So only a new module or package counts there, no file in one.
    """
    if _RUBY.fullmatch(inside):
        return True
    if not _IMPORTED.fullmatch(inside):
        return False
    below = (inside.removeprefix(f"{folder}/") for folder in ("", *searched) if inside.startswith(folder))
    for path in (inside, *below):
        top, _, rest = path.partition("/")
        module = top.partition(".")[0]
        if module in _MODULES:
            return True
        is_whole = not rest or rest.startswith("__init__.")
        if is_whole and (module in _RUNNERS or _PLUGIN.fullmatch(module) or module in installed()):
            return True
    return False
