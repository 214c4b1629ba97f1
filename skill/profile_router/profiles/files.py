"""Read a profile's config.yaml as untrusted text; `env_file` reads its .env.

Nothing here quotes what it read: the line that does not parse often holds the key.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from profile_router.errors import ProfileError
from profile_router.outside.plain_file import read_plain
from profile_router.profiles.kept_configs import keep_config, recall_config
from profile_router.profiles.settings import described_value

if TYPE_CHECKING:
    from pathlib import Path

MOST_CONFIG_BYTES = 1_000_000
_MAX_DEPTH = 50
_MAX_VALUES = 50_000
_TOO_MUCH = (
    f"unfolds into more than {_MAX_DEPTH} levels or {_MAX_VALUES:,} values, the most that is read; write it flatter "
    "and without aliases"
)
_WORDED = {
    "levels": _TOO_MUCH,
    "values": _TOO_MUCH,
    "alias": "an alias that points nowhere; put text that starts with * in quotes",  # the parser would name it
}


def read_config(path: Path, kept_in: Path | None = None) -> dict[str, Any] | None:
    """Return the mapping in the YAML file *path*, {} for an empty file, None for a missing one.

    *kept_in* is the folder where it may be kept how the same text was read (`kept_configs`). Raises ProfileError for
    anything else: with the line for a syntax error, never with the text of that line.
    """
    text = read_text(path)
    if text is None or kept_in is None:
        return None if text is None else parse_config(text, path)
    known = recall_config(kept_in, text)
    if known is None:
        known = parse_config(text, path)
        keep_config(kept_in, text, known)
    return known


def read_text(path: Path) -> str | None:
    """Return what the file *path* of a profile holds, without a byte order mark; None if it is missing.

    Raises ProfileError for one that is not plain, not readable, larger than MOST_CONFIG_BYTES, or not UTF-8.
    """
    try:
        raw = read_plain(path, MOST_CONFIG_BYTES)
    except OSError as exc:
        raise ProfileError(f"{path} cannot be read ({exc.strerror}); check it with `ls -l {path}`") from None
    if raw is None:
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = raw.count(b"\n", 0, exc.start) + 1
    raise ProfileError(f"{path}:{line}: not UTF-8 text; save the file as UTF-8")


def parse_config(text: str, path: Path) -> dict[str, Any]:
    """Return the mapping in *text*, which stands in the file *path*. Raises ProfileError as `read_config` does."""
    import yaml  # costs more than the rest of `route`'s start together, and not every call reads a profile

    from profile_router.outside.yaml_guard import Hostile, refuse_hostile, safe_loader

    try:
        refuse_hostile(text, levels=_MAX_DEPTH, values=_MAX_VALUES)
        document = yaml.load(text, Loader=safe_loader())  # noqa: S506  # both loaders are the safe ones
    except Hostile as hostile:
        raise ProfileError(f"{path}:{hostile.line}: {_WORDED[hostile.what]}") from None
    except yaml.MarkedYAMLError as exc:
        problem, line = exc.problem or "it breaks off", exc.problem_mark.line + 1 if exc.problem_mark else 0
    except yaml.reader.ReaderError as exc:
        problem, line = "a control character", text.count("\n", 0, exc.position) + 1
    except (ValueError, LookupError, TypeError, AttributeError):  # PyYAML's own, for a value its tag does not fit
        problem, line = "a value that is not of the kind it is tagged as, such as the date 2026-99-99", 0
    else:
        if not isinstance(document, dict | None):
            raise ProfileError(
                f"{path}: holds {described_value(document)}; expected: a mapping such as `model:` with its keys"
            )
        return document or {}
    where = f"{path}:{line}" if line else str(path)
    raise ProfileError(f"{where}: not valid YAML: {_without_quotes(problem)}; fix that line or the one above it")


def _without_quotes(problem: str) -> str:
    """Cut what the parser quotes from the file: it may be a part of a key."""
    problem = problem.replace("could not find expected ':'", "a colon is missing").strip()
    head = re.split("['\"]", problem, maxsplit=1)[0].strip()
    return head if head == problem else f"{head} …"
