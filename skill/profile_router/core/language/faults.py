"""Tell whether a text reports a fault, as an issue does. Such a text asks for nothing, and wants it fixed. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

from profile_router.core.language.anchored import Anchored
from profile_router.core.language.clauses import clauses, first_word, word_set
from profile_router.core.language.edits import asks_for_an_edit, hands_off
from profile_router.core.language.plain_text import plain_text

# What asks to look and to tell. A text that begins a sentence with one of these, or that asks a question, is not a
# report.
_LOOKS = word_set(
    "analyse analyze answer assess audit check compare count describe diagnose diff display document draft estimate "
    "evaluate examine explain explore figure find give help how identify inspect investigate is know list locate look "
    "outline plan propose read recommend research review run search show suggest summarise summarize tell trace "
    "understand verify what when where whether which who why write can could do does are should would"
)
_FAULT = Anchored(
    r"\b(?:should|must|has to|have to|had to|needs? to|ought to|supposed to|expected|instead|rather than|wrong(?:ly)?"
    r"|incorrect(?:ly)?|inconsistent(?:ly)?|unexpected(?:ly)?|fail(?:s|ed|ing|ure)?|broken|breaks?|crash(?:es|ed)?"
    r"|raises?|throws?|exceptions?|\w*errors?|bugs?|loses?|lost|ignores?|ignored|forgets?|missing|misses|leaves? out"
    r"|drops|dropped|too (?:many|few|much|little|late|early|long|short|large|small|often)"
    r"|(?:one|\d+|more|less) (?:\w+ ){0,2}(?:more|less|fewer|than)|never|no longer|(?:does|do|did|is|are|was) ?n[o']t"
    r"|won't|can ?not|can't|unable|is (?:empty|negative|read as|treated as|taken for)"
    r"|no (?:\w+ ){1,3}(?:may|can|shall) be|may (?:not|never|only) "
    r"|not (?:working|handled|supported|respected|honou?red|applied|called)"
    r"|regression|deadlocks?|hangs?|leaks?|overwrites|duplicated?|misleading|invalid)\b",
    flags=re.IGNORECASE,
)
# What is not the code's: a task that speaks of it may be done where no code changed.
_OF_WORDS = Anchored(
    r"\b(?:comment\w*|doc\w*|javadocs?|jsdocs?|examples?|readme|changelog|release notes|typos?|spell\w*|mis-?spel\w*"
    r"|wording|reword\w*|gramma\w+|phras\w+|paragraphs?|sentences?|headings?|whitespace|white space|blank lines?"
    r"|trailing|indent\w*|format(?:ting|ted)?|lint\w*|licen[cs]e|copyright|header|help text|markdown|links?|typing"
    r"|type hints?|annotations?|nits?|casing|cosmetics?|style\w*|clean-?up|mypy|pyright|ruff|flake8|pylint|eslint"
    r"|prettier|coverage|translat\w*)\b|\.(?:md|rst|txt|adoc)\b",
    flags=re.IGNORECASE,
)
# A sentence that begins with code that is called: `share(10, 3) loses a cent`; or with a member: `Cart.add ignores it`.
_CALLED = Anchored(
    r"(?:^|(?<=[.!?\n])\s*|[,:]\s)\W{0,3}\w+(?:(?:\.|::|->)\w+)*\((?:[^()\n]|\([^()\n]{0,40}\)){0,80}\)`?\s+\w"
    r"|(?:^|(?<=[.!?\n])\s*)`?(?:[A-Z]\w*(?:[.#](?!(?:js|ts|io|net|com|org|dev|ai|app|cloud)\b)[a-z_]\w*)+"
    r"|\w+(?:(?:::|->)\w+)+)`?\s+[a-z]"
)
_ASKS_FOR_FIX = Anchored(
    r"\W*(?:please |can you |could you )?(?:fix|mend|repair|correct|resolve|debug)\b", flags=re.IGNORECASE
)
_SENTENCES = Anchored(r"(?<=[.!?])\s+|\n+")
_LONGEST = 20_000  # characters that are looked at: a report says early what is wrong


def wants_a_change(text: str, files: Collection[str] = ()) -> bool:
    """Tell whether *text*, for a task that names *files*, asks for an edit or reports a fault.

    Work that changes nothing has then not done it.
    """
    return asks_for_an_edit(text, files) or tells_of_a_fault(text)


def only_asks(text: str, files: Collection[str] = ()) -> bool:
    """Tell whether *text*, for a task that names *files*, only asks to look and tell, and to change nothing."""
    plain = plain_text(text[:_LONGEST])
    if hands_off(plain):
        return True
    acts = [first_word(clause.lower()) for clause, asks in clauses(plain) if asks]
    return bool(acts) and all(act in _LOOKS for act in acts) and not wants_a_change(text, files)


def tells_of_a_fault(text: str) -> bool:
    """Tell whether *text* says that something is wrong. It must not ask to look, to answer or to keep hands off."""
    plain = plain_text(text[:_LONGEST])
    if hands_off(plain) or "?" in plain:
        return False
    sentences = [sentence for sentence in _SENTENCES.split(plain) if sentence.strip()]
    if any(first_word(sentence.lower()) in _LOOKS for sentence in sentences):
        return False
    return any(_FAULT.search(sentence) for sentence in sentences)


def wants_a_fix(text: str) -> bool:
    """Tell whether *text* reports a fault of what a program does, or asks to fix one. A test for it would be red."""
    plain = plain_text(text[:_LONGEST])
    if _OF_WORDS.search(text[:_LONGEST]) or hands_off(plain):
        return False
    return tells_of_a_fault(text) or bool(_ASKS_FOR_FIX.match(plain))


def wants_other_code(text: str, files: Collection[str] = ()) -> bool:
    """Tell whether work on *text* and *files* needs the code to change. A comment fixes no fault."""
    return wants_a_fix(text) and not any(_OF_WORDS.search(file) for file in files)


def tells_of_a_call(text: str) -> bool:
    """Tell whether *text* reports a fault of a call or a member: one of its sentences begins with it."""
    return bool(_CALLED.search(text[:_LONGEST])) and tells_of_a_fault(text)
