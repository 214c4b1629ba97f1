"""What stands around a path in a text, and whether it tells a place alone where work is done. Pure."""

import re
from collections.abc import Iterator

from profile_router.core.language.anchored import Anchored
from profile_router.expressions import expression

_BEFORE, _BEHIND = 160, 40  # characters looked at around a path
PATH_CHAR = expression(r"[\w/]")
_GLOB_GOES_ON = expression(r"[\w/*]")
_CLAUSE = Anchored(r"[.!?;](?=\s)|\n\s*\n|\n\s*(?:[-*•+]|\d+[.)])\s")
_WRAPPED = Anchored(r"[`\"'“‘(\[<@]*(?:\./)?$")
_LISTED = expression(r"(?:,|\band\b|\bor\b|&|\+)\s*$")
_PATH = Anchored(r"[`\"'(@]*[\w.*?\[\]{}~-]*[/*.][^\s,]*[`\"')]*\s*$")
_SKIPPED = Anchored(r"\b(?:the|our|my|this|its|your|folder|directory|dir|package|path|glob)\s+$")
_ONLY_PLACE = Anchored(r"\b(?:in|into|inside|to|under|below|within|from|at|near|beside|with|by|see|like|as|via)$")
_ABOUT = expression(r"\b(?:of|for)$")
_ONE = Anchored(r"\b(?:an?|one|another|single|1)\s+(?:[\w-]+\s+){0,3}?(?:[\w-]+)\s+(?:of|for)$")
_ACT = Anchored(r"\b(?:review|audit|summary|overview|analysis|refactor(?:ing)?|rewrite|linting)\s+(?:of|for)$")
_EACH = Anchored(
    r"\b(?:(?:all|each|every|whole|entire|everything|rest|every one)(?:\s+[\w.*-]+){0,3}?"
    r"|(?:the|our|these)\s+(?:[a-z-]+\s+)?(?:files|modules|packages|sources|code))"
    r"\s+(?:in|of|under|within|inside|below|at|from)$"
)
_VERB_AND_PREPOSITION = Anchored(r"\b(?:look|go|read|search|scan|walk|work|dig)\s+(?:\w+\s+)?(?:at|in|into|through)$")
_ALL_OF_IT = expression(r"\b(?:all|whole|entire|every)$")
COLON_BEHIND = expression(r"[`\"')]*:\s")


def only_a_place(path: str, text: str) -> bool:
    """Tell whether every mention of *path* in *text* only says where something is done ("add a test to tests/").

    The object of a verb ("lint tests/") or of an act ("review of src/") is the work itself. So is a mention with a word
    for all of it ("each file in src/"). What the text spells otherwise counts as the work.
    """
    told = (_is_place(*around) for around in around_mentions(path, text, behind=_GLOB_GOES_ON))
    return next(told, False) and all(told)


def around_mentions(path: str, text: str, *, behind: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Yield what stands before and behind each mention of *path* in *text*, where no longer path holds it.

    *behind* is what a longer one goes on with.
    """
    at = text.find(path)
    while at >= 0:
        end = at + len(path)
        if not (at and PATH_CHAR.match(text[at - 1])) and not behind.match(text[end : end + 1]):
            yield text[max(0, at - _BEFORE) : at], text[end : end + _BEHIND]
        at = text.find(path, end)


def governing(before: str, *, listed: re.Pattern[str], path: Anchored, skipped: Anchored) -> str:
    """Return the words of *before* that govern the path behind it, in lower case: those of its clause.

    Quotes go. So do the paths that *listed* puts beside it, each a *path*, and the words that are *skipped*.
    """
    before = _WRAPPED.sub("", _CLAUSE.split(before)[-1].lower()).rstrip()
    while (beside := listed.search(before)) and (other := path.search(before[: beside.start()])):
        before = before[: other.start()].rstrip()
    while article := skipped.search(f"{before} "):
        before = before[: article.start()].rstrip()
    return before


def _is_place(before: str, following: str) -> bool:
    before = governing(before, listed=_LISTED, path=_PATH, skipped=_SKIPPED)
    if not before:
        return COLON_BEHIND.match(following) is not None
    if _ALL_OF_IT.search(before) or _EACH.search(before) or _VERB_AND_PREPOSITION.search(before):
        return False
    if _ABOUT.search(before):
        return _ACT.search(before) is None and (before.endswith("of") or _ONE.search(before) is not None)
    return _ONLY_PLACE.search(before) is not None or before.endswith((":", "e.g.", "cf."))
