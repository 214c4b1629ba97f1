"""The form of whole files: the prompt has the task's files, each answer one new file in a fence.

No tools: the name is the task's, so a model that cannot call tools can still change a small file.
"""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from profile_router.core.attempt.order import Order
from profile_router.core.language.edits import asks_for_an_edit, shaped_as_file
from profile_router.core.language.path_words import path_words
from profile_router.core.policy import FirstPrompt
from profile_router.core.text import counted, shown
from profile_router.errors import AttemptError, RouterError
from profile_router.prompting.templates import render
from profile_router.prompting.tokens import exact_tokens
from profile_router.runners.answers.whole_file import UNCHANGED, FileAnswer, file_in
from profile_router.runners.embedded.first_prompt import described
from profile_router.runners.embedded.remembering import Remembering
from profile_router.runners.tools.answer_shape import ChangesNothing, DropsMost, ToolRefusal
from profile_router.runners.tools.editing import with_breaks_of
from profile_router.runners.tools.fence import Fence
from profile_router.runners.tools.named_files import MOST_NAMED_FILE_BYTES, NamedText, named_texts
from profile_router.values import frozen

MOST_WHOLE_FILES = 4  # each is a completion
_GROWTH, _SLACK = 1.3, 200  # an answer has the file's tokens times this, and so many more
_TRIES = 2
_WORDS = 400  # characters of what the model says beside a file

_Ask = Callable[[str], Awaitable[str]]


@frozen
class FilesToWrite:
    """The files that are asked for, one a completion. All of them take `tokens` (o200k), one at most `largest`."""

    paths: tuple[str, ...]
    tokens: int
    largest: int

    @property
    def answer(self) -> int:
        """Return the tokens (o200k) that an answer may need."""
        return round(self.largest * _GROWTH) + _SLACK


def files_to_write(fence: Fence, order: Order, bounds: FirstPrompt) -> FilesToWrite | None:
    """Return the files of *order* that can be written whole, None where the form does not do for it.

    It does for a change of a few text files that are not longer than *bounds* say. It does for one new file, too.
    """
    if not asks_for_an_edit(order.task.goal, order.files):
        return None
    paths = order.files or _to_be_made(fence, order.task.goal)
    if not 1 <= len(paths) <= MOST_WHOLE_FILES:
        return None
    texts = _texts(fence, order.files, bounds, order.window)
    if len(texts) != len(order.files) or not all(text.exact for text in texts):
        return None
    sizes = [exact_tokens(text.text) for text in texts] or [_SLACK]
    return FilesToWrite(paths=paths, tokens=sum(sizes), largest=max(sizes))


def _texts(fence: Fence, paths: Sequence[str], bounds: FirstPrompt, tokens: int) -> tuple[NamedText, ...]:
    return named_texts(fence, paths, replace(bounds, files=MOST_WHOLE_FILES, tokens=tokens), tokens)


def _to_be_made(fence: Fence, goal: str) -> tuple[str, ...]:
    """Return the one file that *goal* names and that is not there."""
    names = [word.text for word in path_words(goal) if shaped_as_file(word.text)]
    try:
        return tuple(names) if len(names) == 1 and not fence.exists(names[0]) else ()
    except (ToolRefusal, OSError):
        return ()


@frozen
class WholeFiles:
    """Asks for each of `paths` and writes what is answered. `where` names the server in messages."""

    fence: Fence
    paths: tuple[str, ...]
    bounds: FirstPrompt
    window: int
    remembering: Remembering
    where: str

    async def written(self, ask: _Ask) -> str:
        """Return what became of each file, in words. Raises AttemptError where an answer holds none."""
        return "\n".join([await self._one(ask, path) for path in self.paths])

    async def _one(self, ask: _Ask, path: str) -> str:
        refused = ""
        for _ in range(_TRIES):
            answer = await ask(await asyncio.to_thread(self._turn, path, refused))
            told, refused = await asyncio.to_thread(self._taken, path, answer)
            if told:
                return told
        raise AttemptError("invalid-json", f"{self.where}: no answer held the whole {shown(path)}: {refused}")

    def _turn(self, path: str, refused: str) -> str:
        texts = _texts(self.fence, self.paths, self.bounds, self.window)
        new = path not in {text.path for text in texts}
        values = {"path": path, "refused": refused, "new": new, "may_stay": len(self.paths) > 1, "unchanged": UNCHANGED}
        return render("whole_file_turn", files=described(texts), **values).strip()

    def _taken(self, path: str, answer: str) -> tuple[str, str]:
        """Write the file in *answer*; return what became of it, or why it is asked for again."""
        try:
            old = self._content(path)
        except (ToolRefusal, RouterError, OSError) as refusal:
            raise self._unwritten(path, refusal) from None
        found = file_in(answer, path, None if old is None else old.decode("utf-8", "replace"))
        if found.unchanged:
            return f"{path}: unchanged.", ""
        if found.content is None:
            return "", found.why
        content = found.content if old is None else with_breaks_of(found.content, old.decode("utf-8", "replace"))
        try:
            with self.remembering.at_work(f"file {path}") as written_before:
                if not (written_before and old == content.encode("utf-8", "replace")):
                    self.fence.write_text(path, content)
        except ChangesNothing:
            return f"{path}: the answer is the file as it was.", ""
        except DropsMost as refusal:
            return "", refusal.drops
        except (ToolRefusal, RouterError, OSError) as refusal:
            raise self._unwritten(path, refusal) from None
        return _told(path, old, content, found), ""

    def _unwritten(self, path: str, refusal: Exception) -> AttemptError:
        why = (refusal.strerror if isinstance(refusal, OSError) else None) or str(refusal)
        return AttemptError("no-change", f"{self.where}: {shown(path)} was not written: {why}")

    def _content(self, path: str) -> bytes | None:
        try:
            with self.fence.opened(path) as (file, _):
                return file.read(MOST_NAMED_FILE_BYTES)
        except FileNotFoundError:
            return None


def _told(path: str, old: bytes | None, content: str, found: FileAnswer) -> str:
    before, after = ("" if old is None else old.decode("utf-8", "replace")).splitlines(), content.splitlines()
    added = removed = 0
    for tag, low, high, first, last in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            removed, added = removed + high - low, added + last - first
    how = "new" if old is None else f"rewritten whole, {counted(removed, 'line')} gone"
    words = " ".join(found.words.split())[:_WORDS]
    return f"{path}: {how}, {counted(added, 'line')} added." + (f" The model said: {words}" if words else "")
