"""Which withheld files a command, a check or a turn of Hermes opened, or gave a public name. That taints its attempt.

Files that are private by their names are watched, also where git ignores them. Git's own data is watched too, as it
holds what private files once held. All other files that were opened are searched for secrets. What could not be watched
counts as opened. That a file is there does not.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from profile_router.core.privacy.findings import private_glob
from profile_router.core.privacy.taint import Taint, moved, together
from profile_router.core.text import shown
from profile_router.errors import WorkspaceError
from profile_router.git.command import git
from profile_router.git.repository import find_repository
from profile_router.withheld.open_watch import OpenWatch
from profile_router.withheld.opened_secrets import OpenedSecrets
from profile_router.withheld.survey import Inode, Survey, inode_of, public_names, survey
from profile_router.withheld.whole_scan import Secrets

MOST_WATCHED = 8_000  # files; a user may have some ten thousand watches in all
_HISTORY_SECONDS = 10.0
_MOMENT = 1.0  # seconds for the history while something runs, which waits for it
_OBJECTS = ("rev-list", "--objects", "--all", "--reflog", "--indexed-objects")
GIT_DATA = ".git"


class WithheldWatch:
    """Watches the workspace *root* from its making on; *globs* are the policy's, *secrets* what is looked for."""

    def __init__(self, root: Path, globs: Sequence[str], secrets: Secrets) -> None:
        self._root = root
        self._globs = tuple(globs)
        self._survey = survey(root, self._globs)
        self._places = {f"{root}/{file.path}": file for file in self._survey.files[:MOST_WATCHED]}
        self._inodes = {place: inode for place in self._places if (inode := inode_of(place))}
        self._secrets = OpenedSecrets(root, secrets, {f"{root}/{file.path}" for file in self._survey.files})
        self._watch = OpenWatch(self._places, _git_folders(root))

    def taints(self) -> tuple[Taint, ...]:
        """End the watch and return what was opened, or may have been."""
        self._watch.close()
        return together(self._found(_HISTORY_SECONDS), self._secrets.taints())

    def so_far(self) -> tuple[Taint, ...]:
        """Return what was opened until now, or may have been; the watch goes on. It takes some seconds at most."""
        self._watch.look()
        return together(self._found(_MOMENT), self._secrets.so_far())

    def overlook_git(self) -> None:
        """Take git's data as not opened until now: whoever opened it showed nothing of a file to the model."""
        self._watch.overlook_folders()

    def hurry(self) -> None:
        """Look into files for no longer than a moment: what was opened and not looked into counts as withheld."""
        self._secrets.hurry()

    def close(self) -> None:
        """End the watch; what was opened is of no interest any more."""
        self._watch.close()
        self._secrets.close()

    def _found(self, seconds: float) -> Iterator[Taint]:
        for place, file in self._places.items():
            if place in self._watch.opened:
                yield Taint(path=shown(file.path), why=file.reason)
        yield from self._moved()
        more = len(self._survey.files) - len(self._places)
        missed = f"{more:,} more private files were not watched" if more else self._watch.missed
        yield from unwatched(self._survey, missed) if missed or not self._survey.complete else ()
        if (self._watch.inside or missed) and (path := _private_in_history(self._root, self._globs, seconds)):
            yield Taint(path=GIT_DATA, why=f"its history may hold {path}")

    def _moved(self) -> Iterator[Taint]:
        """Yield the files that were moved, and not deleted, under the public names that they have now."""
        gone: dict[Inode, str] = {}
        for place, inode in self._inodes.items():
            if place not in self._watch.deleted and inode_of(place) != inode:
                gone.setdefault(inode, place)
        named = public_names(self._root, self._globs, gone) if gone else {}
        for inode, place in gone.items():
            file = self._places[place]
            if named is None:
                yield moved(shown(file.path), shown(file.path), f"{file.reason}; where it is now is not known")
            elif inode in named:
                yield moved(shown(named[inode]), shown(file.path), file.reason)


@asynccontextmanager
async def watched(
    watch: Callable[[], WithheldWatch] | None, tell: Callable[[Taint], object]
) -> AsyncIterator[WithheldWatch | None]:
    """Call *tell* with each withheld file that is opened meanwhile, also where it ends badly; without *watch*, none.

    Files are looked for and looked into in a thread, which may take as long as their bounds allow; whoever is cancelled
    does not wait for that.
    """
    if watch is None:
        yield None
        return
    begun = asyncio.ensure_future(asyncio.to_thread(watch))
    try:
        watching = await asyncio.shield(begun)
    except asyncio.CancelledError:
        begun.add_done_callback(_dropped)
        raise
    try:
        yield watching
    except BaseException:
        watching.hurry()
        raise
    finally:
        await _told(watching, tell)


async def _told(watching: WithheldWatch, tell: Callable[[Taint], object]) -> None:
    """Call *tell* with what *watching* found. Whoever is cancelled meanwhile knows it all the same."""
    ended = asyncio.ensure_future(asyncio.to_thread(watching.taints))
    cancelled: asyncio.CancelledError | None = None
    while not ended.done():
        try:
            await asyncio.shield(ended)
        except asyncio.CancelledError as error:
            watching.hurry()
            cancelled = error
    for taint in ended.result():
        tell(taint)
    if cancelled is not None:
        raise cancelled


def _dropped(begun: asyncio.Future[WithheldWatch]) -> None:
    """End a watch for which nobody waited."""
    if not begun.cancelled() and begun.exception() is None:
        begun.result().close()


def after_interruption(root: Path, globs: Sequence[str], secrets: Secrets, why: str) -> tuple[Taint, ...]:
    """Return what may have been read while nobody watched, for the reason *why*: all that is withheld."""
    named = survey(root, globs)
    inside = OpenedSecrets(root, secrets, {f"{root}/{file.path}" for file in named.files}).all_taints()
    return together(unwatched(named, why), (Taint(path=one.path, why=f"{one.why}; {why}") for one in inside))


def unwatched(found: Survey, why: str) -> tuple[Taint, ...]:
    """Return the taint of what nobody could watch, for the reason *why*; nothing where no file is withheld."""
    if found.clear:
        return ()
    path = found.files[0].path if found.files else "."
    return (Taint(path=shown(path), why=f"nobody knows whether it was read: {why or found.why}"),)


def _git_folders(root: Path) -> Iterator[str]:
    """Yield the folders of git's objects around *root*, and of its submodules; nothing outside of a repository."""
    try:
        common = find_repository(root).common
    except WorkspaceError:
        return
    for top in (common / "objects", *common.glob("modules/**/objects")):
        yield str(top)
        yield str(top / "pack")
        yield from (str(top / f"{number:02x}") for number in range(256))


def _private_in_history(root: Path, globs: Sequence[str], seconds: float) -> str:
    """Return a private path of which git keeps a content, in words where git does not list all in *seconds*."""
    try:
        listed = git(root, *_OBJECTS, env={"GIT_NO_LAZY_FETCH": "1"}, timeout_s=seconds)
    except WorkspaceError:
        return "a private file (it could not be read to its end)"
    paths = dict.fromkeys(line.partition(" ")[2] for line in listed.split("\n"))
    return next((shown(path) for path in paths if path and private_glob(path, globs)), "")
