"""Where the programs and libraries of a workspace are installed, and where a jail shows them.

A check reads them, and what it writes there is lost with its jail. They are run later, outside of any jail.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

MOST_ENVIRONMENTS = 512  # environments; those nearest to the root first
_MOST_FOLDERS = 50_000  # that are looked into for them
_PYTHON, _CONDA, _NODE = "pyvenv.cfg", "conda-meta", "node_modules"
_LINKS = (".venv", "venv", _NODE)

Lent = tuple[str, str]


def environments(root: Path) -> tuple[str, ...]:
    """Return the environments in *root*, as absolute paths without links: of Python, and `node_modules`."""
    found = list(_environments(os.path.realpath(root)))
    return tuple(sorted(found, key=lambda path: (path.count("/"), path))[:MOST_ENVIRONMENTS])


def _environments(root: str) -> Iterator[str]:
    looked = 0
    for folder, folders, names in os.walk(root):
        looked += 1
        if looked > _MOST_FOLDERS:
            return
        if (_PYTHON in names or _CONDA in folders) and folder != root:
            folders.clear()
            yield folder
            continue
        here = [name for name in folders if not os.path.islink(f"{folder}/{name}")]  # noqa: PTH114
        yield from (f"{folder}/{name}" for name in here if name == _NODE)
        folders[:] = [name for name in here if name not in (_NODE, ".git")]


def lent_places(root: Path, original: Path | None) -> tuple[Lent, ...]:
    """Return the environments that a jail around *root* shows, each with its place there.

    They are those in *root*. A copy also gets those of its *original* that it lacks, or that a link of it leads to. A
    copy with an empty folder in that place lacks it too. No place is behind a link. No link is followed to what is not
    an environment: it would show any folder of the machine.
    """
    in_root = environments(root)
    found = dict(zip(in_root, in_root, strict=True))
    if original is not None and original != root:
        here, there = os.path.realpath(root), os.path.realpath(original)
        known = environments(original)
        for source in known:
            place = Path(here, os.path.relpath(source, there))
            if _is_free(place) and place.parent.is_dir() and os.path.realpath(place.parent) == str(place.parent):
                found[str(place)] = source
        for target, source in _linked(Path(here), Path(there), frozenset(known)):
            found.setdefault(target, source)
    return tuple((source, place) for place, source in found.items())


def _linked(root: Path, original: Path, known: frozenset[str]) -> Iterator[Lent]:
    """Yield where a link of the copy *root* leads that has an environment's name, with the environment that it
    means."""
    for folder in dict.fromkeys(("", *(os.path.relpath(Path(path).parent, original) for path in known))):
        for name in _LINKS:
            link = root / folder / name
            target = os.path.realpath(link)
            if not link.is_symlink() or not (_is_free(Path(target)) or target in known):
                continue
            meant = str(original / os.path.relpath(target, root)) if target.startswith(f"{root}/") else target
            if meant in known:
                yield target, meant


def _is_free(place: Path) -> bool:
    """Tell whether nothing is at *place*, or an empty folder, such as one that was made to lend something there."""
    if not os.path.lexists(place):
        return True
    with suppress(OSError):
        return not place.is_symlink() and not os.listdir(place)  # noqa: PTH208 - a file is not a folder: it raises
    return False


@contextmanager
def made_places(root: Path, lent: Sequence[Lent]) -> Iterator[None]:
    """Let each place of *lent* below *root* be a folder, which a jail needs to mount on; take away afterwards what was
    made for it. Nothing is made behind a link: that would be outside of *root*."""
    made: list[Path] = []
    try:
        for _, place in lent:
            with suppress(OSError):  # the jail says what it cannot mount on
                made += _made(root, Path(place))
        yield
    finally:
        for folder in reversed(made):
            with suppress(OSError):
                folder.rmdir()


def _made(root: Path, place: Path) -> Iterator[Path]:
    if not place.is_relative_to(root):
        return
    folder = root
    for part in place.relative_to(root).parts:
        folder = folder / part
        if folder.is_symlink():
            return
        if not folder.is_dir():
            folder.mkdir()
            yield folder


def leads_out(program: str, folder: Path, root: Path) -> str:
    """Return where the environment of *program*, a path in *folder*, leads to if that is not a folder of *root*; else
    empty."""
    parts = Path(program).parts
    at = next((number for number, part in enumerate(parts) if part in _LINKS), None)
    if at is None:
        return ""
    real, inside = os.path.realpath(folder.joinpath(*parts[: at + 1])), os.path.realpath(root)
    return "" if real == inside or real.startswith(f"{inside}/") else real
