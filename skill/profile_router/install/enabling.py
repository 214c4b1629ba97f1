"""Put a plugin on the list `plugins.enabled` of a config.yaml, and take it off, as text: nothing else changes.

Every edit is checked by what the parser then reads; where that differs from what was meant, the edit is refused.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from profile_router.errors import ProfileError, UsageError
from profile_router.folders import PLUGIN
from profile_router.install.applying import read_file
from profile_router.install.changes import Change, inserted
from profile_router.install.delegation import ROUTER, delegated_to, delegating, undelegated
from profile_router.install.yaml_text import (
    WRITTEN_SO,
    BlockComments,
    Edit,
    composed,
    end_of,
    end_of_line,
    in_brackets,
    in_one,
    pair_of,
    start_of,
    start_of_line,
)
from profile_router.profiles.files import parse_config, read_config

PLUGIN_BEGIN, PLUGIN_END = "# >>> profile-router >>>", "# <<< profile-router <<<"
PLUGIN_COMMENTS = BlockComments(
    begin=PLUGIN_BEGIN, end=PLUGIN_END, above="# profile-router is on the list below >>> profile-router <<<"
)

_CONFIG = "config.yaml"
_BY_HAND = f"write `{PLUGIN}` on its list `plugins.enabled` by hand, then run this again"
_YOURS = (
    f"{{path}} {{why}}: Hermes delegates by itself until it says `provider: {ROUTER}` and `model: {ROUTER}` below "
    "`delegation:`"
)
_TAKE_OUT = (
    f"{{}} says `provider: {ROUTER}` and `model: {ROUTER}` below `delegation:`; profile-router is not to run "
    "what Hermes delegates: take both lines out by hand"
)
_OFF = f"'{PLUGIN}' is on `plugins.disabled` in {{}}, which wins; take it off with `hermes plugins enable {PLUGIN}`"


def enabling(parent: Path, *, delegates: bool = False) -> tuple[Change, tuple[str, ...]]:
    """Return the change that puts our plugin on the list of *parent*, and what to say.

    With *delegates* Hermes' delegation is to lead to our provider, too; without, lines of ours that do so go. Raises
    UsageError where that file cannot be edited as text, and ProfileError where it is not YAML.
    """
    path = Path(os.path.realpath(parent / _CONFIG))
    before = read_file(path)
    read_config(path)  # refuses what is too large or too deep, with the line
    text = (before or b"").decode()
    stays: tuple[str, ...] = ()
    if before is not None and not delegates and delegated_to(text) == (ROUTER, ROUTER):
        if (change := _by_itself(path, text, before)) is not None:
            return change, ()
        stays = (_TAKE_OUT.format(path),)
    edit = enable(text, PLUGIN)
    if edit is None:
        why = "its `plugins` is written in a way that this program does not edit"
        raise UsageError(f"{path} is not edited: {why}; {_BY_HAND}")
    notes = (*stays, _OFF.format(path)) if is_disabled(text, PLUGIN) else stays
    done = ["enables the plugin"] if edit else []
    if delegates:
        edit, said = _delegating(path, text, edit)
        notes += (said,) if said else ()
        done += [] if said or delegated_to(text) == (ROUTER, ROUTER) else ["sends Hermes' delegation to us"]
    if not edit:
        return Change(kind="same", path=str(path)), notes
    after, note = inserted(text, edit).encode(), " and ".join(done)
    if before is None:
        return Change(kind="create", path=str(path), content=after, note=note), notes
    note, mode = f"{note}; nothing else in it changes", stat.S_IMODE(path.stat().st_mode)
    change = Change(kind="change", path=str(path), content=after, before=before, mode=mode, insertions=edit, note=note)
    return change, notes


def _by_itself(path: Path, text: str, before: bytes) -> Change | None:
    """Return the change that takes our lines of the delegation out of *text* and leaves the plugin on its list.

    None where the lines are not marked as ours, or where that is not safe.
    """
    bare = undelegated(text)
    original = None if bare is None else disable(bare, PLUGIN) or bare
    edit = None if original is None else enable(original, PLUGIN)
    if bare is None or original is None or edit is None or inserted(original, edit) != bare:
        return None
    return Change(
        kind="change", path=str(path), content=bare.encode(), before=before, mode=stat.S_IMODE(path.stat().st_mode),
        insertions=edit, was=original.encode(), note="Hermes delegates by itself again; nothing else in it changes",
    )  # fmt: skip


def _delegating(path: Path, text: str, edit: Edit) -> tuple[Edit, str]:
    """Return *edit* with what sends the delegation in *text* to us.

    With it: what to say where the user's line stays.
    """
    then = inserted(text, edit)
    more = delegating(then)
    whole = edit
    for insertion in sorted(more or (), key=lambda insertion: insertion.at, reverse=True):
        whole = in_one(whole, insertion)
    if more is None or inserted(text, whole) != inserted(then, more):
        found = zip(("provider", "model"), delegated_to(text), strict=True)
        named = " and ".join(f"delegation.{key}: {value}" for key, value in found if value)
        why = f"has {named}, which is yours and stays" if named else WRITTEN_SO
        return edit, _YOURS.format(path=path, why=why)
    return whole, ""


def enable(text: str, plugin: str) -> Edit | None:
    """Return what to insert into *text* so that `plugins.enabled` lists *plugin*; nothing where it does.

    None where no insertion makes the parser read just that.
    """
    before = _loaded(text)
    if before is None:
        return None
    if plugin in _listed(before):
        return ()
    for edit in _ways(text, plugin):
        after = _loaded(inserted(text, edit))
        if after is not None and plugin in _listed(after) and _rest(after, plugin) == _rest(before, plugin):
            return edit
    return None


def disable(text: str, plugin: str) -> str | None:
    """Return *text* with *plugin* taken off the list where `enable` may have put it; None where that is not safe."""
    before = _loaded(text)
    if before is None or plugin not in _listed(before):
        return None
    for after in (PLUGIN_COMMENTS.without_blocks(text), *_without_item(text, plugin)):
        loaded = _loaded(after)
        if loaded is not None and plugin not in _listed(loaded) and _rest(loaded, plugin) == _rest(before, plugin):
            return after
    return None


def is_disabled(text: str, plugin: str) -> bool:
    """Tell whether the user has put *plugin* on the list `plugins.disabled`, which Hermes lets win."""
    return plugin in _listed(_loaded(text) or {}, "disabled")


def _loaded(text: str) -> dict[str, Any] | None:
    try:
        return parse_config(text, Path(_CONFIG))
    except ProfileError:
        return None


def _listed(config: dict[str, Any], name: str = "enabled") -> list[Any]:
    plugins = config.get("plugins")
    listed = plugins.get(name) if isinstance(plugins, dict) else None
    return listed if isinstance(listed, list) else []


def _rest(config: dict[str, Any], plugin: str) -> dict[str, Any]:
    """Return *config* without *plugin*, and without what is empty then."""
    plugins = config.get("plugins") or {}
    listed = plugins.get("enabled") or [] if isinstance(plugins, dict) else None
    if not isinstance(listed, list):
        return config
    inner = {**plugins, "enabled": [name for name in listed if name != plugin]}
    rest = {key: value for key, value in inner.items() if key != "enabled" or value}
    return {key: value for key, value in {**config, "plugins": rest}.items() if key != "plugins" or value}


def _ways(text: str, plugin: str) -> Iterator[Edit]:
    root = composed(text)
    pair = pair_of(root, "plugins")
    whole = ("plugins:", "  enabled:", f"    - {plugin}")
    if root is None or pair is None:
        yield PLUGIN_COMMENTS.block(text, len(text), "", whole)
        if root is not None and not in_brackets(root):
            yield PLUGIN_COMMENTS.block(text, start_of_line(text, start_of(root)), "", whole)
        return
    listed = pair_of(pair[1], "enabled")
    if listed is None:
        yield from PLUGIN_COMMENTS.ways_into(text, pair, ("enabled:", f"  - {plugin}"), f"enabled: [{plugin}]")
    else:
        yield from PLUGIN_COMMENTS.ways_into(text, listed, (f"- {plugin}",), plugin)


def _without_item(text: str, plugin: str) -> Iterator[str]:
    root = composed(text)
    plugins = pair_of(root, "plugins")
    listed = pair_of(plugins[1], "enabled") if plugins else None
    items = listed[1].value if listed and isinstance(listed[1], yaml.SequenceNode) else []
    for place, item in enumerate(items):
        if item.value != plugin:
            continue
        if not in_brackets(listed[1]):  # type: ignore[index]  # items come from it
            yield text[: start_of_line(text, start_of(item))] + text[end_of_line(text, end_of(item)) :]
        elif place:
            yield PLUGIN_COMMENTS.without_comments(text[: end_of(items[place - 1])] + text[end_of(item) :])
        else:
            behind = start_of(items[1]) if len(items) > 1 else end_of(item)
            yield PLUGIN_COMMENTS.without_comments(text[: start_of(item)] + text[behind:])
