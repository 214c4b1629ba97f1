"""What an attempt of the embedded runner did so far, by its messages and records, and its score each turn."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from profile_router.core.attempt.early_watch import EarlyJudge
from profile_router.core.ladder.early_score import EarlyScore, EarlyWatch, Trajectory, why_spared
from profile_router.errors import AttemptError
from profile_router.ports import Emit
from profile_router.runners.embedded.tool_mistakes import TOOL_FAILED
from profile_router.threads.records import Records
from profile_router.verify.parsing import files_parse

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

WRITING = frozenset({"write_file", "edit_file"})
_NO_LOOK = frozenset({"list_files", "ask_for_profile"})  # a name is not a look into a file


class StepsTaken:
    """Counts what one attempt does and scores it by *watch*; None: it is never scored.

    `shown`: its first prompt has files of the task. `prose` counts turns of words in place of calls. *records* are the
    attempt's records, *root* is the workspace; *reads_private* tells whether it was shown what is withheld elsewhere.
    """

    def __init__(
        self,
        watch: EarlyWatch | None,
        *,
        where: str,
        records: Records,
        root: Path | None,
        reads_private: Callable[[], object],
        emit: Emit,
    ) -> None:
        self.shown, self.prose = False, 0
        self._judge = None if watch is None else EarlyJudge(watch=watch, where=where, tell=emit)
        self._records, self._root, self._reads_private = records, root, reads_private
        self._failing: Counter[str] = Counter()
        self._looked = False
        self._seen = 0

    def begin(self) -> None:
        """Begin a conversation: the attempt goes on in another form, and what it did so far still counts."""
        self._seen = 0

    @property
    def score(self) -> EarlyScore | None:
        """Return the newest score."""
        return self._judge.last if self._judge else None

    async def look(self, messages: Sequence[BaseMessage], turns: int) -> None:
        """Look at all *messages* after so many *turns*. Raises AttemptError where the attempt gets nowhere."""
        if self._judge is None:
            return
        fresh, self._seen = messages[self._seen :], len(messages)
        self._count(messages, fresh)
        done = Trajectory(
            turns=turns,
            looked=self._looked or self.shown,
            edits=self._edits(),
            same_failing=max(self._failing.values(), default=0),
            prose=self.prose,
        )
        spared = await asyncio.to_thread(self._spared, self._judge.watch, done) if self._judge.is_high(done) else ""
        if (failure := self._judge.take(done, spared)) is not None:
            raise AttemptError(failure.cause, failure.message)

    def _count(self, messages: Sequence[BaseMessage], fresh: Sequence[BaseMessage]) -> None:
        from langchain_core.messages import AIMessage, ToolMessage

        calls = {call["id"]: call for one in messages if isinstance(one, AIMessage) for call in one.tool_calls}
        for message in fresh:
            call: Mapping[str, Any] | None = (
                calls.get(message.tool_call_id) if isinstance(message, ToolMessage) else None
            )
            if call is None:
                continue
            failed = message.text.lower().startswith(TOOL_FAILED)
            arguments = json.dumps(call["args"], sort_keys=True, default=str, ensure_ascii=False)
            if call["name"] in WRITING:
                self._failing[f"{call['name']} {arguments}"] += failed
            elif call["name"] not in _NO_LOOK and not failed:
                self._looked |= self._is_look(f"{arguments}\n{message.text}")

    def _is_look(self, text: str) -> bool:
        candidates = self._judge.watch.candidates if self._judge else ()
        return not candidates or any(path in text for path in candidates)

    def _edits(self) -> tuple[str, ...] | None:
        """Return the files that were written; None where that may be more: commands ran."""
        edits = tuple(sorted({self._records.find(name)[0] for name in self._records.names("edit ")}))
        return None if not edits and self._records.names("began ") else edits

    def _spared(self, watch: EarlyWatch, done: Trajectory) -> str:
        edits, root = done.edits or (), self._root
        return why_spared(
            watch,
            done,
            read_private=self._reads_private(),
            parse=lambda: root is not None and files_parse(root, edits),
        )
