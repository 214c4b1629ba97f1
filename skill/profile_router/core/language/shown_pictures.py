"""Pictures that a text speaks of without holding them: `<img src>`, picture URLs, Figma links, "see the screenshot"."""

import re
from collections.abc import Iterator

from profile_router.core.language.anchored import Anchored
from profile_router.core.language.kinds import NEGATED, ends_phrase
from profile_router.core.language.plain_text import plain_text
from profile_router.expressions import expression

_CLAUSE = 200
_CODE = expression(r"(`{3,}|~{3,})(?s:.*?)(?:\1|\Z)|`[^`\n]+`")
_IMG = Anchored(
    r"<img\b[^<>]{0,500}?\bsrc\s?=\s?(?:\"([^\"<>\n]{1,1000})\"|'([^'<>\n]{1,1000})'|([^\s\"'<>]{1,1000}))",
    anchors=("<img",),
    flags=re.IGNORECASE,
)
_URL = Anchored(
    r"(?<![\"'=`\w/])(?<!\]\()(?<!\]\(<)https?://(?!img\.shields\.io)(?:[^\s<>\"'`)\]]{1,1000}?\.(?:png|jpe?g|gif|webp)"
    r"(?:\?[^\s<>\"'`)\]]{0,500})?(?![\w/.-]*[\w/])"
    r"|(?:www\.)?figma\.com/(?:file|design|proto|board)/[^\s<>\"'`)\]]{1,500}"
    r"|github\.com/(?:user-attachments/assets|[\w.-]{1,100}/[\w.-]{1,100}/assets)/[^\s<>\"'`)\]]{1,300})",
    anchors=(".png", ".jp", ".gif", ".webp", "figma.com/", "github.com/"),
    flags=re.IGNORECASE,
)
_FETCHED = Anchored(r"\b(?:curl|wget|download|fetch|get|head)\s+(?:-\S+\s+)*$", flags=re.IGNORECASE)
_PLACEHOLDER = Anchored(r"\[image #\d{1,3}\]", anchors=("[image #",), flags=re.IGNORECASE)
_NOUN = r"(?:screen ?shots?|screen ?grabs?|screen captures?|mock-?ups?|wireframes?)"
_PICTURE = rf"(?:{_NOUN}|pictures?|images?|photos?|diagrams?|figures?)"
_ATTACHED = Anchored(
    rf"(?:(?:the|this|my|these|see|per)(?: the)? |^|please find )(?:attached|enclosed|pasted) (?:\w+ )?{_PICTURE}\b"
    rf"|(?:the|this|my|a|these) {_PICTURE} (?:(?:is|are|that is) )?(?:attached|enclosed)\b"
    rf"|(?:attached|pasted|enclosed) (?:is )?an? (?:\w+ )?{_PICTURE}\b"
    rf"|(?:see|in|per|from|like|match|shown in|look at) (?:the|this|my|these) (?:\w+ )?{_NOUN}\b"
    rf"|(?:this|the|my) {_NOUN} (?:above|below|shows?)\b",
    anchors=("attach", "enclosed", "pasted", "screen", "mock", "wireframe"),
    flags=re.IGNORECASE | re.MULTILINE,
)
_IGNORED = Anchored(r"\b(?:ignore|skip|remove|delete|forget|without|lacks?|missing)\b", flags=re.IGNORECASE)
_PICTURE_NAME = Anchored(r"\.(?:png|jpe?g|gif|webp)(?:[?#].*)?$", anchors=(".",), flags=re.IGNORECASE)
# A tag that is a verb's object, as in "wrap the <img src=…>", is worked on, as code is.
_WORKED_ON = Anchored(
    r"\b(?:add|change|convert|emit|escape|insert|move|rename|render|replace|set|turn|use|wrap)s?"
    r"\s+(?:(?:the|an?|this|that|each|every|all)\s+)?$",
    flags=re.IGNORECASE,
)


def without_code(text: str) -> str:
    """Return *text* without fences and code in backticks: what stands there is worked on, not shown."""
    return _CODE.sub(" ", text) if "`" in text or "~~~" in text else text


def img_targets(prose: str) -> Iterator[str]:
    """Yield what the `<img src>` of *prose* point at, without templates and data URLs."""
    for found in _IMG.finditer(prose):
        target = (found[1] or found[2] or found[3]).strip()
        if target and not re.search(r"[{}$]|^data:|^\.\.\.$|^…$|^\[image", target):
            yield target


def pictures_in_tags(prose: str) -> Iterator[str]:
    """Yield the `img_targets` with a picture's name whose tag is shown: it is neither ignored nor worked on."""
    for found in _IMG.finditer(prose):
        before = re.split(r"[.!?;\n]", prose[max(0, found.start() - _CLAUSE) : found.start()])[-1].lower()
        if not any(rule.search(before) for rule in (NEGATED, _IGNORED, _WORKED_ON)):
            yield from (target for target in img_targets(found.group()) if _PICTURE_NAME.search(target))


def picture_urls(prose: str) -> Iterator[str]:
    """Yield the bare URLs in *prose* that are pictures by name or host. Those of links and commands do not count."""
    for found in _URL.finditer(prose):
        if not _FETCHED.search(prose[max(0, found.start() - 40) : found.start()]):
            yield found.group().rstrip(".,;:!?")


def pictures_spoken_of(text: str) -> Iterator[str]:
    """Yield the words of *text* that speak of a picture that goes with it: `[Image #1]`, "the attached screenshot"."""
    for found in _PLACEHOLDER.finditer(text):
        yield found.group()
    plain = plain_text(text)
    for found in _ATTACHED.finditer(plain):
        before = re.split(r"[.!?;\n]", plain[: found.start()])[-1].lower()
        if ends_phrase(found) and not NEGATED.search(before) and not _IGNORED.search(before):
            yield found.group()
            return
