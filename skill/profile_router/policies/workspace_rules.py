"""Read a workspace's own `.profile-router.yaml`. It is a stranger's text: small, strict, and it can only tighten."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from profile_router.core.policy import Policy
from profile_router.core.text import shown
from profile_router.digests import policy_digest
from profile_router.errors import PolicyError
from profile_router.git.command import folder_with_git
from profile_router.outside.plain_file import read_plain
from profile_router.workspace.folder import Workspace

if TYPE_CHECKING:
    from profile_router.core.policy.tighten import WorkspacePolicy

RULES_FILE = ".profile-router.yaml"

MOST_RULES_BYTES = 64 * 1024
_MOST_GLOBS = 200
_LONGEST_GLOB = 200
_MOST_WORDS, _MOST_PATTERNS = 200, 20
_ONLY = (
    "it may only tighten the policy by: private, local_only, limits; "
    "promotion.tainted_changes: back; conversation.elsewhere: none; check: ask or off"
)


def tightened_by(policy: Policy, workspace: Workspace | None) -> tuple[Policy, tuple[str, ...]]:
    """Return *policy* as the file of *workspace* tightens it, and what of that file has no effect.

    Without a file, *policy* stays as it is. Raises PolicyError, with file and line, for a file that says anything else.
    The same holds for a file that is too large, or not a plain file.
    """
    ignored: tuple[str, ...] = ()
    for folder in _folders(workspace):
        if (found := read_workspace_policy(folder)) is not None:
            from profile_router.core.policy.tighten import tightened_policy  # few workspaces have such a file

            policy, refused = tightened_policy(policy, found)
            ignored += refused
    return policy, ignored


def _folders(workspace: Workspace | None) -> Iterator[Path]:
    """Yield the workspace's root, and the folders above it up to the top of its repository. Git need not be there."""
    if workspace is None:
        return
    within = workspace.git or folder_with_git(workspace.root) is not None
    for folder in (workspace.root, *(workspace.root.parents if within else ())):
        yield folder
        if os.path.lexists(folder / ".git"):
            return


def read_workspace_policy(root: Path) -> WorkspacePolicy | None:
    """Return what the file in the folder *root* says, None without such a file, or where it says nothing."""
    path = root / RULES_FILE
    try:
        raw = read_plain(path, MOST_RULES_BYTES, links=False)
        text = "" if raw is None else raw.decode("utf-8-sig")
    except OSError as error:
        raise PolicyError(
            f"cannot be read ({error.strerror}); make it a plain file or remove it", file=str(path)
        ) from None
    except UnicodeDecodeError as error:
        raise PolicyError(f"not UTF-8 text (byte {error.start})", file=str(path)) from None
    if raw is None or all(not line.strip() or line.lstrip().startswith("#") for line in text.splitlines()):
        return None
    return _parsed(text, path, policy_digest(raw))


def _parsed(text: str, path: Path, digest: str) -> WorkspacePolicy:
    from profile_router.core.policy.tighten import LessChecked, WorkspacePolicy  # few workspaces have such a file
    from profile_router.outside.strict_yaml import Reader, Refused, pairs, parse_yaml
    from profile_router.policies.grammar import check_private, switch

    try:
        root = parse_yaml(text)
        special = {LessChecked: partial(switch, allowed=get_args(LessChecked))}
        found = Reader(special).record(root, WorkspacePolicy, "the file", skip=("source", "digest"))
        for key, _line, node in pairs(root, "the file"):
            if key == "private":
                check_private(
                    found.private.rules(), node, "private", most_words=_MOST_WORDS, most_patterns=_MOST_PATTERNS
                )
    except Refused as refused:
        raise PolicyError(f"{shown(refused.message, 300)}; {_ONLY}", file=str(path), line=refused.line) from None
    wrong = next((glob for glob in found.private.paths if not glob or len(glob) > _LONGEST_GLOB), None)
    if wrong is not None:
        raise PolicyError(f"private.paths: '{shown(wrong, 60)}' (1 to {_LONGEST_GLOB} characters)", file=str(path))
    if len(found.private.paths) > _MOST_GLOBS:
        raise PolicyError(
            f"private.paths has {len(found.private.paths):,} globs (at most {_MOST_GLOBS})", file=str(path)
        )
    return replace(found, source=str(path), digest=digest)
