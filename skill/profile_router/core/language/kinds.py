"""Find the kinds of work a text asks for: the act requested, never a word that merely occurs.

The grammar is `clauses`, the vocabulary (one list of regular expressions per kind) is data of the policy. A kind's
patterns are matched, in lower case, at the start of a clause that asks. Three named groups save every pattern a long
list of its own. `(?P<gap>…)` may hold no preposition or conjunction, so the object stays the verb's own.
`(?P<title>…)` also begins with no verb, so that a bare title is a noun phrase. `(?P<end>)` is where a noun phrase
must end, so that "security review" is not found in "security review page".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field

from profile_router.core.language.anchored import LENGTH, Anchored
from profile_router.core.language.clauses import ASIDES, IMPERATIVES, WORDS, WORK, clauses, first_word, word_set
from profile_router.core.language.plain_text import OPAQUE, plain_text
from profile_router.expressions import expression
from profile_router.values import frozen

QUOTE_CHARS = 60
_Place = tuple[int, int]  # of an expression: the number of its kind, and its own
# "Implement X, rename it everywhere, then lint and summarize": beside other work these are its chores, not the task.
CHORES = word_set("lint summarize repetitive-edit")
LINKS = word_set(
    "about across after against and around as at because before behind between but by covering during everywhere "
    "exposed focusing for from in into is it now of on onto or our over so that the this through throughout to "
    "too toward towards under until using we what where which while with within without you again first reported "
    "… – —"
)
PREPOSITIONS = word_set("of for in on to from with that which by using so and about around caused introduced")
# What else begins a title that is not a noun phrase: "Undo the refactoring", "Enable the security audit".
TITLE_VERBS = IMPERATIVES | word_set(
    "undo revert enable disable enhance configure setup expose wire log track mention note prevent block gate unblock "
    "merge close reopen restore reapply rebase discuss announce schedule postpone cancel delay approve reject enforce "
    "require trigger publish release skip no not never broken failed failing"
)
_CAPITAL = Anchored(r"(?<![\\?])(?:\\\\)*([A-Z])")
# "Lint it and fix what it reports": still lint.
_FOLLOW_UP = Anchored(
    r"(?:fix|resolve|correct|address|handle|remove) (?:what|whatever|it|them|all|any|every|everything"
    r"|(?:the|its|those|these) (?:\w++ ){0,2}(?:findings?|issues?|warnings?|errors?|violations?|problems?))\b",
    anchors=(
        *(" what", " it", " them", " all", " any", " every"),
        *("finding", "issue", "warning", "error", "violation", "problem"),
    ),
)
_PARENTHESES = expression(r" ?\([^()\n]*\)")
_LIGHT_VERB = Anchored(
    r"(?:do|perform|run|conduct|carry out|make|give(?: me| us)?|write(?: me| us| up)?|prepare|produce|provide"
    r"|create|generate|draft|get(?: me| us)?|send(?: me| us)?|start with|begin with|propose)\s+",
    anchors=(
        *("do", "perform", "run", "conduct", "carry out", "make", "give", "write", "prepare", "produce", "provide"),
        *("create", "generate", "draft", "get", "send", "start with", "begin with", "propose"),
    ),
    flags=re.IGNORECASE,
)
NEGATED = Anchored(
    r"(?:not|n't|no|never|nothing|none|neither|nobody|without|instead of|rather than|except)(?![\w-])",
    anchors=None,
)


@frozen
class KindHit:
    """Say which kind of work was asked for, and in which words (whitespace folded, at most 60 characters)."""

    kind: str
    quote: str


@frozen
class KindPatterns:
    """Hold the expressions of each kind, in policy order.

    `starts` tells where those are that may match a text by its first two characters, and under "" for all others.
    """

    kinds: tuple[tuple[str, tuple[Anchored, ...]], ...]
    starts: Mapping[str, Sequence[_Place]] = field(compare=False, repr=False)

    def that_may_match(self, lowered: str) -> Iterator[tuple[str, Anchored]]:
        """Yield each that may match at the start of *lowered*, with its kind."""
        places = self.starts.get(lowered[:LENGTH])
        for at, number in self.starts[""] if places is None else places:
            kind, each = self.kinds[at]
            if each[number].may_match_in(lowered):
                yield kind, each[number]


def compile_kinds(patterns: Mapping[str, Sequence[str]]) -> KindPatterns:
    """Return the policy's regular expressions, kind by kind.

    Raises ValueError, which names the kind and the pattern, for one that is not a regular expression. One that matches
    the empty text raises it too (it would match every task). So does one with a capital letter (it would match none).
    """
    kinds: list[tuple[str, tuple[Anchored, ...]]] = []
    for kind, sources in patterns.items():
        for source in sources:
            _try(kind, source)
        kinds.append((kind, tuple(Anchored(one, None) for one in sources)))
    return KindPatterns(kinds=tuple(kinds), starts=_starts(kinds))


def _starts(kinds: Sequence[tuple[str, Sequence[Anchored]]]) -> Mapping[str, list[_Place]]:
    """Return the places of *kinds* by the first two characters of what they match. All lists are in policy order."""
    from profile_router.core.language.starts import starts_of  # what was told of a policy before is kept

    of = {(at, number): starts_of(one.pattern) for at, (_, each) in enumerate(kinds) for number, one in enumerate(each)}
    known = {"", *(start for starts in of.values() for start in starts)}
    return {start: [place for place, starts in of.items() if not starts or start in starts] for start in known}


def _try(kind: str, source: str) -> None:
    try:
        pattern = re.compile(source)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"kind {kind}: the pattern {source!r} is not a regular expression: {error}") from error
    if pattern.match(""):
        raise ValueError(f"kind {kind}: the pattern {source!r} matches the empty text, so it would match every task")
    if capital := _CAPITAL.search(source):
        raise ValueError(f"kind {kind}: the pattern {source!r} has {capital[1]!r}, but tasks are matched in lower case")


def find_kinds(text: str, kinds: KindPatterns) -> tuple[KindHit, ...]:
    """Return the kinds that the first 20,000 characters ask for: at most one hit each, in policy order."""
    quotes: dict[str, str] = {}
    other_work = False
    plain = plain_text(text)
    for clause, asked in clauses(_PARENTHESES.sub("", plain) if "(" in plain else plain):
        if asked:
            hits = _hits(clause, kinds)
            quotes = hits | quotes
            other_work = other_work or (CHORES.isdisjoint(hits) and _is_work(clause))
    found = [kind for kind, _ in kinds.kinds if kind in quotes and not (other_work and kind in CHORES)]
    return tuple(KindHit(kind=kind, quote=quotes[kind]) for kind in found)


def _is_work(clause: str) -> bool:
    return first_word(clause) in WORK and not _FOLLOW_UP.match(clause.lower())


def _hits(clause: str, kinds: KindPatterns) -> dict[str, str]:
    hits: dict[str, str] = {}
    for reading in _readings(clause):
        lowered = reading.lower()
        for kind, pattern in kinds.that_may_match(lowered):
            if kind not in hits and (hit := pattern.match(lowered)) and _holds(hit):
                # a few capitals grow when lowered; then the lowered words are the ones that can be cut out
                words = (reading if len(reading) == len(lowered) else lowered)[: hit.end()].strip(" ,:")
                hits[kind] = words if len(words) <= QUOTE_CHARS else words[: QUOTE_CHARS - 1].rstrip() + OPAQUE
    return hits


def _readings(clause: str) -> tuple[str, ...]:
    light = _LIGHT_VERB.match(clause)
    return (clause, clause[light.end() :]) if light else (clause,)


def _holds(hit: re.Match[str]) -> bool:
    groups = hit.re.groupindex
    if NEGATED.search(hit.group()):
        return False
    if "gap" in groups and not PREPOSITIONS.isdisjoint((hit["gap"] or "").split()):
        return False
    if "title" in groups and not _is_noun_phrase((hit["title"] or "").replace(",", "").split()):
        return False
    return "end" not in groups or hit.start("end") < 0 or ends_phrase(hit)


def ends_phrase(hit: re.Match[str]) -> bool:
    """Tell whether the noun phrase ends where *hit* does: no further noun follows."""
    following = WORDS.search(hit.string, hit.end())
    return following is None or not following[0][0].isalnum() or following[0].rstrip(".") in LINKS


def _is_noun_phrase(words: Sequence[str]) -> bool:
    if not words or not (PREPOSITIONS | ASIDES).isdisjoint(words):
        return not words
    first = words[0]
    forms = (
        first,
        first.removesuffix("s"),
        first.removesuffix("es"),
        first.removesuffix("d"),
        first.removesuffix("ed"),
    )
    gerund = first.removesuffix("ing") if first.endswith("ing") else first
    return TITLE_VERBS.isdisjoint((*forms, gerund, f"{gerund}e"))
