"""Every file access of the embedded runner. Nothing outside the workspace is reachable through here.

A path is walked one part at a time from the workspace's own descriptor, each part opened without following links
(`openat`). So whatever is swapped while we walk, no symbolic link is ever followed: links that stay inside are refused
like those that lead out, which keeps the rule simple. A file with several names (hard links) is private if one of them
is.
"""

from __future__ import annotations

import os
import stat
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from profile_router.adapters.embedded import openat
from profile_router.adapters.embedded.paths import ToolRefusal, names_git, shown, workspace_parts
from profile_router.adapters.private_survey import NamesOfFiles
from profile_router.core.normalize import plain as plain_text
from profile_router.core.policy import NOTHING, Confidential
from profile_router.core.privacy import MASK, masked, private_glob, private_key, private_text
from profile_router.core.secret_kinds import PRIVATE_KEY
from profile_router.core.tighten import FILE as RULES
from profile_router.errors import WorkspaceError

__all__ = ["Fence", "Found", "ToolRefusal"]

MOST_FILES = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Files of the workspace as sorted relative paths; `cut` where there are more than `MOST_FILES`."""

    paths: tuple[str, ...]
    cut: bool


class Fence:
    """The workspace *root* as the only place that a tool can reach. Safe to use from several threads.

    *private_globs* are the policy's; unless *allow_private*, contents of matching paths and key material are withheld
    (their names are not), and other secrets are masked in what is read. *known_files* gives the tracked and the
    unignored files, None where it cannot say; without it the tree is walked. `before` maps each path written here to
    its first content, None for a new file. With *allow_private*, `about_to_show` is called once for each file of which
    something is shown that no model elsewhere would be: with its path and what withholds it there.
    Raises WorkspaceError where *root* is no folder. Every method raises ToolRefusal for what the model must not have
    and the system's OSError for what is not there.
    """

    def __init__(
        self,
        root: Path,
        *,
        private_globs: Sequence[str] = (),
        own: Confidential = NOTHING,
        allow_private: bool = False,
        known_files: Callable[[], Sequence[str] | None] | None = None,
    ) -> None:
        try:
            self.root = root.resolve(strict=True)
            self._identity = _identity(self.root.stat())
        except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links, before Python 3.13
            raise WorkspaceError(f"the workspace '{root}' cannot be used ({error}); name a folder") from error
        if not self.root.is_dir():
            raise WorkspaceError(f"the workspace '{root}' is not a folder; name a folder")
        self.before: dict[str, bytes | None] = {}
        self.about_to_write: Callable[[str, bytes | None, bytes], object] = lambda path, old, new: None
        self.about_to_show: Callable[[str, str], object] = lambda path, why: None
        self._roots = tuple(dict.fromkeys((str(self.root), os.path.abspath(root))))  # noqa: PTH100 - keeps links
        self._globs = tuple(private_globs)
        self.own = own
        self._allow_private = allow_private
        self._known_files = known_files
        self._writing = threading.Lock()
        self._read: dict[str, openat.Version | None] = {}
        self._sealed = False
        self._noted: set[str] = set()
        self._names = NamesOfFiles(self.root, self._globs)

    def name(self, path: str) -> str:
        """Return *path* as it is called here: relative, with single slashes, `.` for the workspace."""
        return "/".join(workspace_parts(path, self._roots)) or "."

    def withhold(self, path: str, text: str | None = None) -> str | None:
        """Return why *path*, or *text* out of it, may not leave this machine; None where it may."""
        return None if self._allow_private else self._reason(path, text)

    def _reason(self, path: str, text: str | None = None) -> str | None:
        if glob := private_glob(f"{self.root}/{self.name(path)}", self._globs):
            return f"is private (policy: {glob})"
        secret = private_text(text, self.own) if text else None
        return f"holds a {secret}" if secret else None

    def note(self, path: str, why: str) -> None:
        """Tell `about_to_show` of *path*, once: *why* says what withholds it from a model elsewhere."""
        name = shown(path)
        if self._allow_private and name not in self._noted:
            self.about_to_show(name, why)
            self._noted.add(name)

    def shows(self, path: str, content: bytes, told: Callable[[bytes], object]) -> None:
        """Note *path* where what *told* makes of its *content* is about to be shown, and is withheld elsewhere.

        It is not where secrets stand in other parts alone: then *told* makes the same of the masked content.
        """
        if not self._allow_private:
            return
        found = self.look(path)
        if why := self._reason(path) or (self._names.reason(found) if found else None):
            self.note(self.name(path), why)
            return
        text = plain(content)
        hidden = masked(text, self.own)
        if hidden == text:
            return
        if private_key(text) or told(hidden.encode("utf-8", "surrogateescape")) != told(content):
            self.note(self.name(path), self._reason(path, text) or "holds a secret")

    def release(
        self, path: str, text: str | None = None, *, act: str = "read", found: os.stat_result | None = None
    ) -> None:
        """Raise ToolRefusal where *path*, *text* out of it, or another name of the file *found* there is withheld.

        It is noted where *text* is shown to a local model alone.
        """
        if self._allow_private:
            if text:  # of a large file: to look through it would take longer than a local model's page of it
                self.note(self.name(path), self._reason(path) or "was not read to its end")
            return
        reason = self._reason(path, text) or (self._names.reason(found) if found else None)
        if reason:
            raise ToolRefusal(f"withheld: {shown(self.name(path))} {reason}; only a local profile may {act} it")

    def look(self, path: str) -> os.stat_result | None:
        """Return what *path* is, links not followed; None where nothing is there."""
        parts = workspace_parts(path, self._roots)
        try:
            with self._folder(parts[:-1]) as folder:
                return os.stat(parts[-1], dir_fd=folder, follow_symlinks=False) if parts else os.fstat(folder)
        except FileNotFoundError:
            return None

    def exists(self, path: str) -> bool:
        """Tell whether *path* is there, as a file or anything else."""
        return self.look(path) is not None

    def release_masked(self, path: str, content: bytes) -> bytes:
        """Return *content* of *path* as it may be seen: its secrets masked, line for line.

        Raises ToolRefusal where it is withheld as a whole: a private path, key material.
        """
        self.release(path)
        if self._allow_private:
            return content
        text = plain(content)
        if self.keeps_key(text):
            name = shown(self.name(path))
            raise ToolRefusal(f"withheld: {name} holds a {PRIVATE_KEY}; only a local profile may read it")
        hidden = masked(text, self.own)
        return content if hidden == text else hidden.encode("utf-8", "surrogateescape")

    def keeps_key(self, text: str) -> bool:
        """Tell whether *text* holds key material that is to stay on this machine."""
        return not self._allow_private and private_key(text)

    def seen(self, text: str) -> str:
        """Return *text*, an answer, as it may be seen: secrets masked unless the profile is local."""
        return text if self._allow_private else masked(text, self.own)

    @contextmanager
    def opened(self, path: str) -> Iterator[tuple[BinaryIO, int]]:
        """Open the regular file *path* for reading; yield it with its size in bytes.

        Only the path is checked for privacy: whoever hands a text on calls `release` with it.
        """
        parts = self._file_parts(path)
        self.release(path)
        with self._folder(parts[:-1]) as folder:
            file = openat.open_regular(folder, parts)
        with file:
            found = os.fstat(file.fileno())
            self.release(path, found=found)
            yield file, found.st_size

    def read_bytes(self, path: str, limit: int) -> bytes:
        """Return the whole file *path*; one above *limit* bytes, or one that holds a secret, is refused."""
        with self.opened(path) as (file, _):
            content = openat.whole(file, path, limit)
        self.release(path, plain(content))
        return content

    def write_text(self, path: str, content: str) -> bytes | None:
        """Make *content* the whole of *path*, with its folders; return what was there before, None for a new file."""
        try:
            encoded = content.encode()
        except UnicodeEncodeError as error:
            lone = shown(content[error.start])
            raise ToolRefusal(f"content: character {error.start} ({lone}) is a lone surrogate, no text") from error

        def whole(old: bytes | None) -> bytes:
            self._keep_secrets(path, old or b"", encoded)
            return encoded

        return self._replace(path, whole, create=True)

    def rewrite(self, path: str, change: Callable[[bytes], bytes]) -> None:
        """Replace the content of the existing file *path* by *change* of it, as one step for all threads."""

        def changed(old: bytes | None) -> bytes:
            if old is None:
                raise FileNotFoundError
            if self.keeps_key(text := plain(old)):
                self.release(path, text, act="edit")
            new = change(old)
            self._keep_secrets(path, old, new)
            return new

        self._replace(path, changed, create=False)

    def read(self, path: str) -> None:
        """Note that *path* as it is now is about to be shown: once it is another, it is not overwritten unread."""
        parts = self._file_parts(path)
        with self._folder(parts[:-1]) as folder:
            self._read["/".join(parts)] = openat.version(folder, parts[-1])

    def _keep_secrets(self, path: str, old: bytes, new: bytes) -> None:
        """Refuse masks for content: the model was shown them in place of secrets, which they would replace."""
        mask = MASK.encode()
        if not self._allow_private and new.count(mask) > old.count(mask):
            raise ToolRefusal(
                f"{shown(self.name(path))}: '{MASK}…]' stands for a secret that you were not shown; "
                "change the other lines with edit_file and leave that one"
            )

    @property
    def sealed(self) -> bool:
        """Tell whether the attempt is over."""
        return self._sealed

    def seal(self) -> None:
        """Refuse every later write: a tool may still run in its thread when its attempt is over."""
        with self._writing:
            self._sealed = True

    def entries(self, path: str = ".") -> list[tuple[str, os.stat_result]]:
        """Return name and kind of everything in the folder *path*, sorted by name, git's own data left out."""
        found = []
        with self._folder(workspace_parts(path, self._roots)) as folder:
            for name in sorted(os.listdir(folder)):  # noqa: PTH208 - pathlib cannot list a descriptor
                with suppress(FileNotFoundError):  # gone meanwhile
                    found.append((name, os.stat(name, dir_fd=folder, follow_symlinks=False)))
        return [(name, kind) for name, kind in found if not names_git(name)]

    def files(self, under: str = ".") -> Found:
        """Return the files below the folder *under*: those that are known, else every regular one."""
        top = self.name(under)
        known = self._known_files() if self._known_files else None
        inside = sorted({path for path in known or () if _is_below(path, top)})
        return Found(paths=tuple(inside[:MOST_FILES]), cut=len(inside) > MOST_FILES) if inside else self._walk(top)

    def _walk(self, top: str) -> Found:
        found: list[str] = []
        waiting, seen = deque([top]), 0
        while waiting and len(found) <= MOST_FILES and seen <= MOST_FILES:
            folder = waiting.popleft()
            seen += 1
            # The folder asked for has to be there; those below it may be closed to us, or git's.
            with suppress(*(() if folder == top else (ToolRefusal, OSError))):
                for name, kind in self.entries(folder):
                    path = name if folder == "." else f"{folder}/{name}"
                    if stat.S_ISDIR(kind.st_mode):
                        waiting.append(path)
                    elif stat.S_ISREG(kind.st_mode):
                        found.append(path)
        return Found(paths=tuple(sorted(found[:MOST_FILES])), cut=bool(waiting) or len(found) > MOST_FILES)

    def _file_parts(self, path: str) -> tuple[str, ...]:
        parts = workspace_parts(path, self._roots)
        if not parts:
            raise ToolRefusal(f"'{shown(path)}' is the workspace itself; name a file in it")
        return parts

    @contextmanager
    def _folder(self, parts: Sequence[str], *, create: bool = False, leaf: str = "") -> Iterator[int]:
        """Yield a descriptor of the folder *parts*; *leaf* is what a writer is about to put into it."""
        folder = os.open(self.root, openat.FOLDER)
        try:
            if _identity(os.fstat(folder)) != self._identity:
                raise ToolRefusal(f"the workspace {self.root} was replaced by another folder since the start")
            for depth, part in enumerate((*parts, leaf)):
                if openat.is_git_folder(folder, part if create or depth == len(parts) else ""):
                    raise ToolRefusal(f"'{shown('/'.join((*parts, leaf)))}': {openat.GIT_IS_OFF_LIMITS}")
                if depth < len(parts):
                    inner = openat.enter(folder, parts[: depth + 1], create=create)
                    os.close(folder)
                    folder = inner
            yield folder
        finally:
            os.close(folder)

    def _replace(self, path: str, change: Callable[[bytes | None], bytes], *, create: bool) -> bytes | None:
        parts = self._file_parts(path)
        if plain_text(parts[-1]).casefold() == RULES:
            raise ToolRefusal(
                f"{shown(self.name(path))} holds the rules of this workspace; only its people change them"
            )
        act = "write" if create else "edit"
        self.release(path, act=act)
        with self._writing, self._folder(parts[:-1], create=create, leaf=parts[-1]) as folder:
            if self._sealed:
                raise ToolRefusal("the attempt is over; nothing is written any more")
            name, was = "/".join(parts), openat.version(folder, parts[-1])
            known = self._read.get(name, was) == was
            if create and not known:
                raise ToolRefusal(f"{shown(name)} was changed since you read it; read it again")
            with suppress(FileNotFoundError):
                found = os.stat(parts[-1], dir_fd=folder, follow_symlinks=False)
                self.release(path, act=act, found=found)
            old, mode = openat.present(folder, parts)
            new = change(old)
            if openat.version(folder, parts[-1]) != was:
                raise ToolRefusal(f"{shown(name)} is just being changed by somebody else; read it again")
            self.before.setdefault(name, old)
            self.about_to_write(name, old, new)
            openat.put(folder, parts[-1], new, mode)
            if known:  # else there is still something in it that was not read
                self._read[name] = openat.version(folder, parts[-1])
        return old


def plain(content: bytes) -> str:
    """Return *content* as text, whatever it is: UTF-8, what is none kept as surrogates, NULs left out."""
    return content.replace(b"\0", b"").decode("utf-8", "surrogateescape")


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


def _is_below(path: str, top: str) -> bool:
    return (top == "." or path.startswith(f"{top}/")) and not any(names_git(part) for part in path.split("/"))
