"""Look for what the operator or a workspace calls private: words, patterns, personal data. Pure.

A text is read as it looks, like for secrets, and the words are read the same way. A finding names the rule by its
number, never the word: that is confidential itself. A pattern that takes too long makes the text private.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from profile_router.core.language.anchored import Anchored
from profile_router.core.policy.private import SWITCHES, Confidential
from profile_router.core.privacy.known_forms import KNOWN_KINDS as SECRET_KINDS
from profile_router.core.privacy.personal_data import LABEL, PERSONAL_KINDS, personal_spans
from profile_router.core.privacy.readings import straight_text

MOST_CONFIDENTIAL = 1_000
MOST_PATTERNS = 100
LONGEST_CONFIDENTIAL = 200  # characters of a word or a pattern
PATTERN_SECONDS = 2.0  # for one pattern in one text
TRIAL_SECONDS = 0.25  # for one pattern in one text of the trial
_MOST_MATCHES = 10_000  # of one pattern; from there on all is private
# Between the words of a phrase: blanks, breaks, and the signs at the start of a comment's or quotation's line.
_BETWEEN = r"[\s_\-#*/>|]{1,40}+"
# Scripts that write no blanks between words: there a word may stand within any other.
_UNSPACED = Anchored("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_KINDS_SAID = {
    *(secret.kind for secret in SECRET_KINDS),
    *(data.kind for data in PERSONAL_KINDS.values()),
    *("password", "secret value"),
}
_MASK = Anchored(
    rf"\[secret: (?:{'|'.join(map(re.escape, sorted(_KINDS_SAID)))}"
    r"|private (?:word|pattern) [0-9]{1,4} of the (?:policy|workspace))\]",
    anchors=("[secret: ",),
)
_TRIALS = tuple(
    part * (2_000 // len(part)) + end for part in ("a", "0", " ", "a ", "ab1-", "a.", "x,") for end in "!\n"
)


def confidential_spans(text: str, confidential: Confidential) -> Iterator[tuple[int, int, str]]:
    """Yield where *text*, one reading of a text, holds what *confidential* calls private, and by which rule.

    What a mask says does not count. A word of the policy may be `secret`, or the name of an issuer.
    """
    masks = [found.span() for found in _MASK.finditer(text)]
    for start, end, kind in _spans(text, confidential):
        if not any(first <= start and end <= last for first, last in masks):
            yield (0, len(text), kind) if kind == LABEL else (start, end, kind)


def _spans(text: str, confidential: Confidential) -> Iterator[tuple[int, int, str]]:
    lower = text.lower()
    for source, rules in confidential.sources():
        for number, word in enumerate(rules.words, 1):
            kind = f"private word {number} of the {source}"
            for pattern, first in _spellings(word):
                if first in lower:
                    yield from ((*found.span(), kind) for found in pattern.finditer(text))
        for number, expression in enumerate(rules.patterns, 1):
            kind = f"private pattern {number} of the {source}"
            yield from ((start, end, kind) for start, end in _pattern_spans(expression, text))
    for name in SWITCHES:
        if confidential.switched(name):
            yield from ((start, end, PERSONAL_KINDS[name].kind) for start, end in personal_spans(text, name))


def word_problem(word: str) -> str:
    """Return what is wrong with *word* as a private word, empty where nothing is."""
    if len(word) > LONGEST_CONFIDENTIAL:
        return f"has {len(word):,} characters (at most {LONGEST_CONFIDENTIAL})"
    letters = sum(char.isalnum() for char in straight_text(word))
    few = 1 if _UNSPACED.search(word) else 2
    return "" if letters >= few else "needs two letters or digits at least"


def pattern_problem(expression: str) -> str:
    """Return what is wrong with *expression* as a private pattern, empty where nothing is.

    It is tried on texts that are hard for repeats within repeats.
    """
    if len(expression) > LONGEST_CONFIDENTIAL:
        return f"has {len(expression):,} characters (at most {LONGEST_CONFIDENTIAL})"
    import regex

    try:
        compiled = _compiled(expression)
    except regex.error as error:
        return f"is not an expression: {error}"
    except ValueError:  # of regex's own reading: `{0i<`
        return "is not an expression"
    except (RecursionError, OverflowError, MemoryError):
        return "is too large for an expression"
    if compiled.search("") is not None:
        return "matches the empty text; write what it must hold"
    try:
        for text in _TRIALS:
            compiled.search(text, timeout=TRIAL_SECONDS)
    except TimeoutError:
        return "takes too long: repeats within repeats, such as (a+)+; write it without them"
    return ""


def _pattern_spans(expression: str, text: str) -> Iterator[tuple[int, int]]:
    try:
        for count, found in enumerate(_compiled(expression).finditer(text, timeout=PATTERN_SECONDS)):
            if count >= _MOST_MATCHES:
                yield found.start(), len(text)
                return
            if found.end() > found.start():
                yield found.span()
    except TimeoutError:  # what could not be told is not clear
        yield 0, len(text)


@lru_cache(maxsize=256)
def _compiled(expression: str) -> Any:
    import regex  # a moment's import: only a policy that has patterns pays for it

    return regex.compile(expression, regex.IGNORECASE | regex.MULTILINE | regex.VERSION0)


@lru_cache(maxsize=2 * MOST_CONFIDENTIAL)
def _spellings(word: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return the expressions of *word*, each with a literal in lower case that each of its matches holds.

    Small and capital letters of one alphabet may look like different letters of ours: `ь` and `Ь`.
    """
    spelled = {
        straight_text(one).lower(): straight_text(one) for one in (word, word.lower(), word.upper(), word.title())
    }
    return tuple(map(_expression, spelled.values()))


def _expression(word: str) -> tuple[re.Pattern[str], str]:
    parts = re.split(r"[\s_-]+", word.strip())
    parts = [part for part in parts if part] or [word]
    body = _BETWEEN.join(map(re.escape, parts))
    begins = r"(?<![^\W_])" if _is_bounded(parts[0][0]) else ""
    ends = r"(?![^\W_])" if _is_bounded(parts[-1][-1]) else ""
    return re.compile(begins + body + ends, re.IGNORECASE), max(parts, key=len).lower()


def _is_bounded(char: str) -> bool:
    return char.isalnum() and not _UNSPACED.match(char)
