"""`profile-router publish`: say what a listing still lacks, or write what is submitted to it. Nothing is sent."""

from __future__ import annotations

import argparse
from pathlib import Path

from profile_router.cli.screens import printable
from profile_router.errors import StateError, UsageError
from profile_router.publishing.clone import read_clone
from profile_router.publishing.entries import entries, github_name
from profile_router.publishing.missing import missing
from profile_router.resources import checkout
from profile_router.state.whole_files import write_whole

_MODE = 0o644


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--check", action="store_true", help="say what is missing; exit code 1 where anything is")
    what.add_argument("--write", type=Path, metavar="DIR", help="write the entries and the release notes into DIR")
    parser.add_argument("--from", type=Path, dest="clone", metavar="CLONE", help="the clone (default: this program's)")
    parser.add_argument("--repository", metavar="URL", help="the repository's address, where the clone lacks it")


def run(arguments: argparse.Namespace) -> int:
    """Print what is missing, or write the files. 1 where the project itself lacks something."""
    root = arguments.clone or checkout()
    if root is None:
        raise UsageError("publish works on a clone, and this program was not started from one: name it by --from CLONE")
    clone = read_clone(root)
    place = github_name(arguments.repository) if arguments.repository else None
    if arguments.write is not None:
        _write(arguments.write, dict(entries(clone, place)))
        return 0
    found = missing(clone)
    of_project = [one.says for one in found if one.who == "project"]
    left = [one.says for one in found if one.who == "owner"]
    print(
        printable(f"{clone.project.get('name')} {clone.version}: {'not ready' if of_project else 'ready to publish'}")
    )
    for line in of_project:
        print(printable(f"  ✗ {line}"))
    if left:
        print("only the owner can do:")
    for line in left:
        print(printable(f"  · {line}"))
    return 1 if of_project else 0


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        place = folder / name
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            write_whole(place, text.encode(), mode=_MODE)  # a link is replaced, what it leads to stays
        except OSError as error:
            raise StateError(f"{place} cannot be written: {error.strerror}; name another folder") from None
        print(place)
