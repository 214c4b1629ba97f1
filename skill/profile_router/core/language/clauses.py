"""Cut a text into clauses, and tell which of them ask for something.

1. *Plain text* (`plain_text`): what is quoted rather than said is one opaque ``…``. That may be an object
   ("refactor …"), but never a verb.
2. *Clauses*: sentences, cut again where a joint ("and", "but", a comma) is followed by another imperative.
3. *Asked or not*: statements, conditions and negated clauses are told apart; lead-ins ("could you please") go.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from profile_router.core.language.anchored import Anchored
from profile_router.core.language.plain_text import OPAQUE
from profile_router.expressions import expression

BULLETS = frozenset(" \t•·*+>-–—,:.()")


def word_set(text: str) -> frozenset[str]:
    """Return the words of *text* as a set."""
    return frozenset(text.split())


WORK = word_set(
    "add adapt address allow build change convert create debug delete deploy develop drop enable extend extract "
    "fix generate handle harden implement improve integrate introduce investigate make migrate modify move "
    "optimize optimise patch port refactor remove rename replace resolve restructure rewrite rework set solve "
    "split support switch test update upgrade write"
)
IMPERATIVES = WORK | word_set(
    "adopt analyse analyze append apply assess audit bump carry check clean compare conduct condense consolidate "
    "continue correct decouple define describe design document do draft ensure evaluate examine execute explain "
    "find finish format get give go hunt identify insert inspect keep leave lint list look make modularise "
    "modularize open outline overhaul perform plan prepare prepend produce propose provide pull put re-architect "
    "re-run read rearchitect recap redesign reformat reorganise reorganize report rerun rethink return review "
    "revise run scan search see send sketch sort specify start stop strip sum summarise summarize swap take tell "
    "tidy try use verify vet"
)
ARTICLES = word_set("a an the this that these those our my your its their some any")
PRONOUNS = word_set("i we you it they he she there nobody")
_SUBJECTS = ARTICLES | PRONOUNS
OBJECTS = ARTICLES | word_set(
    "all each every everything it them both what how why which whatever where now only just again with"
)
ASIDES = word_set(
    "if when whenever once after before while because since as although though unless until given in on for to "
    "with without instead rather unlike except during by from at per"
)
CONTRACTIONS = word_set(
    "dont wont cant doesnt didnt isnt arent wasnt shouldnt wouldnt couldnt mustnt neednt hasnt havent"
)
NEGATIONS = word_set("no not never nothing none neither nor nobody avoid skip ignore forget refrain stop leave cannot")
_NEGATIVE = CONTRACTIONS | NEGATIONS
_NOT = word_set("not nothing none neither no")  # as the second word
RESTARTS = word_set("but instead just only simply rather please")
LEADS = word_set(
    "yeah yup ok okay alright so now first firstly second secondly third next then finally lastly also and but or "
    "plus instead just only simply quickly carefully thoroughly briefly again afterwards"
)
_LEADS, _LONGEST_LEAD = tuple(LEADS), max(map(len, LEADS))
SUBCLAUSES = word_set("what which that how why who where whether when if so because since until as while")
FINITE = word_set(
    "is are was were has have had does did isn't aren't wasn't doesn't didn't will would can't cannot won't broke "
    "break breaks fail fails failed cause causes caused show shows showed take takes took return returns returned "
    "hang hangs crash crashes crashed report reports complain complains works worked passes passed introduced "
    "made makes led says said happens happened removed"
)
# It begins with a set of characters: `re` looks for those faster than for alternatives.
_SENTENCE_END = Anchored(
    r"[.!?\n;\s—](?:(?<=[\n;—])|(?<=[.!?])[.!?]*(?=[\s)]|$)|(?<=\s)[—–-]{1,2}\s)", anchors=tuple(".!?\n;—–-")
)
_COLON = expression(r":\s")
_BEFORE_COLON = expression(
    r"\b(?:tasks?|goals?|to-?do|following|steps?|need|want|things?|request|job|ask|please|objective|this|next)$"
)
_LONGEST_BEFORE_COLON = 9
_JOINT = expression(
    r"[\s,](?:(?<=,)\s*|(?<=\s)\s*(?:,\s*|(?=(?:and|but|then|or|so|plus|nor|instead|please)\s)))"
    r"((?:(?:and|but|then|or|so|plus|nor|also|instead|rather|finally|next|afterwards|please|just|only|simply)\b[\s,]*)*)"
    r"(?=(\S+)(?:\s+(\S+))?)"
)
_JOINING = word_set("and but then or so plus nor instead please")  # what may join without a comma
_REQUEST = (
    r"(?:please|pls|kindly)\b|(?:can|could|would|will) you\b|i(?:'d| would) (?:like|want|love)(?: (?:you )?to\b)?"
    r"|i (?:want|need)(?: (?:you )?to\b)?|we(?:'d like(?: to)?| (?:need|want|have|ought)(?: to)?| should| must)\b"
    r"|you (?:should|must|need to|have to)\b|you(?= (?:do|run)\b)|let'?s\b|let us\b|go ahead and\b|proceed to\b"
    r"|(?:it's |it is )?time to\b|(?:make|be) sure (?:to|you)\b|remember to\b|try (?:to|and)\b|help (?:me|us)(?: to)?\b"
    r"|(?:your|the|my|our|this|main|first|next|current) ?(?:\w+ )?(?:task|job|goal|mission) is(?: to)?\b"
    r"|(?:the|this|these|our|my|all|…)(?: [^\s,:]++){0,8}? (?:needs?|requires?|could use|deserves?)(?: to(?= be ))?\b"
    r"|(?:the|this|these|our|my|all|it|…)(?: [^\s,:]++){0,8}? (?:should|must|ha(?:s|ve) to)(?= be )"
)
_REQUESTED = Anchored(
    _REQUEST,
    anchors=(
        *("please", "pls", "kindly", "you", "like", "want", "love", "need", "have", "ought", "should", "must", "let"),
        *("go ahead and", " to", " sure ", "try ", "help ", "task", "job", "goal", "mission"),
        *("require", "could use", "deserve"),
    ),
    flags=re.IGNORECASE,
)
_LEAD_IN = Anchored(
    r"\d{1,3}[.):]+\s|[a-z]\)\s|\[(?!rfc\])[^\]\n]{0,20}\]:?|(?:hi|hello|hey)(?: \w+)?[,!]\s*"
    r"|(?:no|yes|right|well|good|great|thanks|thank you|sure|perfect),\s*"
    r"|(?:feat|fix|docs?|chore|tests?|style|perf|build|ci|goal|todo|objective|(?:step|phase|task|part) ?\d*)"
    r"(?:\([^()\n]*\))?!?:\s*",
    anchors=tuple(".):],!"),
    flags=re.IGNORECASE,
)
# "parser: fix typos", "docs/ssl: …": what stands before the colon is where, if an imperative follows it.
_AREA = Anchored(
    r"(?!(?:notes?|errors?|warnings?|examples?|expected|actual|outputs?|results?|logs?|info|debug|hint|button|label)\b)"
    r"[\w…][\w.…-]{0,30}(?:\([^()\n]{0,40}\))?!?:[ ]+(?=([a-z-]+))",
    anchors=(": ",),
    flags=re.IGNORECASE,
)
_WORD = expression(r"[a-z]+(?![\w-])", re.IGNORECASE)
# The first two characters, in lower case, of all that may lead in. A part that begins otherwise has no lead-in.
_LEADING = frozenset(
    word[:2]
    for word in (
        *LEADS,
        *"please pls kindly can could would will i we you let go proceed it's time make be remember try help".split(),  # noqa: SIM905
        *"your the my our this main first next current these all it hi hello hey no yes right well good great".split(),  # noqa: SIM905
        *"thanks sure perfect feat fix doc chore test style perf build ci goal todo objective step phase task".split(),  # noqa: SIM905
        *("part", "i ", "i'"),
    )
)
WORDS = expression(r"[,:(]|[^\s,:(]+")
_HABIT = Anchored(  # "explain why we lint and …"
    r"\b(?:why|how|when|because) (?:we|they|you|i)\b",
    anchors=("why ", "how ", "when ", "because "),
    flags=re.IGNORECASE,
)


@lru_cache(maxsize=4)  # kinds, sizes and scope ask for those of the same text
def clauses(plain: str) -> tuple[tuple[str, bool], ...]:
    """Return each clause without its lead-ins, and whether it asks for something."""
    return tuple(_clauses(plain))


def _clauses(plain: str) -> Iterator[tuple[str, bool]]:
    for sentence in _sentences(plain):
        if sentence and not sentence.isspace():
            yield from _of_sentence(sentence)


def _sentences(plain: str) -> list[str]:
    """Return the sentences of *plain*. A word such as "task:" ends one, too, and is left out."""
    found: list[str] = []
    done = 0
    for colon in _COLON.finditer(plain) if ":" in plain else ():
        end = colon.start()
        while end > done and plain[end - 1].isspace():
            end -= 1
        if word := _BEFORE_COLON.search(plain, max(done, end - _LONGEST_BEFORE_COLON), end):
            *ended, last = _SENTENCE_END.split(plain[done : word.end()])  # with the word: no sentence ends before it
            found += [*ended, last[: len(last) - len(word.group())]]
            done = colon.end()
    return [*found, *_SENTENCE_END.split(plain[done:])]


@lru_cache(maxsize=1_024)  # a text is asked for with its parentheses and without: most of its sentences have none
def _of_sentence(sentence: str) -> tuple[tuple[str, bool], ...]:
    mood = "asked"
    found = []
    for joint, part in _parts(sentence):
        asks, text = _strip_lead_ins(part)
        if text:
            mood = _mood(joint, text, asks=asks, before=mood)
            found.append((text, mood in ("asked", "title", "habit")))
    return tuple(found)


def _parts(sentence: str) -> Iterator[tuple[str, str]]:
    start, opening = 0, ""
    if "," not in sentence and _JOINING.isdisjoint(sentence.split()):
        yield opening, sentence
        return
    for joint in _JOINT.finditer(sentence):
        if _starts_a_clause(sentence, joint):
            yield opening, sentence[start : joint.start()]
            start, opening = joint.start(), joint.group().strip()
    yield opening, sentence[start:]


def _starts_a_clause(sentence: str, joint: re.Match[str]) -> bool:
    joining, verb, following = set(joint[1].lower().split()), joint[2].lower(), joint[3]
    if "but" in joining or verb.endswith("n't") or verb in NEGATIONS or _is_request(sentence, joint.end()):
        return True
    if joint.group().startswith(",") and not joining and verb in _SUBJECTS:
        return True
    if verb.rstrip(",:") not in IMPERATIVES:
        return False
    return bool(
        joining & RESTARTS
        or following is None
        or following[0] == OPAQUE
        or following[0].isupper()
        or following.lower().rstrip(",:.") in OBJECTS
    )


def _is_request(sentence: str, at: int) -> bool:
    return _may_lead_in(sentence[at : at + 2]) and _REQUESTED.match(sentence, at) is not None


def _strip_lead_ins(part: str) -> tuple[bool, str]:
    at, asks = 0, False
    has_area = ": " in part
    while at < len(part):
        if part[at] in BULLETS:
            at += 1
        elif not _may_lead_in(part[at : at + 2]) and not (at == 0 and has_area):
            break
        elif request := _REQUESTED.match(part, at):
            at, asks = request.end(), True
        elif lead := _LEAD_IN.match(part, at) or _lead(part, at):
            at = lead.end()
        elif at == 0 and has_area and (area := _AREA.match(part)) and area[1].lower() in IMPERATIVES:
            at = area.end()
        else:
            break
    return asks, part[at:].strip()


def _lead(part: str, at: int) -> re.Match[str] | None:
    """Return the word at the place *at* of *part* if it is one of LEADS."""
    if not part[at : at + _LONGEST_LEAD].lower().startswith(_LEADS):
        return None
    word = _WORD.match(part, at)
    return word if word and word[0].lower() in LEADS else None


def _may_lead_in(first_two: str) -> bool:
    """Tell whether a lead-in may begin with the characters *first_two*. One of a list or in brackets may, too."""
    return first_two.lower() in _LEADING or not (first_two.isascii() and first_two[0].isalpha()) or first_two[-1] == ")"


def _mood(joint: str, text: str, *, asks: bool, before: str) -> str:
    """Tell asked, title (a noun phrase that may be a goal), statement, aside and negated apart."""
    words = text.split(maxsplit=2)
    head, second = words[0].lower(), words[1].lower() if len(words) > 1 else ""
    first = head.rstrip(",:.")
    if _is_negated(head.rstrip(","), second):
        return "negated"
    if first in ASIDES:
        return "aside"
    if joint and not asks and not RESTARTS.intersection(joint.lower().replace(",", " ").split()):
        unfinished = before in ("negated", "habit") or (before != "asked" and not joint.startswith(","))
        if unfinished or (before == "asked" and first in ARTICLES):
            return "statement" if before != "negated" else before
    if asks or first in IMPERATIVES or not second:
        statement = not asks and _is_subject(text, second)
        return "statement" if statement else "habit" if _HABIT.search(text) else "asked"
    return "statement" if first in PRONOUNS or _has_finite_verb(text) else "title"


def _is_negated(head: str, second: str) -> bool:
    return head in _NEGATIVE or head.endswith("n't") or second in _NOT


def _is_subject(text: str, second: str) -> bool:
    # "Lint fails", "Refactor PRs are slow": a noun that looks like an imperative; its object would have an article
    return bool(second) and second not in OBJECTS and second != OPAQUE and _has_finite_verb(text)


def _has_finite_verb(text: str) -> bool:
    """Look for the verb of a statement before its first subclause ("what", "that", a comma)."""
    before = ""
    for number, word in enumerate(WORDS.findall(text.lower())):
        if word in SUBCLAUSES or word in ",:(":
            return False
        if (number and word in FINITE) or (word in ARTICLES and before.endswith("ed")):
            return True
        before = word
    return False


def first_word(text: str) -> str:
    """Return the first word of a clause that is not empty, in lower case."""
    return text.split(maxsplit=1)[0].lower().rstrip(",:.")
