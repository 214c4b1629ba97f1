"""Keep what a policy file was read as, so that the next call need not read it as YAML, nor try its expressions again.

A file a policy, in JSON, in a folder of the user's cache: owned by this user, and closed to all others. Whatever is
wrong with folder or file (another's, open to others, a link, damaged, of another version) counts as nothing kept: the
policy file is read, and no error is raised. What this user's own programs write there is trusted, as the policy
is.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from profile_router import __version__
from profile_router.outside.json_reader import UnreadableJson, read_json
from profile_router.outside.strict_yaml import Node, node_of
from profile_router.state.whole_files import HALF, write_whole

MOST_FILES = 8
MOST_BYTES = 4_000_000
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OPENED = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Parsed:
    """A policy file as nodes, and the literals of each expression in it. Both were right when they were kept."""

    root: Node
    literals: Mapping[str, tuple[str, ...]]


def name_of(raw: bytes, shipped: bytes) -> str:
    """Return what the policy file *raw* is kept as by this version of the program, whose own policy is *shipped*."""
    parts = (__version__.encode(), hashlib.sha256(shipped).digest(), hashlib.sha256(raw).digest())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def recall(folder: Path, name: str) -> Parsed | None:
    """Return what is kept as *name* in *folder*; None where nothing is, or nothing that can be trusted."""
    try:
        checksum, _, content = _content(folder, name).partition(b"\n")
        if checksum.decode() != _checksum(name, content):
            return None
        root, literals = read_json(content, most=MOST_BYTES)
        return Parsed(node_of(root), {pattern: tuple(map(str, found)) for pattern, found in literals.items()})
    except (OSError, UnreadableJson, ValueError, TypeError, AttributeError, RecursionError):
        return None


def keep(folder: Path, name: str, parsed: Parsed) -> None:
    """Keep *parsed* as *name* in *folder*, and there no more than the newest few. Where that cannot be, it is not."""
    content = json.dumps([parsed.root, parsed.literals], ensure_ascii=False).encode("utf-8", "replace")
    if len(content) > MOST_BYTES:
        return
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(_opened_folder(folder))
        write_whole(folder / f"{name}.json", _checksum(name, content).encode() + b"\n" + content)
        _forget_old(folder)


def _checksum(name: str, content: bytes) -> str:
    return hashlib.sha256(name.encode() + content).hexdigest()


def _opened_folder(folder: Path) -> int:
    """Return *folder*, opened. Raises OSError, also where it is a link, another's, or open to others."""
    handle = os.open(folder, _OPENED | os.O_DIRECTORY)
    if not _is_ours(os.fstat(handle)):
        os.close(handle)
        raise PermissionError(f"{folder} is not this user's alone")
    return handle


def _content(folder: Path, name: str) -> bytes:
    place = _opened_folder(folder)
    try:
        handle = os.open(f"{name}.json", _OPENED, dir_fd=place)
    finally:
        os.close(place)
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode) or not _is_ours(about) or about.st_nlink != 1:
            raise PermissionError(f"{name} is not this user's alone")
        return file.read(MOST_BYTES + 100)


def _is_ours(about: os.stat_result) -> bool:
    return about.st_uid == os.geteuid() and not stat.S_IMODE(about.st_mode) & _OTHERS


def _forget_old(folder: Path) -> None:
    """Remove all but the newest files of *folder*, and what a kill left half written."""
    ours: Sequence[os.DirEntry[str]] = [one for one in os.scandir(folder) if one.name.endswith((".json", HALF))]
    newest = sorted(ours, key=lambda one: one.stat(follow_symlinks=False).st_mtime_ns, reverse=True)
    for entry in newest[MOST_FILES:]:
        Path(entry).unlink()
