"""Tell how far a task says its work reaches. A word such as "every" says it, or the codebase as the verb's object."""

import re
from collections.abc import Sequence
from functools import lru_cache

from profile_router.core.language.anchored import Anchored
from profile_router.core.language.clauses import ARTICLES, clauses, word_set
from profile_router.core.language.kinds import NEGATED, PREPOSITIONS, ends_phrase
from profile_router.core.language.plain_text import plain_text, words_of_letters

NO_SCOPE = word_set(  # "every time", "across restarts", "the whole point" say nothing about how much code is meant
    "time times day hour minute second week month year now so once night morning sprint release point thing lot "
    "idea story number word restart restarts run runs request requests session sessions thread threads process "
    "processes platform platforms browser browsers device devices reboot reboots user users version versions "
    "invocations seconds minutes hours days ms s few other"
)
SCOPE_ADJECTIVES = word_set("all the different multiple several many single")
_OBLIGES = Anchored(
    r"\b(?:should|must|needs?|ha(?:s|ve) to|applies|touch(?:es)?|affects?|covers?|spans?)\b",
    anchors=None,
)
REACHING = word_set("be is are cover covers touch touches affect affects span spans apply applies need needs has")
# "run all tests", "make sure every module imports": nothing is changed there
_LOOKS_ON = Anchored(r"(?:(?:re-?)?run|execute|verify|check|ensure|confirm|watch|keep|pass|test)\b|.*\bmake sure\b")
_NO_VERBS = word_set("this its across always perhaps plus versus less unless besides towards afterwards as is was has")
# "the poller that polls all files": what the code does, not what is asked for
_TELLS_OF_CODE = Anchored(r"\b(?:that|which|who)(?: \w+ly| also| now| still)? (?!\w+ss\b)(\w+s)\b|\bso that\b")
_OF_THE = r"(?:the |this |our |my |your |its |whole |entire |full |complete )"


def has_scope_word(text: str, words: Sequence[str], objects: Sequence[str] = ()) -> str | None:
    """Return the first of *words* or *objects* that says how far the work reaches, as it was written, or None.

    A word counts in a clause that asks or obliges ("this must cover every module"). It does not count when quoted or
    negated, or when it measures something else than code ("every time"). Nor does it when it tells what the code does
    ("it polls all files"). "all modules" also finds "all of our modules". *objects* count where they are the object of
    the clause's first verb: "refactor the codebase to async"; one that begins with "the" has no further word before it.
    """
    plain = plain_text(text)
    scope, whole = _expression(tuple(words)), _object_expression(tuple(objects))
    there = words_of_letters(plain.lower())
    scope = scope if scope is not None and _may_match(scope, plain, there) else None
    whole = whole if whole is not None and _may_match(whole, plain, there) else None
    if scope is None and whole is None:
        return None
    for clause, asked in clauses(plain):
        if scope is not None and scope.may_match_in(clause) and (asked or _OBLIGES.search(clause)):
            for hit in scope.finditer(clause):
                negated = NEGATED.search(clause[: hit.start()].rpartition(",")[2].lower())
                if not negated and _is_meant(clause, hit):
                    return hit.group()
        if asked and whole is not None and (found := whole.match(clause)):
            gap = (found["gap"] or "").lower().split()
            if PREPOSITIONS.isdisjoint(gap) and (found["act"] or (found["verb"] and ends_phrase(found))):
                return found["noun"] or found["other"]
    return None


def _may_match(one: Anchored, plain: str, there: frozenset[str] | None) -> bool:
    """Tell whether *one* may match in *plain*, whose words are *there*. An anchor of it is a word of its own."""
    if there is None or not all(map(str.isalpha, one.literals)):
        return one.may_match_in(plain)
    return not one.literals or not there.isdisjoint(one.literals)


@lru_cache(maxsize=8)  # those of a policy are asked for with each task
def _expression(words: tuple[str, ...]) -> Anchored | None:
    between = r" (?:of )?(?:the |our |its |these )?"
    spelled = [between.join(map(re.escape, word.split())) for word in words if word.strip()]
    if not spelled:
        return None
    firsts = tuple(word.split()[0].lower() for word in words if word.strip())
    return Anchored(
        rf"(?<![\w-])(?:{'|'.join(spelled)})(?![\w-])",
        anchors=firsts if all(map(str.isascii, firsts)) else (),
        flags=re.IGNORECASE,
    )


@lru_cache(maxsize=8)
def _object_expression(objects: tuple[str, ...]) -> Anchored | None:
    nouns = [one.lower().split() for one in objects if one.strip()]
    if not nouns:
        return None
    free = "|".join(re.escape(" ".join(noun)) for noun in nouns if noun[0] != "the") or "(?!)"
    fixed = "|".join(re.escape(" ".join(noun[1:])) for noun in nouns if noun[0] == "the" and noun[1:]) or "(?!)"
    return Anchored(
        rf"(?P<verb>\S++ )?(?:{_OF_THE}{{0,2}}(?P<gap>(?:[\w-]++ ){{0,2}}?)(?P<noun>{free})"
        rf"|{_OF_THE}{{1,2}}(?P<other>{fixed}))\b(?!['’]|-(?!wide\b))(?P<act>(?:[ -]wide)? re-?factor)?",
        anchors=tuple(noun[-1] for noun in nouns),
        flags=re.IGNORECASE,
    )


def _is_meant(clause: str, hit: re.Match[str]) -> bool:
    """Tell whether *hit* measures code, and the work that is asked for rather than what the code does."""
    before = clause[: hit.start()].lower()
    if _LOOKS_ON.match(before):
        return False
    return _measures_code(clause[hit.end() : hit.end() + 80]) and not _tells_of_code(before, hit.group())


def _measures_code(following: str) -> bool:
    words = (word.strip(".,:)") for word in following.lower().split())
    return next((word for word in words if word not in SCOPE_ADJECTIVES and not word.isdigit()), "") not in NO_SCOPE


def _tells_of_code(before: str, scope: str) -> bool:
    """Tell whether the words *before* *scope* make it the object of a verb that is not the task's own."""
    told = _TELLS_OF_CODE.search(before)
    if told and (told[1] or "") not in REACHING | _NO_VERBS:
        return True
    if scope.lower().startswith(("across", "throughout")):
        return False
    words = [word.strip(",:(") for word in before.split()]
    while words and words[-1] in ARTICLES:
        words.pop()
    if len(words) < 2 or words[-1] in REACHING:
        return len(words) == 1 and _is_third_person(words[0])
    return _is_third_person(words[-1]) or words[-1].endswith("ing") or (words[-2] == "to" and words[-1].isalpha())


def _is_third_person(word: str) -> bool:
    return len(word) > 3 and word.endswith("s") and not word.endswith("ss") and word not in _NO_VERBS
