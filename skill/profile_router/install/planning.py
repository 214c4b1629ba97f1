"""Plan an installation: compare what ships with what is there. What the user wrote or changed is kept."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from profile_router.core.policy import PluginSwitch
from profile_router.folders import PLUGIN, SKILL
from profile_router.install import sources
from profile_router.install.applying import read_file
from profile_router.install.changes import NEW_FOLDER, Change, Plan
from profile_router.install.enabling import enabling
from profile_router.install.manifest import (
    FOLDER_MODE,
    MANIFEST_MODE,
    Manifest,
    manifest_bytes,
    manifest_path,
    read_manifest,
    recorded,
)
from profile_router.install.migration import respellings
from profile_router.install.places import Places
from profile_router.install.removal import halves
from profile_router.install.wanting import Wanting, not_agreed, who_wants, with_wanting
from profile_router.install.watching import watching
from profile_router.policies.file import POLICY_VARIABLE, SHIPPED
from profile_router.profiles import agreement as root_keys
from profile_router.profiles.agreement import OURS_IN_HOME

YOURS = "differs from what ships: yours stays"


def plan_install(
    places: Places,
    environ: Mapping[str, str],
    *,
    migrate: bool,
    use_root_keys: bool | None = None,
    delegates: bool = False,
    switch: PluginSwitch | None = None,
) -> Plan:
    """Return what an install would do; *use_root_keys* None leaves what was agreed on before.

    *delegates*: Hermes can have us as the model of its children, and is to. *switch* is what the policy in force is to
    say of that; None leaves it. Raises RouterError for a home or a file that cannot be read or edited.
    """
    command = sources.own_command()
    manifest = read_manifest(places.root)
    edited, warned = enabling(places.parent, delegates=delegates)
    plugin = places.parent / "plugins" / PLUGIN
    found = [
        edited,  # first: where a path is planned twice, the edit counts
        *_profiles(places, manifest),
        *_skill(places.parent, command, manifest),
        *_files(plugin, sources.plugin_files(command), manifest),
        *_policy(places, environ, switch, manifest),
        # Hermes deletes router.json when it installs the plugin anew, so the program is recorded here, too
        replace(
            _file(places.root / OURS_IN_HOME / sources.PROGRAM_NOTE, sources.program(command), manifest),
            mode=MANIFEST_MODE,
        ),
    ]
    wanting = who_wants(places, environ)
    found += (*_agreement(places.root, wanting, use_root_keys), *halves(manifest, places.root))
    notes = (*warned, *_other_version(found, plugin), *_keys(places.root, wanting, use_root_keys))
    paste = tuple(respellings(places, environ)) if migrate else ()
    return Plan(changes=_whole(found, manifest, places.root), notes=notes, paste=paste)


def _other_version(found: Iterable[Change], plugin: Path) -> Iterator[str]:
    """Say so where the plugin's files are not this program's: Hermes brought another version, or they were edited."""
    if any(change.note == YOURS and Path(change.path).parent == plugin for change in found):
        yield (
            f"the plugin in {plugin} is not the one of this program; unless you changed it, have it replaced: "
            f"`hermes plugins remove {PLUGIN}`, then `profile-router install`"
        )


def _profiles(places: Places, manifest: Manifest) -> Iterator[Change]:
    for name, files in sources.profiles().items():
        folder = places.root / "profiles" / name
        config = folder / "config.yaml"
        there = read_file(config)
        if there is None or there == files["config.yaml"] or manifest.made(config):
            extra = () if folder.is_dir() else sources.PROFILE_FOLDERS
            yield from (*_files(folder, files, manifest), *(_folder(folder / name) for name in extra))
        else:
            yield Change(kind="keep", path=str(config), note="a profile of your own: nothing is added to it")


def _skill(parent: Path, command: tuple[str, ...], manifest: Manifest) -> list[Change]:
    folder = parent / "skills"
    elsewhere = (path for depth in ("*", "*/*") for path in sorted(folder.glob(f"{depth}/{SKILL}/SKILL.md")))
    found = next(elsewhere, None)
    if found is not None:
        return [Change(kind="keep", path=str(found), note="the skill is there already: yours stays")]
    return _files(folder / SKILL, sources.skill_files(command), manifest)


def _policy(
    places: Places, environ: Mapping[str, str], switch: PluginSwitch | None, manifest: Manifest
) -> list[Change]:
    if switch is None:
        return _shipped_policy(places.policy)
    named = Path(environ[POLICY_VARIABLE]).absolute() if environ.get(POLICY_VARIABLE) else places.policy
    there = read_file(named)
    change = watching(named, switch, ours=there is not None and manifest.made(named) and manifest.is_ours(named, there))
    return [*_folders(named.parent), change, *(_shipped_policy(places.policy) if named != places.policy else ())]


def _shipped_policy(path: Path) -> list[Change]:
    there, ships = read_file(path), SHIPPED.read_bytes()
    if there is not None:
        return [Change(kind="same" if there == ships else "keep", path=str(path), note="your policy stays")]
    return [*_folders(path.parent), Change(kind="create", path=str(path), content=ships, note="yours to edit")]


def _files(folder: Path, files: sources.Files, manifest: Manifest) -> list[Change]:
    parents = sorted({folder, *((folder / name).parent for name in files)})
    folders = [missing for parent in parents for missing in _folders(parent)]
    return [*folders, *(_file(folder / name, content, manifest) for name, content in files.items())]


def _file(path: Path, content: bytes, manifest: Manifest) -> Change:
    there = read_file(path)
    if there is None:
        return Change(kind="create", path=str(path), content=content)
    if there == content:
        return Change(kind="same", path=str(path))
    if manifest.is_ours(path, there):
        return Change(kind="change", path=str(path), content=content, before=there, note="to what ships now")
    return Change(kind="keep", path=str(path), note=YOURS)


def _folder(path: Path) -> Change:
    return Change(kind="create", path=str(path), folder=True, mode=NEW_FOLDER)


def _folders(path: Path) -> list[Change]:
    """Return what makes the folder *path* and those above it that are missing."""
    missing: list[Change] = []
    while not os.path.lexists(path):
        missing.append(_folder(path))
        path = path.parent
    return missing[::-1]


def _whole(found: Iterable[Change], manifest: Manifest, root: Path) -> tuple[Change, ...]:
    """Return the changes of *found*, one a path, folders first, behind the record of them.

    The record comes first so that `uninstall` knows what to look for, should we be killed.
    """
    once: dict[str, Change] = {}
    for change in found:
        once.setdefault(change.path, change)
    ordered = sorted(once.values(), key=lambda change: not change.folder)
    writing = [change for change in ordered if change.writes]
    if not writing:
        return tuple(ordered)
    path = manifest_path(root)
    content, there = manifest_bytes(recorded(manifest, writing), root), read_file(path)
    record = Change(
        kind="create" if there is None else "change", path=str(path), content=content, before=there, mode=MANIFEST_MODE,
        note="what was written, for `profile-router uninstall`",
    )  # fmt: skip
    before_it = [] if path.parent.is_dir() else [*_folders(root), replace(_folder(path.parent), mode=FOLDER_MODE)]
    made = {folder.path for folder in before_it}
    return (*before_it, record, *(change for change in ordered if change.path not in made))


def _agreement(root: Path, wanting: tuple[Wanting, ...], use: bool | None) -> Iterator[Change]:
    """Yield the record of what was agreed on, where it changes; what a user wrote into it counts as agreed."""
    before = root_keys.agreed(root)
    after = before if use is None else with_wanting(before, wanting) if use else {}
    if after == before:
        return
    path = root_keys.record_path(root)
    there = read_file(path)
    yield Change(
        kind="create" if there is None else "change", path=str(path), before=there,
        content=root_keys.agreement_bytes(after), mode=root_keys.AGREEMENT_MODE,
        note="which profiles may use Hermes' root pool: names, no keys",
    )  # fmt: skip


def _keys(root: Path, wanting: tuple[Wanting, ...], use: bool | None) -> Iterator[str]:
    left = () if use else wanting if use is False else not_agreed(wanting, root)
    for one in wanting:
        names = [name for name in one.profiles if not any(name in other.profiles for other in left)]
        if names:
            yield (
                f"{', '.join(names)}: may use Hermes' root pool ({one.counted} in {root / 'auth.json'}); nothing of it "
                "is copied, and `profile-router install --no-use-root-keys` takes that back"
            )
    for one in left:
        yield (
            f"{', '.join(one.profiles)}: no key of their own. You have not agreed to Hermes' root pool "
            f"({one.counted} in {root / 'auth.json'}): profile-router does not use it, but `hermes -p` does. "
            "Write a key into the profile's .env, or agree: "
            "`profile-router install --use-root-keys`"
        )
