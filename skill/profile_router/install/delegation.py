"""Let Hermes' delegation lead to our provider, by the text of a config.yaml.

The keys are `delegation.provider` and `delegation.model`: both, or neither. Without the model a child keeps its
parent's model name, and some names arm time limits of Hermes. What the user has chosen for one of them stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from profile_router.errors import ProfileError
from profile_router.install.changes import inserted
from profile_router.install.yaml_text import (
    BlockComments,
    Edit,
    composed,
    end_of,
    end_of_line,
    in_brackets,
    pair_of,
    start_of,
    start_of_line,
)
from profile_router.profiles.files import parse_config

ROUTER = "profile-router"
DELEGATION_COMMENTS = BlockComments(
    begin="# >>> profile-router delegation >>>",
    end="# <<< profile-router delegation <<<",
    above="# profile-router is in the line below >>> profile-router delegation <<<",
)
_LINES = (f"provider: {ROUTER}", f"model: {ROUTER}")
_SECTION = "delegation"


def delegated_to(text: str) -> tuple[str, str]:
    """Return the provider and the model that *text* names for delegation, empty where it names none."""
    section = (_loaded(text) or {}).get(_SECTION)
    found = section if isinstance(section, dict) else {}
    return _word(found.get("provider")), _word(found.get("model"))


def delegating(text: str) -> Edit | None:
    """Return what to insert into *text* so that its delegation leads to us; nothing where it does already.

    None where it names another provider or model, or where no insertion makes the parser read just that.
    """
    found = delegated_to(text)
    if found == (ROUTER, ROUTER):
        return ()
    before = _loaded(text)
    if before is None or any(found):
        return None
    for edit in _ways(text):
        after = inserted(text, edit)
        if delegated_to(after) == (ROUTER, ROUTER) and _rest(_loaded(after)) == _rest(before):
            return edit
    return None


def undelegated(text: str) -> str | None:
    """Return *text* without our marked lines; None where there are none, or where that is not safe."""
    before, after = _loaded(text), DELEGATION_COMMENTS.without_blocks(text)
    if before is None or after == text or _rest(_loaded(after)) != _rest(before):
        return None
    return after


def without_unmarked(text: str) -> str | None:
    """Return *text* without our two lines where Hermes has written the file anew, and so lost the comments around them.

    None where they are not there, or where that is not safe.
    """
    before, pair = _loaded(text), pair_of(composed(text), _SECTION)
    if before is None or pair is None or in_brackets(pair[1]) or delegated_to(text) != (ROUTER, ROUTER):
        return None
    ours = [pair_of(pair[1], name) for name in ("provider", "model")]
    whole = [pair] if len(pair[1].value) == len(ours) else ours
    after = text
    for found in sorted(filter(None, whole), key=lambda found: start_of(found[0]), reverse=True):
        after = after[: start_of_line(text, start_of(found[0]))] + after[end_of_line(text, end_of(found[1])) :]
    return after if _rest(_loaded(after)) == _rest(before) else None


def _ways(text: str) -> Iterator[Edit]:
    root = composed(text)
    pair = pair_of(root, _SECTION)
    whole = (f"{_SECTION}:", *(f"  {line}" for line in _LINES))
    if root is not None and pair is not None:
        yield from DELEGATION_COMMENTS.ways_into(text, pair, _LINES, ", ".join(_LINES))
        return
    yield DELEGATION_COMMENTS.block(text, len(text), "", whole)
    if root is not None and not in_brackets(root):
        yield DELEGATION_COMMENTS.block(text, start_of_line(text, start_of(root)), "", whole)


def _rest(config: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return *config* without what is ours, and without the section where nothing else is in it."""
    section = (config or {}).get(_SECTION)
    if config is None or not isinstance(section, dict | None):
        return config
    rest = {key: value for key, value in (section or {}).items() if key not in ("provider", "model")}
    return {key: value for key, value in {**config, _SECTION: rest}.items() if key != _SECTION or value}


def _loaded(text: str) -> dict[str, Any] | None:
    try:
        return parse_config(text, Path("config.yaml"))
    except ProfileError:
        return None


def _word(value: object) -> str:
    return str(value).strip() if value is not None else ""
