"""Read a profile's .env file as Hermes does, by python-dotenv: the same text gives the same variables.

Hermes 0.19 and 0.22 trim each line, take out NUL characters, and hand the rest to python-dotenv. Four things differ
here. A line that python-dotenv cannot read is refused, not dropped. A key with letters beyond ASCII is refused by who
uses it, not shortened. One line is one assignment, as in 0.22. A reference sees three names of the environment.
"""

from __future__ import annotations

import io
from dataclasses import field, replace
from typing import TYPE_CHECKING

from profile_router.errors import ProfileError
from profile_router.expressions import expression
from profile_router.profiles.files import MOST_CONFIG_BYTES, read_text
from profile_router.values import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# What a reference may take from around the file: names without a secret, which Hermes' children have too.
_AROUND = ("HOME", "LOGNAME", "USER")
_MOST_REFERENCES = 100  # in one value: python-dotenv's search for their ends takes the square of their number
_BLANKS = expression(r"[^\S\n]{200}")  # and its search for a comment the square of the blanks in a row


@frozen
class Line:
    """Where a variable stands: `place` is file and line. `broken` says what is wrong there with a key, "" for nothing.

    A key that was broken over two lines reads as a shorter one, and a bare word behind it.
    """

    place: str
    broken: str = ""


@frozen
class EnvFile:
    """What a .env says: its variables, and the line of each."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    lines: Mapping[str, Line] = field(default_factory=dict)


def read_env(path: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables in the .env file *path*, as `read_env_file` does."""
    return dict(read_env_file(path, environ).values)


def read_env_file(path: Path, environ: Mapping[str, str]) -> EnvFile:
    """Return the variables in the .env file *path*, none without such a file; the last of two equal names wins.

    `${NAME}` and `${NAME:-else}` take what the lines above say, else HOME, LOGNAME and USER of *environ*. Nothing else
    of it is looked at, and nothing is executed. Raises ProfileError for a file that is not text. A line that is not an
    assignment, or refers to too much, raises it with the line's number. The line's text is never told.
    """
    text = read_text(path)
    if not text:
        return EnvFile()
    from dotenv.parser import parse_stream  # compiles its patterns: only who has a .env pays for it

    trimmed = _trimmed(text)
    if blanks := _BLANKS.search(trimmed):
        raise _refusal(path, trimmed.count("\n", 0, blanks.start()) + 1, "holds 200 blanks in a row; take them out")
    found: dict[str, str | None] = {name: environ[name] for name in _AROUND if name in environ}
    lines: dict[str, Line] = {}
    above, last = "", 0  # the variable that was set last, and the line on which its value ends
    for binding in parse_stream(io.StringIO(trimmed)):
        line = binding.original.line + _leading_lines(binding.original.string)
        if binding.error:
            raise _refusal(path, line, "is not NAME=value; close its quote, quote its value, or write # before it")
        if binding.key is not None:
            filled = None if binding.value is None else _filled(binding.value, found)
            if binding.value is not None and filled is None:
                raise _refusal(
                    path, line, f"refers to too much: {_MOST_REFERENCES} references, {MOST_CONFIG_BYTES:,} characters"
                )
            if filled is None and above and line == last + 1:
                lines[above] = replace(lines[above], broken="goes on in the next line")
            found[binding.key] = filled
            lines[binding.key] = Line(place=f"{path}:{line}")
            last = line + binding.original.string.strip("\n").count("\n")
        above = binding.key if binding.key is not None and filled else ""
    values = {name: value for name, value in found.items() if name in lines and value is not None}
    return EnvFile(values=values, lines=lines)


def _trimmed(text: str) -> str:
    """Return *text* as Hermes rewrites a file before it reads it: blank lines and comments stay as they are."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").split("\n")
    return "\n".join(line if line.strip()[:1] in ("", "#") else line.strip() for line in lines)


def _leading_lines(statement: str) -> int:
    """Return how many lines are blank before *statement*: python-dotenv counts it from there."""
    return statement[: len(statement) - len(statement.lstrip())].count("\n")


def _filled(value: str, known: Mapping[str, str | None]) -> str | None:
    """Return *value* with its references filled in, None where that would be too much."""
    from dotenv.variables import parse_variables

    if value.count("${") > _MOST_REFERENCES:
        return None
    parts: list[str] = []
    size = 0
    for atom in parse_variables(value):
        parts.append(atom.resolve(known))
        size += len(parts[-1])
        if size > MOST_CONFIG_BYTES:
            return None
    return "".join(parts)


def _refusal(path: Path, line: int, problem: str) -> ProfileError:
    return ProfileError(f"{path}:{line}: the line {problem}")
