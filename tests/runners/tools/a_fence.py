"""A fence that remembers what files held before they were written, and a file as it may be read through a fence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from profile_router.runners.tools import openat
from profile_router.runners.tools.fence import Fence, plain


class JournalFence(Fence):
    """Maps in `before` each path that is written to its first content, None for a new file."""

    def __init__(self, root: Path, **options: Any) -> None:
        super().__init__(root, **options)
        self.before: dict[str, bytes | None] = {}
        self.about_to_write = lambda path, old, new: self.before.setdefault(path, old)


def read_whole(fence: Fence, path: str, limit: int) -> bytes:
    """Return the whole file *path*; one above *limit* bytes, or one that holds a secret, is refused."""
    with fence.opened(path) as (file, _):
        content = openat.whole(file, path, limit)
    fence.release(path, plain(content))
    return content
