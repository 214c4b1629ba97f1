"""The plain text of a task: what it says, without what it quotes. Pure.

Code in fences or backticks, quotations, URLs, paths and identifiers turn into one opaque ``…`` each.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

from profile_router.core.language.anchored import Anchored
from profile_router.expressions import expression

LOOKED_AT = 20_000
OPAQUE = "…"
# A table for `translate`: letters of ASCII stay, and its other characters turn into blanks.
LETTERS = "".join(chr(code) if chr(code).isalpha() else " " for code in range(128))
_CHARS = str.maketrans(
    dict.fromkeys("“”„‟«»「」", '"')
    | dict.fromkeys("‘’‚‛‹›", "'")
    | dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\xad")
)
_WHOLE_QUOTE = Anchored(r"""\s*(?:"[^"]*"|'(?:[^']|(?!(?<!\w)'\w)')*')\s*""", anchors=('"', "'"))
_OPAQUE = Anchored(
    r"""
      (`{3,}|^~{3,})(?s:.*?)(?:\1|\Z)                                   # a fence, closed or not
    | <!--(?s:.*?)(?:-->|\Z)
    | ``(?:[^`\n]|`(?!`))+`` | `[^`\n]+`
    | ^(?:>|\$[ ]|%[ ]|@@[ ]).*                                         # block quotes, shell prompts, diff hunks
    | (?:\b[a-z]{2,6}://|\bwww\.)\S*[\w/]
    | (?<!\w)"[^"\n]*(?:\n[^"\n]+)*"                                    # a quotation ends with its paragraph
    | (?<![\w'])'(?=\S)(?:[^'\n]|(?<=\w)'(?=\w))*'(?!\w)                # don't and module's open nothing
    | </?[a-zA-Z][^<>\n]{0,200}>
    | \b(?:e\.g|i\.e|etc|vs|cf|incl|approx|resp)\.
    | (?<![\w.@~$*/-])(?![A-Za-z]+/[a-z]+[ ](?:the|this|all|our|every|each|my)\b)  # not a path: "lint/format the code"
      [\w.@~$*-]*(?:[\\/_=]|::|\(\)|(?<=\w)\.(?=\w)|(?<=@)\w|(?<=--)\w)(?:[^\s,;"'`]{0,1000}[\w/*})])?
    """,
    anchors=(*"`<>$%@\"'./\\_=", "~~~", "--", "://", "::", "()"),
    flags=re.VERBOSE | re.MULTILINE,
)
# Words that surely begin nothing opaque are passed over at once. Else `_OPAQUE` is tried at each of their letters.
_SAID_OR_OPAQUE = Anchored(
    r"(?P<said>(?:[A-Za-z0-9]++(?:['-][A-Za-z0-9]++)*+"
    r"(?:(?=[\s,;!?)])|:(?=\s)|\.(?=\s)(?<!etc\.)(?<!vs\.)(?<!cf\.)(?<!incl\.)(?<!approx\.)(?<!resp\.))|[\s,;!?)]++)++)|"
    + _OPAQUE.pattern.replace(r"(`{3,}", r"(?P<fence>`{3,}").replace(r"(?:\1|", "(?:(?P=fence)|"),
    flags=_OPAQUE.flags,
)
_HEADING = expression(r"#(?<=^#)#* ", re.MULTILINE)  # both begin with a character: `re` looks for that at once
_EMPHASIS = expression(r"\*(?:\*|(?<!\w\*)(?=\w)|(?<=\w\*)(?!\w))")
_WRAPPED_FROM = 61  # characters of a line that ends in no punctuation: what follows in lower case goes on with it


@lru_cache(maxsize=4)  # a task's text is asked for by kinds, phrases and language
def plain_text(text: str) -> str:
    """Return the first 20,000 characters of *text* with all that is quoted rather than said made opaque."""
    text = text[:LOOKED_AT]
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_CHARS)[:LOOKED_AT]
    if _WHOLE_QUOTE.fullmatch(text):
        return OPAQUE
    text = "\n".join([" ".join(line.split()) for line in text.split("\n")]).strip()
    if ";" in text:
        text = re.sub(r"\btl;dr\b", "tldr", text, flags=re.IGNORECASE)
    if _OPAQUE.may_match_in(text):
        text = _SAID_OR_OPAQUE.sub(lambda found: found[1] or OPAQUE, text)
    if "#" in text:
        text = _HEADING.sub("", text)
    if "*" in text:
        text = _EMPHASIS.sub("", text)
    return _unwrapped(text)


@lru_cache(maxsize=4)  # phrases, language and sizes ask for those of the same text
def words_of_letters(plain: str) -> frozenset[str] | None:
    """Return the words of *plain* in lower case, all but letters as blanks; None where a letter is not of ASCII."""
    said = plain.lower().replace(OPAQUE, " ")
    return frozenset(said.translate(LETTERS).split()) if said.isascii() else None


def _unwrapped(text: str) -> str:
    """Return *text* with the lines joined that were wrapped: a long one and what goes on in lower case."""
    lines = text.split("\n")
    joints = [
        " " if len(line) >= _WRAPPED_FROM and line[-1] not in ".!?:;" and "a" <= following[:1] <= "z" else "\n"
        for line, following in pairwise(lines)
    ]
    return "".join([part for both in zip(lines, joints, strict=False) for part in both]) + lines[-1]
