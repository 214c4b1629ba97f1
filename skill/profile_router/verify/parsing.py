"""Do the changed files parse? A weak check: what parses may be wrong, but what does not is. It runs nothing of them.

A file that did not parse before does not count against the work. It may be a template, or in a language of its own. All
files share one bound in time. Nobody knows of what it leaves out.
"""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from profile_router.core.ladder.weak_check import WeakCheck
from profile_router.core.text import shown, some_of
from profile_router.expressions import expression
from profile_router.outside.json_reader import UnreadableJson, read_json
from profile_router.outside.yaml_guard import Hostile, refuse_hostile, safe_loader
from profile_router.values import frozen

MOST_PARSED_FILES = 50
MOST_PARSED_BYTES = 512 * 1024
_SECONDS = 10.0  # for all files of an attempt
_LEAST_SECONDS = 1.0  # also where the run's time is over: most files are read sooner
_LEVELS = 40
# Read in a process of its own, which imports nothing of ours and ends in time. Deep nesting can end an interpreter, and
# 512 KB of dotted keys keep tomllib for minutes.
_READ = """
import base64, json, sys, warnings
warnings.simplefilter("ignore")
if sys.argv[1] == "toml":
    import tomllib
    read = lambda content: tomllib.loads(content.decode())
else:
    read = lambda content: compile(content, "file", "exec", dont_inherit=True)
for text in json.load(sys.stdin):
    try:
        read(base64.b64decode(text))
        said = ""
    except SyntaxError as error:
        said = f"line {error.lineno or 1}: {error.msg}"
    except Exception as error:
        said = None if isinstance(error, (MemoryError, RecursionError)) else str(error)[:200]
    print(json.dumps(said), flush=True)
"""
_COMMENTED = expression(r"(?:^|/)(?:[jt]sconfig[\w.-]*|devcontainer|\.eslintrc|settings|launch|tasks)\.json$")
_TEMPLATE = b"{{"  # a program fills it in before it is read: Helm, Jinja
_SHELL = expression(rb"#!\s*\S*/(?:env )?(?:ba|da)?sh\b")
_Answer = str | None  # empty: it parses; None: nobody knows


@frozen(kw_only=False)
class ChangedContent:
    """A file that changed: its content before (None: it is new) and after."""

    path: str
    before: bytes | None
    after: bytes


@frozen(kw_only=False)
class _Bound:
    """Until when files are read, on the monotonic clock, unless nobody waits for it any more."""

    until: float
    given_up: threading.Event

    def left_s(self) -> float:
        return 0.0 if self.given_up.is_set() else max(0.0, self.until - time.monotonic())


_Reader = Callable[[bytes, _Bound], _Answer]


def parsed(
    changes: Sequence[ChangedContent], seconds: float | None = None, given_up: threading.Event | None = None
) -> WeakCheck | None:
    """Return whether those of *changes* parse that are in a language that is known; None where none is.

    It ends within *seconds*, 10 where that is None, or soon after it was *given_up*. What is not read by then says
    nothing.
    """
    bound = _Bound(time.monotonic() + (_SECONDS if seconds is None else seconds), given_up or threading.Event())
    known = [one for one in changes if _reader(one) and len(one.after) <= MOST_PARSED_BYTES][:MOST_PARSED_FILES]
    answers = list(zip(known, _answers(known, bound), strict=True))
    broken = [(one, said) for one, said in answers if said]
    again = [replaced for one, _ in broken if (replaced := _before(one)) is not None]
    old = {one.path for one, said in zip(again, _answers(again, bound), strict=True) if said != ""}
    held = [(one.path, said) for one, said in broken if one.path not in old]
    fine = sum(said == "" for _, said in answers)
    if held:
        told = [f"{shown(path)}, {said}" for path, said in held]
        return WeakCheck(kind="parses", passed=False, said=f"does not parse: {some_of(told, 3)}")
    if not fine:
        return None
    return WeakCheck(kind="parses", passed=True, said=f"{fine} changed file{'s parse' if fine != 1 else ' parses'}")


async def parsed_in_time(changes: Sequence[ChangedContent], seconds: float) -> tuple[WeakCheck, ...]:
    """Return what `parsed` tells of *changes* within *seconds*, or nothing; other work goes on meanwhile."""
    given_up = threading.Event()
    try:
        told = await asyncio.to_thread(parsed, changes, min(_SECONDS, max(_LEAST_SECONDS, seconds)), given_up)
    finally:
        given_up.set()
    return (told,) if told is not None else ()


def files_parse(root: Path, paths: Sequence[str]) -> bool:
    """Tell whether none of the files *paths* below *root* is known not to parse. What is not a file is not read."""
    changes, top = [], root.resolve()
    for path in paths[:MOST_PARSED_FILES]:
        with suppress(OSError, ValueError):
            place = (top / path).resolve()
            if place.is_relative_to(top) and place.is_file():
                with place.open("rb") as file:
                    changes.append(ChangedContent(str(place), None, file.read(MOST_PARSED_BYTES + 1)))
    found = parsed(changes)
    return found is None or found.passed


def _before(change: ChangedContent) -> ChangedContent | None:
    return None if change.before is None else ChangedContent(change.path, None, change.before)


def _answers(changes: Sequence[ChangedContent], bound: _Bound) -> Iterator[_Answer]:
    elsewhere = {reader: _read_elsewhere(language, changes, reader, bound) for reader, language in _ELSEWHERE.items()}
    for one in changes:
        reader = _reader(one)
        if reader in elsewhere:
            yield next(elsewhere[reader])
        else:
            yield reader(one.after, bound) if reader and bound.left_s() else None


def _reader(change: ChangedContent) -> _Reader | None:
    if _COMMENTED.search(change.path):
        return None
    reader = _READERS.get(change.path.rpartition("/")[2].rpartition(".")[2].lower())
    return None if reader is _bash and change.after[:2] == b"#!" and not _SHELL.match(change.after) else reader


def _python(_: bytes, __: _Bound) -> _Answer:
    raise AssertionError("Python is compiled in a process of its own")


def _toml(_: bytes, __: _Bound) -> _Answer:
    raise AssertionError("TOML is read in a process of its own")


_ELSEWHERE: Mapping[_Reader | None, str] = {_python: "python", _toml: "toml"}


def _read_elsewhere(
    language: str, changes: Sequence[ChangedContent], reader: _Reader | None, bound: _Bound
) -> Iterator[_Answer]:
    """Yield what is said of those of *changes* that are in *language* by one process.

    It is None from the first file on that takes too long, or that ends the process.
    """
    contents = [one.after for one in changes if _reader(one) is reader]
    if not contents:
        return
    given = json.dumps([base64.b64encode(content).decode() for content in contents]).encode()
    told = _told([sys.executable, "-I", "-S", "-c", _READ, language], given, bound)
    lines = told.stdout.split(b"\n")[:-1] if told is not None else []
    for line in [*lines, *[b"null"] * len(contents)][: len(contents)]:
        try:
            said = read_json(line)
        except UnreadableJson:
            said = None
        yield shown(said) if isinstance(said, str) else None


def _json(content: bytes, _bound: _Bound) -> _Answer:
    try:
        json.loads(content)
    except RecursionError:
        return None
    except ValueError as error:
        return f"line {getattr(error, 'lineno', 1)}: {getattr(error, 'msg', 'no text')}"
    return ""


def _yaml(content: bytes, _bound: _Bound) -> _Answer:
    import yaml

    try:
        text = content.decode()
        refuse_hostile(text, levels=_LEVELS, values=1_000_000)
        for _ in yaml.compose_all(text, Loader=safe_loader()):
            pass
    except Hostile:
        return None
    except yaml.MarkedYAMLError as error:
        if _TEMPLATE in content:
            return None
        mark = error.problem_mark or error.context_mark
        return f"line {mark.line + 1 if mark else 1}: {shown(str(error.problem or error.context))}"
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    return ""


def _bash(content: bytes, bound: _Bound) -> _Answer:
    bash = shutil.which("bash")
    told = _told([bash, "--norc", "--noprofile", "-n", "/dev/stdin"], content, bound) if bash else None
    if told is None or told.returncode < 0:  # a signal ended bash: nested too deep for it, or too large
        return None
    lines = told.stderr.decode("utf-8", "replace").splitlines()
    said = lines[0].partition("/dev/stdin: ")[2] if lines else "it is not a shell script"
    return "" if told.returncode == 0 else shown(said)


def _told(command: Sequence[str], given: bytes, bound: _Bound) -> subprocess.CompletedProcess[bytes] | None:
    """Return what *command* said until it ended, or was ended by the *bound*; None where it could not begin."""
    left = bound.left_s()
    if not left:
        return None
    try:
        return subprocess.run(command, input=given, env={}, capture_output=True, timeout=left, check=False)
    except subprocess.TimeoutExpired as late:
        return subprocess.CompletedProcess(command, -signal.SIGKILL, late.stdout or b"", late.stderr or b"")
    except OSError:
        return None


_READERS: Mapping[str, _Reader] = {
    "py": _python,
    "pyi": _python,
    "json": _json,
    "toml": _toml,
    "yaml": _yaml,
    "yml": _yaml,
    "sh": _bash,
    "bash": _bash,
}
