"""Set the switch `hermes_plugin` of a policy, as text: `observe` for a first week, `on` after it.

What it said before stays behind it as a comment. So the edit is one insertion and is taken out again.
"""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import get_args

from profile_router.core.policy import PluginSwitch
from profile_router.errors import PolicyError
from profile_router.expressions import expression
from profile_router.install.applying import read_file
from profile_router.install.changes import Change, Insertion, inserted
from profile_router.install.yaml_text import WRITTEN_SO, Edit, line_break
from profile_router.outside.strict_yaml import Node, Refused, pairs, parse_yaml
from profile_router.policies.file import SHIPPED
from profile_router.policies.grammar import switch

_KEY = "hermes_plugin"
_WAS = "  # by `profile-router install`; was: "
_SET = expression(rf"^({_KEY}:[ \t]*)(\w+){re.escape(_WAS)}", re.MULTILINE)
_LINE = expression(rf"({_KEY}:[ \t]+)(?=\S)")
_UNTOUCHED: Edit = (Insertion(at=0, text=""),)  # of a file that is as it was: uninstall has nothing to take out


def watching(path: Path, word: PluginSwitch, *, ours: bool) -> Change:
    """Return the change that sets `hermes_plugin` in the policy *path* to *word*; one that is not there ships.

    *ours*: nobody else has written the file that is there. Raises PolicyError where it is not a policy, or written in
    a way that is not edited.
    """
    there = read_file(path)
    before = _text(there, path) if there is not None else SHIPPED.read_text(encoding="utf-8")
    after = _switched(before, word, path)
    note = f"sets `{_KEY}: {word}`; nothing else in it changes"
    if there is None:
        return Change(kind="create", path=str(path), content=after.encode(), note=f"yours to edit; {note}")
    if after == before:
        return Change(kind="same", path=str(path))
    original = _original(before)
    put_in = (_insertion(original, word, path) if after != original else ()) or _UNTOUCHED
    return Change(
        kind="change", path=str(path), content=after.encode(), before=there, mode=stat.S_IMODE(path.stat().st_mode),
        insertions=() if ours else put_in, was=None if ours else original.encode(), note=note,
    )  # fmt: skip


def _switched(text: str, word: PluginSwitch, path: Path) -> str:
    """Return *text* with the switch at *word*: as it was before our edit where it said so then."""
    if _says(text, path)[0] == word:
        return text
    original = _original(text)
    return original if _says(original, path)[0] == word else inserted(original, _insertion(original, word, path))


def _original(text: str) -> str:
    """Return *text* as it was before our edit of it."""
    return _SET.sub(r"\1", text)


def _insertion(text: str, word: PluginSwitch, path: Path) -> Edit:
    """Return what makes *text* say *word* and nothing else than before."""
    said, line = _says(text, path)
    if said == word:
        return ()
    if not line:
        over = line_break(text)
        edit: Edit = (Insertion(at=len(text), text=f"{'' if text.endswith(over) else over}{_KEY}: {word}{over}"),)
    else:
        start = sum(map(len, text.splitlines(keepends=True)[: line - 1]))
        found = _LINE.match(text, start)
        edit = (Insertion(at=found.end(), text=f"{word}{_WAS}"),) if found else ()
    after = inserted(text, edit)
    if _says(after, path)[0] != word or _rest(after) != _rest(text):
        raise PolicyError(f"{WRITTEN_SO}; write `{_KEY}: {word}` there", file=str(path))
    return edit


def _says(text: str, path: Path) -> tuple[str, int]:
    """Return what *text* switches the plugin to, and in which line; without the switch `on` and line 0."""
    try:
        for key, line, node in pairs(parse_yaml(text), "the file"):
            if key == _KEY:
                return switch(node, _KEY, get_args(PluginSwitch)), line
    except Refused as refused:
        raise PolicyError(refused.message, file=str(path), line=refused.line) from None
    return "on", 0


def _rest(text: str) -> list[tuple[str, Node]]:
    return [(key, node) for key, _, node in pairs(parse_yaml(text), "the file") if key != _KEY]


def _text(there: bytes, path: Path) -> str:
    try:
        return there.decode()
    except UnicodeDecodeError as error:
        raise PolicyError(f"not UTF-8 text (byte {error.start})", file=str(path)) from None
