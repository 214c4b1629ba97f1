"""Which paths of a text are surely what is to be edited, and not only spoken of. Pure.

"Fix the loop in a.py" and "update a.py" tell so; "as described in a.md", "the caller from a.py" do not.
"""

from __future__ import annotations

from profile_router.core.language.anchored import Anchored
from profile_router.core.language.around_paths import COLON_BEHIND, PATH_CHAR, around_mentions, governing
from profile_router.core.language.edits import asks_for_an_edit
from profile_router.core.language.path_words import PathWord, path_words
from profile_router.expressions import expression

_SKIPPED = Anchored(r"\b(?:the|our|my|this|its|your|file|files|module|script|source|class|both|path)\s+$")
_LISTED = expression(r"(?:,|\band\b|&)\s*$")
_PATH = Anchored(r"[`\"'(@]*[\w~-][\w./~-]*\.\w+[`\")\']*\s*$")
_IN = Anchored(r"\b(?:in|into|inside|within|of|to)$")
# What is only looked at, or only like the other, is not edited.
_REFERS = Anchored(
    r"\b(?:\w{2,}ed|according|corresponding|belonging|referring|pointing|leading|looking|living|as|like|see|seen|shown"
    r"|given|written|found|known|similar|due|identical|equal"
    r"|relative|analogous|is|are|was|were|lives?|stands?|occurs?|happens?|appears?|refers?|points?|link|links|path"
    r"|copy|copies|version|contents?|look|read|access|compared?|next|close|respect|that|which)"
    r"\s+(?:in|into|inside|within|of|to)$"
)
_EDITED = Anchored(
    r"\b(?:fix|change|edit|update|modify|refactor|rewrite|correct|repair|patch|simplify|extend|clean up|reformat"
    r"|rework|improve|adapt|adjust|annotate|document|translate)$"
)


def edit_places(text: str) -> tuple[PathWord, ...]:
    """Return the words of *text* that are paths to edit, as far as that is sure; none where it asks for no edit."""
    if not asks_for_an_edit(text):
        return ()
    return tuple(
        word
        for word in path_words(text)
        if any(_is_edited(*around) for around in around_mentions(word.text, text, behind=PATH_CHAR))
    )


def _is_edited(before: str, following: str) -> bool:
    before = governing(before, listed=_LISTED, path=_PATH, skipped=_SKIPPED)
    if not before:
        return COLON_BEHIND.match(following) is not None
    if _REFERS.search(before):
        return False
    return _IN.search(before) is not None or _EDITED.search(before) is not None
