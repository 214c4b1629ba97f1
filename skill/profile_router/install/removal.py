"""Plan the way back: take out what was written, newest first, and keep what the user has changed since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from profile_router.core.text import some_of
from profile_router.digests import content_digest
from profile_router.expressions import expression
from profile_router.folders import PLUGIN
from profile_router.install.applying import leftovers, read_file
from profile_router.install.changes import Change, Plan, without
from profile_router.install.delegation import ROUTER, undelegated, without_unmarked
from profile_router.install.enabling import disable
from profile_router.install.manifest import Manifest, WrittenFile, manifest_path, read_manifest
from profile_router.outside.places import is_folder_named

_COPY = "the copy of a file that you have changed since"
_CACHE = "__pycache__"
_RULE = expression(rf"plugin_rule:{PLUGIN}:[\w:-]+")


def plan_uninstall(root: Path) -> Plan:
    """Return what takes everything out of the Hermes home *root* again; nothing where nothing was installed.

    Raises UsageError for a file that cannot be read.
    """
    record = manifest_path(root)
    there, manifest = read_file(record), read_manifest(root)
    undone = list(_undone(manifest))
    files = [*undone, *_caches(undone), *halves(manifest, root)]
    last = [] if there is None else [Change(kind="remove", path=str(record), before=there)]
    gone = {change.path for change in (*files, *last) if change.kind == "remove"}
    folders = list(
        _folders(replace(manifest, folders=tuple(one for one in manifest.folders if one != str(root))), gone)
    )
    if record.parent.is_dir() and (holder := _folder_change(record.parent, gone)).kind == "remove":
        last.append(holder)
        gone.add(holder.path)
    if str(root) in manifest.folders and root.is_dir():  # we made it: it holds the record, and so goes behind it
        last.append(_folder_change(root, gone))
    return Plan(changes=(*files, *folders, *last), notes=tuple(_of_hermes(manifest)))


def _of_hermes(manifest: Manifest) -> Iterator[str]:
    """Yield what Hermes itself has written of us into files that we edited, when its user said "always"."""
    for path in sorted({step.path for step in manifest.steps if Path(step.path).name == "config.yaml"}):
        rules = sorted(set(_RULE.findall((read_file(Path(path)) or b"").decode("utf-8", "replace"))))
        if rules:
            yield f'Hermes wrote {some_of(rules)} into {path}: your "always" to a question of ours; take it out by hand'


def halves(manifest: Manifest, root: Path) -> Iterator[Change]:
    """Yield what removes the halves of files that were left when we were killed in the middle of writing one."""
    for path in leftovers({manifest_path(root).parent, *(Path(step.path).parent for step in manifest.steps)}):
        yield Change(kind="remove", path=str(path), before=read_file(path), note="the half of a file")


def _undone(manifest: Manifest) -> Iterator[Change]:
    """Yield what becomes of each file that was written, the newest first."""
    written: dict[str, list[WrittenFile]] = {}
    for step in reversed(manifest.steps):
        written.setdefault(step.path, []).append(step)
    found = {path: now for path in written if (now := read_file(Path(path))) is not None}
    after = {path: _undo(written[path], now) for path, now in found.items()}
    copies = {step.backup for path, (_, why) in after.items() if why for step in written[path]}
    for path, now in found.items():
        left, why = (now, _COPY) if path in copies else after[path]
        if left is None:
            yield Change(kind="remove", path=path, before=now)
        elif left != now:
            note = f"{why}: only our own lines are taken out" if why else "to what it was"
            yield Change(kind="change", path=path, content=left, before=now, note=note)
        elif why:
            yield Change(kind="keep", path=path, note=f"{why}: it stays")


def _undo(steps: Sequence[WrittenFile], now: bytes) -> tuple[bytes | None, str]:
    """Return what a file that holds *now* is to hold without *steps*, which come newest first, and why it stays."""
    left: bytes | None = now
    for step in steps:
        if left is None:
            break
        if content_digest(left) == step.sha256:
            before = _before(step, left)
            if step.was and (before is None or content_digest(before) != step.was):
                return left, "what it held before is not known any more"
            left = before
        elif content_digest(left) != step.was and left == now:  # else the install was killed before this step
            return _off_the_list(Path(step.path), now, steps), "you have changed it since"
    return left, ""


def _before(step: WrittenFile, now: bytes) -> bytes | None:
    if step.backup:
        return read_file(Path(step.backup))
    text = without(now.decode(), step.insertions) if step.insertions else None
    return None if text is None else text.encode()


def _off_the_list(path: Path, now: bytes, steps: Iterable[WrittenFile]) -> bytes:
    """Return *now* without our lines of the plugin list and of the delegation, where the file *path* has some.

    Where Hermes has lost the comments, what *steps* put in says that they are ours.
    """
    if path.name != "config.yaml":
        return now
    text = now.decode("utf-8", "surrogateescape")
    put_in = "".join(insertion.text for step in steps for insertion in step.insertions)
    unmarked = without_unmarked(text) if f"provider: {ROUTER}" in put_in else None
    text = undelegated(text) or unmarked or text
    return (disable(text, PLUGIN) or text).encode("utf-8", "surrogateescape")


def _caches(changes: Iterable[Change]) -> Iterator[Change]:
    """Yield what Python made of the modules that go: it is of no use without them."""
    for path in (Path(change.path) for change in changes if change.kind == "remove" and change.path.endswith(".py")):
        for cached in sorted((path.parent / _CACHE).glob(f"{path.stem}.*.pyc")):
            yield Change(kind="remove", path=str(cached), before=read_file(cached))


def _folders(manifest: Manifest, gone: set[str]) -> Iterator[Change]:
    caches = {str(Path(path).parent) for path in gone if Path(path).parent.name == _CACHE}
    for name in sorted({*manifest.folders, *caches}, key=lambda name: (-name.count("/"), name)):
        if is_folder_named(name):
            change = _folder_change(Path(name), gone)
            if change.kind == "remove":
                gone.add(name)
            yield change


def _folder_change(folder: Path, gone: set[str]) -> Change:
    others = sorted(entry.name for entry in folder.iterdir() if str(entry) not in gone)
    if not others:
        return Change(kind="remove", path=str(folder), folder=True)
    fix = f"; `hermes profile delete {folder.name}` removes it" if folder.parent.name == "profiles" else ""
    return Change(kind="keep", path=str(folder), folder=True, note=f"it holds {some_of(others)}{fix}")
