"""What of this process' environment no run may see, held back for as long as one lasts."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_DOOR = threading.Lock()
_HELD: dict[str, str] = {}
_RUNNING = 0


@contextmanager
def foreign_held_back() -> Iterator[dict[str, str]]:
    """Take out of `os.environ` what would make a library send prompts elsewhere; the last run puts it back.

    `OPENAI_*` and `AZURE_OPENAI_*` would redirect a request or add a header to it; `LANGSMITH_*` and `LANGCHAIN_*`
    send a copy of it. Give the whole
    environment as it was before: a profile may have its key there, for its own server alone.
    """
    global _RUNNING
    from profile_router.runs.run import drop_foreign, foreign_names

    with _DOOR:
        _RUNNING += 1
        _HELD.update({name: os.environ[name] for name in foreign_names(os.environ)})
        whole = {**os.environ, **_HELD}
        drop_foreign(os.environ)
    try:
        yield whole
    finally:
        with _DOOR:
            _RUNNING -= 1
            if not _RUNNING:
                os.environ.update({name: one for name, one in _HELD.items() if name not in os.environ})
                _HELD.clear()
