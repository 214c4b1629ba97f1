"""Compare what a subagent says with the world: what git sees, which files exist, what the check command says."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from profile_router.adapters.check_command import run_check
from profile_router.adapters.git_snapshot import GitSnapshots
from profile_router.adapters.workspace import Workspace, tracked_files
from profile_router.core.path_words import path_words
from profile_router.core.receipt import ChangedFile, Verified

_LARGEST_DIFFED = 2_000_000
# A name without a folder is only taken for a file's where its ending is one: `os.path` and `e.g.` are none.
_IN_FOLDER = re.compile(r"[^:*]*/[^/:*]*\.[A-Za-z][A-Za-z0-9]{0,9}")
_ALONE = re.compile(
    r"[^/:*]+\.(?:py|pyi|js|jsx|ts|tsx|mjs|cjs|vue|html?|css|scss|json|ya?ml|toml|ini|cfg|conf|xml|md|rst|txt|sh|sql|go|rs|"
    r"c|h|cc|cpp|hpp|java|kt|rb|php|cs|swift|scala|lua|ipynb|csv|lock)"
)


@dataclass(slots=True, kw_only=True)
class WorkspaceVerifier:
    """Verifies runs in *workspace*. `journal` holds what files were before the subagent's tools wrote them (None:
    absent): it stands in for git where there is none. `scratch` is a folder for git's marks."""

    workspace: Workspace | None
    scratch: Path
    environ: Mapping[str, str]
    journal: Mapping[str, bytes | None]
    _snapshots: GitSnapshots | None = field(default=None, init=False)

    def snapshot(self) -> str:
        """Return a mark of the workspace; empty outside of git."""
        if self.workspace is None or not self.workspace.git:
            return ""
        if self._snapshots is None:
            self._snapshots = GitSnapshots(self.workspace.root, self.scratch)
        return self._snapshots.take()

    async def verify(self, snapshot: str, summary: str, check: str | None, *, seconds: float) -> Verified:
        """Return what changed since *snapshot*, what *check* said, and what could not be confirmed."""
        changed = self._changes(snapshot)
        result = None
        folder = self.workspace.root if self.workspace else None
        if check is not None:
            result = await run_check(check, folder or Path.cwd(), self.environ, seconds=seconds)
        open_points = list(self._absent_claims(summary, changed))
        if check is None:
            open_points.append("no check command was named")
        if self.workspace is None:
            open_points.append("no workspace: no file could be looked at")
        elif not self.workspace.git:
            open_points.append("not a git repository: only files written through the tools are known")
        return Verified(files_changed=changed, check=result, unverified=tuple(open_points))

    def _changes(self, snapshot: str) -> tuple[ChangedFile, ...]:
        if self.workspace is None:
            return ()
        if self._snapshots is None:
            written = [_difference(path, before, self.workspace.root) for path, before in sorted(self.journal.items())]
            return tuple(file for file in written if file is not None)
        return self._snapshots.changes(snapshot, self._snapshots.take())

    def _absent_claims(self, summary: str, changed: tuple[ChangedFile, ...]) -> Iterator[str]:
        """Yield each file that *summary* names and that is neither there nor among those changed."""
        if self.workspace is None:
            return
        names: tuple[str, ...] | None = None
        for path in dict.fromkeys(word.text.removeprefix("./") for word in path_words(summary)):
            if not (_IN_FOLDER.fullmatch(path) or _ALONE.fullmatch(path)) or _there(self.workspace.root, path):
                continue
            names = (*tracked_files(self.workspace), *(file.path for file in changed)) if names is None else names
            if not any(name == path or name.endswith(f"/{path}") for name in names):
                yield f"names {path}, which does not exist"


def _there(root: Path, path: str) -> bool:
    try:
        return (root / path).exists()
    except (OSError, ValueError):
        return False


def _difference(path: str, before: bytes | None, root: Path) -> ChangedFile | None:
    try:
        after: bytes | None = (root / path).read_bytes()
    except OSError:
        after = None
    if after == before:
        return None
    old, new = before or b"", after or b""
    if b"\0" in old + new or len(old) + len(new) > _LARGEST_DIFFED:
        return ChangedFile(path=path, lines_added=None, lines_removed=None)
    marks = [line[0] for line in difflib.ndiff(_lines(old), _lines(new)) if line[:2] in {"+ ", "- "}]
    return ChangedFile(path=path, lines_added=marks.count("+"), lines_removed=marks.count("-"))


def _lines(data: bytes) -> list[str]:
    return data.decode("utf-8", "replace").splitlines()
