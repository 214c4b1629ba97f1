"""Plan the way back: take out what was written, newest first, and keep what the user has changed since."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from profile_router.install.applying import leftovers, read_file
from profile_router.install.changes import Change, Plan, without
from profile_router.install.enabling import disable
from profile_router.install.manifest import Manifest, WrittenFile, digest, manifest_path, read_manifest
from profile_router.install.sources import PLUGIN

_CHANGED = "you have changed it since: it stays"
_CACHE = "__pycache__"


def plan_uninstall(root: Path) -> Plan:
    """Return what takes everything out of the Hermes home *root* again; nothing where nothing was installed.

    Raises UsageError for a file that cannot be read.
    """
    record = manifest_path(root)
    there = read_file(record)
    if there is None:
        return Plan(changes=tuple(_never_begun(record.parent)))
    manifest = read_manifest(root)
    undoing = _Undoing()
    for step in reversed(manifest.steps):
        undoing.undo(step)
    files = [*undoing.changes(), *_caches(undoing), *halves(manifest, root)]
    gone = {change.path for change in files if change.kind == "remove"} | {str(record)}
    folders = list(_folders(manifest, gone))
    own = _folder_change(record.parent, gone)
    last = Change(kind="remove", path=str(record), before=there)
    return Plan(changes=(*files, *folders, last, *([own] if own.kind == "remove" else [])))


def halves(manifest: Manifest, root: Path) -> Iterator[Change]:
    """Yield what removes the halves of files that were left when we were killed in the middle of writing one."""
    for path in leftovers({manifest_path(root).parent, *(Path(step.path).parent for step in manifest.steps)}):
        yield Change(kind="remove", path=str(path), before=read_file(path), note="the half of a file")


def _never_begun(folder: Path) -> Iterator[Change]:
    """Yield what removes our folder where there is no record in it: killed before or after all else."""
    halved = [Change(kind="remove", path=str(path), before=read_file(path)) for path in leftovers((folder,))]
    if folder.is_dir():
        own = _folder_change(folder, {change.path for change in halved})
        yield from (*halved, own) if own.kind == "remove" else halved


@dataclass(slots=True)
class _Undoing:
    """What each file held (`found`), what it is to hold (`left`), and why a file stays (`kept`)."""

    found: dict[str, bytes | None] = field(default_factory=dict)
    left: dict[str, bytes | None] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)

    def undo(self, step: WrittenFile) -> None:
        now = self._now(step.path)
        if now is None or step.path in self.kept:
            return
        if step.was == digest(now) != step.sha256:
            return  # it is as it was: the install was killed before it came to this, or the user has put it back
        if digest(now) != step.sha256:
            self._undo_changed(step, now)
            return
        before = self._before(step, now)
        if step.was and (before is None or digest(before) != step.was):
            self.kept[step.path] = "what it held before is not known any more: it stays"
        else:
            self.left[step.path] = before

    def changes(self) -> Iterator[Change]:
        for path, now in self.found.items():
            left = self.left[path]
            if left == now or now is None:
                if path in self.kept:
                    yield Change(kind="keep", path=path, note=self.kept[path])
                continue
            if left is None:
                yield Change(kind="remove", path=path, before=now)
            else:
                yield Change(kind="change", path=path, content=left, before=now, note=_taken_out(path, self.kept))

    def _now(self, path: str) -> bytes | None:
        if path not in self.found:
            self.found[path] = self.left[path] = read_file(Path(path))
        return self.left[path]

    def _before(self, step: WrittenFile, now: bytes) -> bytes | None:
        if step.backup:
            return self._now(step.backup)
        if step.insertions:
            text = without(now.decode(), step.insertions)
            return None if text is None else text.encode()
        return None

    def _undo_changed(self, step: WrittenFile, now: bytes) -> None:
        """Keep a changed file, but for our lines of the plugin list; its backup stays with it."""
        if step.backup:
            self._now(step.backup)
            self.kept[step.backup] = "the copy of a file that you have changed since: it stays"
        if self.left[step.path] != self.found[step.path]:  # a newer edit of ours is undone, this one was not there
            return
        self.kept[step.path] = _CHANGED
        if Path(step.path).name == "config.yaml":
            text = disable(now.decode("utf-8", "surrogateescape"), PLUGIN)
            if text is not None:
                self.left[step.path] = text.encode("utf-8", "surrogateescape")


def _taken_out(path: str, kept: dict[str, str]) -> str:
    return (
        f"{kept[path].partition(':')[0]}: only the plugin is taken off its list" if path in kept else "to what it was"
    )


def _caches(undoing: _Undoing) -> Iterator[Change]:
    """Yield what Python made of the modules that go: it is of no use without them."""
    for name, left in undoing.left.items():
        path = Path(name)
        if left is None and path.suffix == ".py" and undoing.found[name] is not None:
            for cached in sorted((path.parent / _CACHE).glob(f"{path.stem}.*.pyc")):
                yield Change(kind="remove", path=str(cached), before=read_file(cached))


def _folders(manifest: Manifest, gone: set[str]) -> Iterator[Change]:
    caches = {str(Path(path).parent) for path in gone if Path(path).parent.name == _CACHE}
    for name in sorted({*manifest.folders, *caches}, key=lambda name: (-name.count("/"), name)):
        if Path(name).is_dir():
            change = _folder_change(Path(name), gone)
            if change.kind == "remove":
                gone.add(name)
            yield change


def _folder_change(folder: Path, gone: set[str]) -> Change:
    others = sorted(entry.name for entry in folder.iterdir() if str(entry) not in gone)
    if not others:
        return Change(kind="remove", path=str(folder), folder=True)
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    fix = f"; `hermes profile delete {folder.name}` removes it" if folder.parent.name == "profiles" else ""
    return Change(kind="keep", path=str(folder), folder=True, note=f"it holds {', '.join(others[:3])}{more}{fix}")
