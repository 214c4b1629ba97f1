"""Which commands a subagent may run: no shell is in between, so a command is a program and its words. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from fnmatch import fnmatchcase

from profile_router.core.text import shown
from profile_router.expressions import expression

LONGEST_COMMAND = 8_000  # characters
_LISTED_CHARS = 400
# Per kind of quoting, what a shell would act on; without one it would only mislead.
_ACTED_ON = {"": expression(r"[;|&<>()`\n\r]|\$"), '"': expression(r"`|\$[\w({]")}
_PIECE = expression(r"""(?P<single>'[^']*')|(?P<double>"(?:\\.|[^"\\])*")|(?P<escaped>\\.)|(?P<plain>.)""", re.DOTALL)
_LINES = " There is no shell: no pipes, redirections, variables or chains; run one program a call, from the root."


class NotAllowed(Exception):
    """The command is not run. The message says why and what is allowed."""


def command_words(command: str, *, allow: Sequence[str], deny: Sequence[str]) -> list[str]:
    """Return *command* as the words that it is run with. Raises NotAllowed.

    A pattern is words with wildcards: of *allow*, the words that a command begins with (`git diff`); of *deny*, a
    program, however its path is written, and words that all stand somewhere after it (`find -exec`). Deny wins.
    """
    if len(command) > LONGEST_COMMAND:
        raise NotAllowed(
            f"the command has {len(command):,} characters, at most {LONGEST_COMMAND:,}; use a file for more"
        )
    if unprintable := next((char for char in command if char == "\0" or "\ud800" <= char <= "\udfff"), None):
        raise NotAllowed(f"the command holds {unprintable!a}, which no program can be given")
    if mark := _shell_mark(command):
        raise NotAllowed(f"{mark!a} is the shell's.{_LINES} Quote it where it is text.")
    try:
        words = shlex.split(_PIECE.sub(_bare, command))
    except ValueError as error:
        raise NotAllowed(f"the command cannot be read: {str(error).lower()}") from None
    if not words or not words[0]:
        raise NotAllowed(f"the command is empty; {_listed(allow)}")
    if not any(_begins(words, pattern) for pattern in allow):
        raise NotAllowed(f"'{shown(words[0], 60)}' is not allowed so; {_listed(allow)}.{_LINES}")
    if pattern := next((pattern for pattern in deny if _holds(words, pattern)), None):
        raise NotAllowed(f"'{pattern}' is denied by the policy")
    return words


def _shell_mark(command: str) -> str | None:
    for piece in _PIECE.finditer(command):
        quote = '"' if piece["double"] else "" if piece["plain"] else None
        text = re.sub(r"\\.", "", piece.group(), flags=re.DOTALL)
        if quote is not None and (found := _ACTED_ON[quote].search(text)):
            return found.group()
    return None


def _bare(piece: re.Match[str]) -> str:
    """Return *piece* of a command, in double quotes without the backslashes that only a shell would take away there."""
    if not piece["double"]:
        return piece.group()
    return re.sub(r"\\(.)", lambda pair: pair[1] if pair[1] in "$`" else pair[0], piece.group(), flags=re.DOTALL)


def _begins(words: Sequence[str], pattern: str) -> bool:
    wanted = pattern.split()
    return len(words) >= len(wanted) > 0 and all(map(fnmatchcase, words, wanted))


def _holds(words: Sequence[str], pattern: str) -> bool:
    program, *wanted = pattern.split() or [""]
    if not fnmatchcase(words[0].rsplit("/", 1)[-1], program):
        return False
    return all(any(fnmatchcase(word, one) for word in words[1:]) for one in wanted)


def _listed(allow: Sequence[str]) -> str:
    """Return the allowed commands, those of one program together: `git diff|log|status`."""
    programs: dict[str, list[str]] = {}
    for pattern in allow:
        program, _, rest = pattern.partition(" ")
        programs.setdefault(program, []).extend([rest] if rest else [])
    spelled = [program + (f" {'|'.join(rests)}" if rests else "") for program, rests in programs.items()]
    text = ", ".join(spelled) or "nothing"
    return "allowed: " + (text if len(text) <= _LISTED_CHARS else text[:_LISTED_CHARS].rsplit(", ", 1)[0] + ", …")
