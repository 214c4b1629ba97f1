"""The files that a task names, as a first prompt shows them: small ones whole, others as numbered outlines.

The fence says what they may show, as with `read_file`: a model elsewhere gets no private file and no secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Literal

from profile_router.core.condense.parts import language_of_file
from profile_router.core.policy import FirstPrompt
from profile_router.core.text import counted, shown
from profile_router.errors import RouterError
from profile_router.expressions import expression
from profile_router.prompting.tokens import count_tokens, exact_tokens, head_of
from profile_router.runners.tools.answer_shape import ToolRefusal, lines_of, sendable
from profile_router.runners.tools.fence import Fence
from profile_router.runners.tools.reading import starts_binary
from profile_router.values import frozen, mutable
from profile_router.workspace.outline import numbered_outline

Shown = Literal["whole", "outline", "head"]
MOST_NAMED_FILE_BYTES = 1_000_000
_BESIDE = 40  # tokens of the line and the fences around a file
_TICKS = expression(r"`{3,}")


@frozen
class NamedText:
    """A file as it is shown: its `text` whole, its outline, or its first lines, both with line numbers.

    `exact`: its text is all that is in the file.
    """

    path: str
    text: str
    lines: int
    form: Shown
    exact: bool

    @property
    def size(self) -> str:
        """Return its size as people write it."""
        return counted(self.lines, "line")

    @property
    def fence(self) -> str:
        """Return a fence of backticks that none in the text closes."""
        longest = max((len(found) for found in _TICKS.findall(self.text)), default=2)
        return "`" * max(3, longest + 1)


def named_texts(fence: Fence, paths: Sequence[str], bounds: FirstPrompt, tokens: int) -> tuple[NamedText, ...]:
    """Return the files *paths* as far as *bounds* and *tokens* (o200k, all of them) allow, in order.

    One that is withheld, binary, not there or too large is left out. The tools say why to a model that asks for it.
    """
    room = _Room(tokens)
    found: list[NamedText] = []
    for path in dict.fromkeys(paths[: bounds.files]):
        try:
            one = _shown(fence, path, bounds.whole_lines, room)
        except (ToolRefusal, RouterError, OSError):
            continue
        if one is not None:
            found.append(one)
            room.taken.append(one.text)
    return tuple(found)


@mutable(kw_only=False)
class _Room:
    """What is left of `tokens` beside the texts that are `taken`. It is counted no more exactly than is asked for."""

    tokens: int
    taken: list[str] = field(default_factory=list)

    def has(self, text: str) -> bool:
        limit = self.tokens - _BESIDE * (len(self.taken) + 1)
        return count_tokens((*self.taken, text), (limit,)).high <= limit

    def head(self, text: str) -> str:
        """Return the whole lines at the start of *text* that there is room for."""
        if self.has(text):
            return text
        left = self.tokens - _BESIDE * (len(self.taken) + 1) - exact_tokens("".join(self.taken))
        return head_of(text, left).rpartition("\n")[0] if left > 0 else ""


def _shown(fence: Fence, path: str, whole_lines: int, room: _Room) -> NamedText | None:
    """Return *path* as there is *room* for it, None where nothing of it fits."""
    fence.read(path)
    with fence.opened(path) as (file, size):
        content = file.read(MOST_NAMED_FILE_BYTES + 1)
    if len(content) > MOST_NAMED_FILE_BYTES or starts_binary(content):
        return None
    seen = fence.release_masked(path, content)
    text, lines = _text(seen), len(lines_of(seen))
    whole = lines <= whole_lines and room.has(text)
    form: Shown = "whole"
    told = text
    if not whole:
        form, told = _in_part(path, text, room)
    if not told and size:
        return None
    fence.shows(path, content, lambda part: _text(part) if whole else _in_part(path, _text(part), room))
    exact = whole and seen == content and _is_utf8(content)
    return NamedText(path=shown(fence.name(path)), text=told, lines=lines, form=form, exact=exact)


def _text(content: bytes) -> str:
    plain = sendable(content.decode("utf-8", "replace")).removeprefix("\ufeff").replace("\r\n", "\n")
    return plain.removesuffix("\n")


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in content


def _in_part(path: str, text: str, room: _Room) -> tuple[Shown, str]:
    """Return the outline of *text*, else its first lines with their numbers, as many as there is *room* for."""
    language = language_of_file(path)
    outline = numbered_outline(language, text) if language else None
    if outline and room.has(outline):
        return "outline", outline
    numbered = "\n".join(f"{number}\t{line}" for number, line in enumerate(text.split("\n"), 1))
    return "head", room.head(outline or numbered)
