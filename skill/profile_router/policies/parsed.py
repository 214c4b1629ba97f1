"""Keep what a policy file was read as, so that the next call need not read it as YAML, nor try its expressions again.

A file a policy, in JSON, in a folder of the user's cache (`state.kept_files`). What is of another version counts as
nothing kept: the policy file is read. What is kept is trusted, as the policy is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from profile_router import __version__
from profile_router.outside.json_reader import UnreadableJson, read_json
from profile_router.outside.strict_yaml import Node, node_of
from profile_router.state.kept_files import MOST_BYTES, keep_file, kept
from profile_router.values import frozen


@frozen(kw_only=False)
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
    if (content := kept(folder, name)) is None:
        return None
    try:
        root, literals = read_json(content, most=MOST_BYTES)
        return Parsed(node_of(root), {pattern: tuple(map(str, found)) for pattern, found in literals.items()})
    except (UnreadableJson, ValueError, TypeError, AttributeError, RecursionError):
        return None


def keep(folder: Path, name: str, parsed: Parsed) -> None:
    """Keep *parsed* as *name* in *folder*. Where that cannot be, it is not."""
    keep_file(folder, name, json.dumps([parsed.root, parsed.literals], ensure_ascii=False).encode("utf-8", "replace"))
