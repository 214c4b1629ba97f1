"""What a task's text says of where: paths, frames of a traceback, dotted names, identifiers, words. Bounded, pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from profile_router.core.locating.terms import IDENTIFIER, STOP_WORDS, plain_parts
from profile_router.expressions import expression
from profile_router.values import frozen

MOST_TITLE, MOST_BODY = 300, 24_000  # characters: what comes later in a long text tells of logs, not of the place
MOST_TERMS = 400  # identifiers, and as many parts
_TITLE_TIMES = 3
_PATH = expression(r"(?<![\w./\\-])(?:[A-Za-z]:)?[\w.@+/\\-]{0,200}?[\w@+-]{1,80}\.[A-Za-z]\w{0,9}(?![\w/\\])")
_FRAME = expression(
    r"File \"([^\"\n]{1,300})\", line \d+"
    r"|^[ \t]+at [^\n(]{0,200}\(([^():\n]{1,300}):\d+|^([\w./-]{1,200}\.\w{1,5}):\d+:",
    re.MULTILINE,
)
_DOTTED = expression(r"(?<![\w./\\-])[A-Za-z_]\w{0,60}(?:\.[A-Za-z_]\w{0,60}){1,8}")
_TICKED = expression(r"`{1,3}([^`\n]{2,80})`{1,3}")
_CALLED = expression(r"([^\W\d]\w{2,63})\(")
_CODE_LIKE = expression(r"_\w|[a-z\d][A-Z]|^[A-Z][a-z]+[A-Z]|^[A-Z]{2,}\d*$")
# A line of a list of versions, or of settings: `numpy: 1.17.2`, `python_version = 3.11`.
_VERSION = expression(
    r"^[^\S\n]*[-*]?[^\S\n]*[\w.()-]{1,40}[^\S\n]*(?:[:=]+[^\S\n]*|[^\S\n]{2,})(?:None|v?\d[\w.+-]*)[^\S\n]*$",
    re.MULTILINE,
)
_URL = expression(r"(?i)\b(?:https?|ftp)://\S{1,500}")
# Where a text asks for tests or documents, those rank as code does.
_OF_TESTS = expression(r"(?i)\b(?:tests?|testing|flaky|coverage|fixtures?|mocks?)\b")
_OF_DOCUMENTS = expression(
    r"(?i)\b(?:docs?|documentation|docstrings?|readme|typos?|spelling|tutorial|guide|changelog)\b"
)
_OF_SETTINGS = expression(
    r"(?i)\b(?:ci|config\w*|settings?|depend\w+|pyproject|package|build|makefile|docker\w*|lint\w*|workflow|bump|pin"
    r"|mypy|ruff|github)\b"
)


@frozen
class TaskTerms:
    """What the text of a task says of where. `identifiers` are weighed by how much they look like code; `parts` by how
    often they stand, in the title three times as much. `title` are the parts of the title alone."""

    paths: tuple[str, ...] = ()
    frames: tuple[str, ...] = ()
    dotted: tuple[str, ...] = ()
    identifiers: Mapping[str, float]
    parts: Mapping[str, float]
    title: tuple[str, ...] = ()
    of_tests: bool = False
    of_documents: bool = False
    of_settings: bool = False


def task_terms(text: str) -> TaskTerms:
    """Return what *text* says: its first line is the title."""
    title, _, body = text.strip().partition("\n")
    title, body = title[:MOST_TITLE], (title[MOST_TITLE:] + "\n" + body)[:MOST_BODY]
    whole = f"{title}\n{body}"
    frames = [_slashed(next(filter(None, match))) for match in _FRAME.findall(whole)]
    plain = _VERSION.sub("", _URL.sub(" ", whole))
    paths = (_slashed(word) for word in _PATH.findall(_FRAME.sub(" ", plain)))
    return TaskTerms(
        paths=tuple(dict.fromkeys(paths))[:MOST_TERMS],
        frames=tuple(dict.fromkeys(frames))[-50:],
        dotted=tuple(dict.fromkeys(_DOTTED.findall(plain)))[:MOST_TERMS],
        identifiers=_identifiers(title, plain),
        parts=_parts(title, plain),
        title=tuple(dict.fromkeys(plain_parts(title))),
        of_tests=_OF_TESTS.search(title) is not None,
        of_documents=_OF_DOCUMENTS.search(title) is not None,
        of_settings=_OF_SETTINGS.search(title) is not None,
    )


def _slashed(word: str) -> str:
    return word.replace("\\", "/").removeprefix("./")


def _identifiers(title: str, text: str) -> dict[str, float]:
    """Return the identifiers of *text* with their weights: 1 for what looks like code, .3 for a word of prose."""
    marked = {name for quoted in _TICKED.findall(text) for name in IDENTIFIER.findall(quoted)}
    marked |= {name for word in _DOTTED.findall(text) for name in word.split(".")} | set(_CALLED.findall(text))
    head = set(IDENTIFIER.findall(title))
    found: dict[str, float] = {}
    for name, _ in Counter(IDENTIFIER.findall(text)).most_common(4 * MOST_TERMS):
        if name.lower() in STOP_WORDS:
            continue
        like_code = name in marked or _CODE_LIKE.search(name) is not None
        found[name] = (1.0 if like_code else 0.3) * (2.0 if name in head else 1.0)
    return dict(sorted(found.items(), key=lambda item: -item[1])[:MOST_TERMS])


def _parts(title: str, text: str) -> dict[str, float]:
    """Return the parts of the words of *text*: what stands often counts little more than what stands once."""
    counted = Counter(plain_parts(text))
    head = Counter(plain_parts(title))
    weights = {
        part: 1.0 + 0.25 * min(count - 1, 4) + (_TITLE_TIMES - 1) * (part in head) for part, count in counted.items()
    }
    return dict(sorted(weights.items(), key=lambda item: -item[1])[:MOST_TERMS])
