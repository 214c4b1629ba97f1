"""Files that a summary names and that do not exist: said to be written, and were not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from profile_router.core.ladder.receipt import ChangedFile
from profile_router.core.language.edits import shaped_as_file
from profile_router.core.language.path_words import path_words
from profile_router.outside.places import is_place_named
from profile_router.workspace.folder import Workspace, tracked_files

_MOST = 20  # files that a long report names and that are not there


def absent_claims(workspace: Workspace | None, said: str, changed: Sequence[ChangedFile]) -> tuple[str, ...]:
    """Return the first files that *said* names and that are neither there nor among those *changed*."""
    return () if workspace is None else tuple(islice(_absent(workspace, said, changed), _MOST))


def _absent(workspace: Workspace, said: str, changed: Sequence[ChangedFile]) -> Iterator[str]:
    """Yield each file that *said* names and that is neither there nor among those *changed*."""
    names: tuple[str, ...] | None = None
    for path in dict.fromkeys(word.text.removeprefix("./") for word in path_words(said)):
        if not shaped_as_file(path) or is_place_named(str(workspace.root / path)):
            continue
        names = (*tracked_files(workspace), *(file.path for file in changed)) if names is None else names
        if not any(name == path or name.endswith(f"/{path}") for name in names):
            yield path
