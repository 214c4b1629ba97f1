"""Every file access of the embedded runner: what a model may see and write within the enclosure.

A file with several names (hard links) is private if one of them is.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from profile_router.core.policy.private import NO_CONFIDENTIAL, Confidential
from profile_router.core.privacy.findings import MASK, masked, private_by, private_glob, private_key, private_text
from profile_router.core.privacy.readings import straight_text as plain_text
from profile_router.core.privacy.secret_kind import PRIVATE_KEY
from profile_router.core.text import counted, shown
from profile_router.git.left_files import is_in
from profile_router.policies.workspace_rules import RULES_FILE as RULES
from profile_router.runners.tools import openat
from profile_router.runners.tools.answer_shape import ChangesNothing, DropsMost, ToolRefusal, lines_of
from profile_router.runners.tools.enclosure import Enclosure
from profile_router.withheld.survey import NamesOfFiles

_SMALL = 600  # bytes: what is smaller may be written anew without a question
__all__ = ["Fence", "ToolRefusal"]


class Fence(Enclosure):
    """The workspace *root* as the only place that a tool can reach. Safe to use from several threads.

    *private_globs* are the policy's. Unless *allow_private*, contents of matching paths and key material are withheld,
    but not their names. Other secrets are masked in what is read. *left* are files and folders that may hold what was
    made of private ones: they are withheld, too. `before` maps each path written here to its first content, None for a
    new file. With *allow_private*, `about_to_show` is called once for each file that no model elsewhere would be shown
    as it is. It gets the path, and what withholds the file there. Raises WorkspaceError where *root* is not a folder.
    Every method raises ToolRefusal for what the model must not have and the system's OSError for what is not there.
    """

    def __init__(
        self,
        root: Path,
        *,
        private_globs: Sequence[str] = (),
        confidential: Confidential = NO_CONFIDENTIAL,
        allow_private: bool = False,
        known_files: Callable[[], Sequence[str] | None] | None = None,
        left: Sequence[str] = (),
    ) -> None:
        super().__init__(root, known_files)
        self.before: dict[str, bytes | None] = {}
        self.about_to_write: Callable[[str, bytes | None, bytes], object] = lambda path, old, new: None
        self.about_to_show: Callable[[str, str], object] = lambda path, why: None
        self.about_to_run: Callable[[], object] = lambda: None  # a command, right before it starts
        self.has_run: Callable[[], object] = lambda: None  # and when it has ended
        self._globs = tuple(private_globs)
        self.left = frozenset(left)
        self.confidential = confidential
        self._allow_private = allow_private
        self._writing = threading.Lock()
        self._read: dict[str, openat.Version | None] = {}
        self._sealed = False
        self._noted: set[str] = set()
        self._warned: set[str] = set()
        self._names = NamesOfFiles(self.root, self._globs)

    def withhold(self, path: str, text: str | None = None) -> str | None:
        """Return why *path*, or *text* out of it, may not leave this machine; None where it may."""
        return None if self._allow_private else self._reason(path, text)

    def _reason(self, path: str, text: str | None = None) -> str | None:
        if glob := private_glob(f"{self.root}/{self.name(path)}", self._globs):
            return private_by(glob)
        if is_in(self.name(path), self.left):
            return "may have been changed by an attempt that read private files"
        secret = private_text(text, self.confidential) if text else None
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
        text = text_of_bytes(content)
        hidden = masked(text, self.confidential)
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

    def release_masked(self, path: str, content: bytes) -> bytes:
        """Return *content* of *path* as it may be seen: its secrets masked, line for line.

        Raises ToolRefusal where it is withheld as a whole: a private path, key material.
        """
        self.release(path)
        if self._allow_private:
            return content
        text = text_of_bytes(content)
        if self.keeps_key(text):
            name = shown(self.name(path))
            raise ToolRefusal(f"withheld: {name} holds a {PRIVATE_KEY}; only a local profile may read it")
        hidden = masked(text, self.confidential)
        return content if hidden == text else hidden.encode("utf-8", "surrogateescape")

    def keeps_key(self, text: str) -> bool:
        """Tell whether *text* holds key material that is to stay on this machine."""
        return not self._allow_private and private_key(text)

    def seen(self, text: str) -> str:
        """Return *text*, an answer, as it may be seen: secrets masked unless the profile is local."""
        return text if self._allow_private else masked(text, self.confidential)

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
            content = openat.read_all(file, path, limit)
        self.release(path, text_of_bytes(content))
        return content

    def write_text(self, path: str, content: str) -> bytes | None:
        """Make *content* the whole of *path*, with its folders; return what was there before, None for a new file."""
        try:
            encoded = content.encode()
        except UnicodeEncodeError as error:
            lone = shown(content[error.start])
            raise ToolRefusal(f"content: character {error.start} ({lone}) is a lone surrogate, not text") from error

        def whole(old: bytes | None) -> bytes:
            self._keep_secrets(path, old or b"", encoded)
            if old == encoded:
                raise ChangesNothing(f"{shown(self.name(path))} already has exactly this content; nothing was changed")
            return encoded

        return self._replace(path, whole, create=True)

    def rewrite(self, path: str, change: Callable[[bytes], bytes]) -> None:
        """Replace the content of the existing file *path* by *change* of it, as one step for all threads."""

        def changed(old: bytes | None) -> bytes:
            if old is None:
                raise FileNotFoundError
            if self.keeps_key(text := text_of_bytes(old)):
                self.release(path, text, act="edit")
            new = change(old)
            self._keep_secrets(path, old, new)
            if new == old:
                raise ChangesNothing(f"{shown(self.name(path))} would be as it is; nothing was changed")
            return new

        self._replace(path, changed, create=False)

    def read(self, path: str) -> None:
        """Note that *path* as it is now is about to be shown. Once it is changed, it is not overwritten unread."""
        parts = self._file_parts(path)
        with self._folder(parts[:-1]) as folder:
            self._read["/".join(parts)] = openat.version_at(folder, parts[-1])

    def _keep_secrets(self, path: str, old: bytes, new: bytes) -> None:
        """Refuse masks for content: the model was shown them in place of secrets, which they would replace."""
        mask = MASK.encode()
        if not self._allow_private and new.count(mask) > old.count(mask):
            raise ToolRefusal(
                f"{shown(self.name(path))}: '{MASK}…]' stands for a secret that you were not shown; "
                "change the other lines with edit_file and leave that one"
            )

    def _keep_most(self, name: str, old: bytes | None, new: bytes) -> None:
        """Refuse, once for each file, what drops most of it: models write a part of a file for the whole."""
        if old is None or len(old) < _SMALL or len(new) * 2 >= len(old) or name in self._warned:
            return
        self._warned.add(name)
        had, left = (counted(len(lines_of(content)), "line") for content in (old, new))
        drops = (
            f"{had} ({len(old):,} bytes), and this would leave {left} ({len(new):,} bytes): it drops most of the file"
        )
        raise DropsMost(f"{shown(name)} has {drops}")

    @property
    def sealed(self) -> bool:
        """Tell whether the attempt is over."""
        return self._sealed

    def seal(self) -> None:
        """Refuse every later write: a tool may still run in its thread when its attempt is over."""
        with self._writing:
            self._sealed = True

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
            name, was = "/".join(parts), openat.version_at(folder, parts[-1])
            known = self._read.get(name, was) == was
            if create and not known:
                raise ToolRefusal(f"{shown(name)} was changed since you read it; read it again")
            with suppress(FileNotFoundError):
                found = os.stat(parts[-1], dir_fd=folder, follow_symlinks=False)
                self.release(path, act=act, found=found)
            old, mode = openat.present(folder, parts)
            new = change(old)
            self._keep_most(name, old, new)
            if openat.version_at(folder, parts[-1]) != was:
                raise ToolRefusal(f"{shown(name)} is just being changed by somebody else; read it again")
            self.before.setdefault(name, old)
            self.about_to_write(name, old, new)
            openat.put_at(folder, parts[-1], new, mode)
            if known:  # else there is still something in it that was not read
                self._read[name] = openat.version_at(folder, parts[-1])
        return old


def text_of_bytes(content: bytes) -> str:
    """Return *content* as text, whatever it is: other bytes than UTF-8 as surrogates, NULs left out."""
    return content.replace(b"\0", b"").decode("utf-8", "surrogateescape")
