"""Keep the answer for each row, so that a run that was stopped goes on where it was.

An answer is kept under what it depends on: who answered with which settings, and the row. The store is our cache's:
deleting it costs time alone.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from profile_router.core.days import DAY_S
from profile_router.outside.json_reader import UnreadableJson, read_json
from profile_router.state.database import reading, transaction
from profile_router.state.folder import private_folder

MOST_DAYS = 60
_SCHEMA = "CREATE TABLE IF NOT EXISTS kept (who TEXT, row TEXT, at REAL, answer TEXT, PRIMARY KEY (who, row))"


class KeptAnswers:
    """Answers by who gave them and the row, in *folder*.

    `asked` and `found` count what was looked up and was there, by who answers.
    """

    def __init__(self, folder: Path, *, fresh: bool = False) -> None:
        self._path = private_folder(folder) / "rows.db"
        self._fresh = fresh
        self.asked: Counter[str] = Counter()
        self.found: Counter[str] = Counter()
        with transaction(self._path, _SCHEMA) as database:
            database.execute("DELETE FROM kept WHERE at < ?", (time.time() - MOST_DAYS * DAY_S,))

    def get(self, who: str, row: str, make: Callable[[], Any]) -> Any:
        """Return the JSON value that *who* gave for *row*, else what *make* returns, which is kept then."""
        self.asked[who] += 1
        if not self._fresh and (there := self._there(who, row)) is not None:
            self.found[who] += 1
            return there
        answer = make()
        with transaction(self._path, _SCHEMA) as database:
            told = json.dumps(answer, ensure_ascii=False)
            database.execute("INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?)", (who, row, time.time(), told))
        return answer

    def _there(self, who: str, row: str) -> Any:
        with reading(self._path, _SCHEMA) as database:
            found = database.execute("SELECT answer FROM kept WHERE who = ? AND row = ?", (who, row)).fetchone()
        try:
            return read_json(found[0]) if found else None
        except UnreadableJson:
            return None
