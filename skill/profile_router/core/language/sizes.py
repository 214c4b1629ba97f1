"""Read the sizes that a text states of its own work: "about 60 files", "30 call sites", "593 warnings". Pure."""

import re

from profile_router.core.language.anchored import Anchored
from profile_router.core.language.clauses import clauses, first_word, word_set
from profile_router.core.language.kinds import NEGATED
from profile_router.core.language.plain_text import plain_text, words_of_letters
from profile_router.expressions import expression
from profile_router.values import frozen

_WORDS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_WORDS |= {"eleven": 11, "twelve": 12, "a dozen": 12, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50}
_WORDS |= {"sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "a hundred": 100, "one hundred": 100}
_WORDS |= {"two hundred": 200, "dozens of": 24, "hundreds of": 200, "a thousand": 1_000}
_FILES = r"(?:(?:source|test|python|config|yaml|markdown) )?files|modules|scripts|notebooks|templates|test files"
_SITES = (
    r"call[- ]?sites|callers|places|occurrences|usages|uses|references|instances|warnings|errors|violations|findings"
    r"|failures|imports|tests|test cases|functions|methods|classes|components|endpoints|links|typos|issues|problems"
)
_LINES = r"lines(?: of code)?|loc|sloc"
_NUMBER = r"(?P<number>\d{1,3}(?:,\d{3})+|\d{1,6}|" + "|".join(sorted(_WORDS, key=len, reverse=True)) + ")"
_NUMBER_WORDS = frozenset(word for number in _WORDS for word in number.split()) - {"a", "of"}
_DIGIT = expression(r"\d")
_IN_WORDS = Anchored("|".join(_WORDS), anchors=tuple(_WORDS), flags=re.IGNORECASE)
_STATED = Anchored(
    rf"(?<![\w.,$#/-]){_NUMBER}\+?(?:\s?(?:-|–|to)\s?(?P<up_to>\d{{1,6}}))?[ -](?:(?:of )?(?:the |our |these |those )?)"
    rf"(?P<adjectives>(?:(?!and\b|or\b|of\b|in\b|to\b|with\b)[a-z][\w-]*+ ){{0,2}}?)"
    rf"(?:(?P<files>{_FILES}|file(?= (?:change|refactor|rename|migration|diff)))|(?P<sites>{_SITES})"
    rf"|(?P<lines>{_LINES}|line(?= (?:change|refactor|diff|patch))))\b",
    anchors=(
        *("file", "modul", "script", "notebook", "template", "site", "caller", "place", "occurrence", "usage", "uses"),
        *("reference", "instance", "warning", "error", "violation", "finding", "failure", "import", "test", "function"),
        *("method", "class", "component", "endpoint", "link", "typo", "issue", "problem", "line", "loc"),
    ),
    flags=re.IGNORECASE,
)
_ALL_TESTS = Anchored(
    r"\b(?:all|every|each)(?: of)?(?: the| our| these)?(?: (?:existing|unit|other|single))? tests?(?: files?)?\b",
    anchors=(" test",),
    flags=re.IGNORECASE,
)
_EDITS = word_set(
    "update fix migrate convert rename refactor rewrite change port replace remove delete clean format lint edit "
    "modify move reorganize reorganise restructure translate resolve address touch merge document annotate adapt "
    "adjust switch bump correct eliminate reduce silence clear upgrade modernize apply go work drop"
)
_READS = word_set("review read audit summarize summarise analyze analyse inspect examine look")
_APPROXIMATE = (
    r"(?:about|around|approximately|approx\.?|roughly|some|nearly|almost|over|more than|at least|~|≈|all|the|these"
    r"|those|our|remaining|other|following|last|first|up)"
)
_AT_ONCE = Anchored(rf"\S+(?: up)?(?: {_APPROXIMATE})*\s?[~≈]?$", flags=re.IGNORECASE)
_IN_SO_MANY = Anchored(
    r"\b(?:in|across|over|throughout|of|at|touch(?:es|ing)?|affects?|affecting|spans?|spanning|covers?|involv\w+)"
    rf"(?: {_APPROXIMATE})*\s?[~≈]?$",
    flags=re.IGNORECASE,
)
_ASIDE = Anchored(rf"[(,:—–-]\s?(?:in )?(?:{_APPROXIMATE} ?)*[~≈]?$", flags=re.IGNORECASE)
_THERE = Anchored(
    rf"\b(?:there are|we have|it has|used (?:in|at)|must cover)(?: {_APPROXIMATE})*\s?[~≈]?$", flags=re.IGNORECASE
)
_NEEDS = Anchored(r" (?:need|have|must|should|has to|to (?:be|fix|update|change|migrate|convert|clean|resolve))\b")
_OF_CODE = Anchored(
    r"\b(?:when|while|if|than|limit\w*|maximum|max|per|that|which|who|open(?:s|ing)?|upload\w*|loading|after|until"
    r"|every|so that|because|allow\w*|support\w*|handl\w*|timeout|exceed\w*|fails?|crash\w*)\b(?! than\b)",
    flags=re.IGNORECASE,
)
_HTTP = range(400, 600)


@frozen
class StatedSizes:
    """What a text says of its own size, in files and in places or lines; None where it says nothing.

    `files` may be a most (`files_at_most`): 30 call sites lie in up to 30 files. `edits`: they are changed, not only
    read. `all_tests`: it asks for a change of each test.
    """

    files: int | None = None
    files_at_most: int | None = None
    lines: int | None = None
    edits: bool = True
    all_tests: bool = False


def stated_sizes(text: str) -> StatedSizes:
    """Return the largest sizes that *text* states of the work, none of what the code handles ("opens 60 files")."""
    files = sites = lines = None
    edits, all_tests = True, False
    plain = plain_text(text)
    in_words = _has_number_word(plain)
    tests = _ALL_TESTS.may_match_in(plain)
    stated = (in_words or _DIGIT.search(plain)) and _STATED.may_match_in(plain)
    for clause, asked in clauses(plain) if stated or tests else ():
        has_number = _DIGIT.search(clause) or (in_words and _IN_WORDS.may_match_in(clause))
        if not has_number and not (asked and tests):
            continue
        first = first_word(clause)
        for hit in _STATED.finditer(clause) if has_number else ():
            size = _size(hit)
            if size is None or not _is_of_the_work(hit, first, asked=asked):
                continue
            edits = first not in _READS
            if hit["files"]:
                files = max(files or 0, size)
            elif hit["lines"]:
                lines = max(lines or 0, size)
            else:
                sites = max(sites or 0, size)
        if asked and first in _EDITS and (every := _ALL_TESTS.search(clause)):
            all_tests = all_tests or not (_OF_CODE.search(clause[: every.start()]) or _passes(clause[every.end() :]))
    return StatedSizes(
        files=files,
        files_at_most=sites if files is None else None,
        lines=max((one for one in (sites, lines) if one is not None), default=None),
        edits=edits,
        all_tests=all_tests,
    )


def _has_number_word(plain: str) -> bool:
    """Tell whether a word of *plain* may be a part of a number in words."""
    words = words_of_letters(plain.lower())
    return words is None or not _NUMBER_WORDS.isdisjoint(words)


def _size(hit: re.Match[str]) -> int | None:
    written = hit["number"].lower()
    number = _WORDS.get(written) or int(written.replace(",", ""))
    if number in _HTTP and (hit["sites"] or "").lower() in ("errors", "failures") and not hit["adjectives"]:
        return None
    return max(number, int(hit["up_to"] or 0))


def _is_of_the_work(hit: re.Match[str], first: str, *, asked: bool) -> bool:
    before, following = hit.string[: hit.start()].rstrip(), hit.string[hit.end() :].lower()
    if NEGATED.search(before.lower()) or _OF_CODE.search(before):
        return False
    if not before:
        return bool(_NEEDS.match(following) or (asked and (not following.strip(" .:") or following[:1] == ":")))
    if _THERE.search(before):
        return True
    if asked and following.startswith((" change", " refactor", " rename", " migration", " diff", " patch")):
        return True
    if not asked or first not in _EDITS | _READS:
        return False
    at_once = _AT_ONCE.fullmatch(before) is not None
    return at_once or (not hit["lines"] and bool(_IN_SO_MANY.search(before))) or bool(_ASIDE.search(before))


def _passes(following: str) -> bool:
    return re.match(r" (?:pass|passing|succeed|green|still|run)\b", following) is not None
