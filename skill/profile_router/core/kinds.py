"""Find the kinds of work a text asks for: the act requested, never a word that merely occurs.

The grammar is here, the vocabulary (one list of regular expressions per kind) is data of the policy. A text becomes
clauses in three steps:

1. *Plain text*: whatever is quoted rather than said (fences, code, quotations, URLs, paths, identifiers) turns into
   one opaque ``…``, which may be an object ("refactor …") but never a verb.
2. *Clauses*: sentences, cut again where a joint ("and", "but", a comma) is followed by another imperative.
3. *Asked or not*: statements, conditions and negated clauses are dropped, lead-ins ("could you please") are stripped.

A kind's patterns are matched, in lower case, at the start of what is left. Two named groups save every pattern a long
list of its own: `(?P<gap>…)` may hold no preposition or conjunction, so the object stays the verb's own; `(?P<end>)` is
where a noun phrase must end, so that "security review" is not found in "security review page".
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["KindHit", "KindPatterns", "compile_kinds", "find_kinds", "has_scope_word"]

LOOKED_AT = 20_000
QUOTE_CHARS = 60
OPAQUE = "…"
BULLETS = frozenset(" \t•·*+>-–—,:.()")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# "Implement X, rename it everywhere, then lint and summarize": after other work these are its chores, not the task.
CHORES = _words("lint summarize repetitive-edit")
WORK = _words(
    "add adapt address allow build change convert create debug delete deploy develop drop enable extend extract "
    "fix generate handle harden implement improve integrate introduce investigate make migrate modify move "
    "optimize optimise patch port refactor remove rename replace resolve restructure rewrite rework set solve "
    "split support switch test update upgrade write"
)
IMPERATIVES = WORK | _words(
    "adopt analyse analyze append apply assess audit bump carry check clean compare conduct condense consolidate "
    "continue correct decouple define describe design document do draft ensure evaluate examine execute explain "
    "find finish format get give go hunt identify insert inspect keep leave lint list look make modularise "
    "modularize open outline overhaul perform plan prepare prepend produce propose provide pull put re-architect "
    "re-run read rearchitect recap redesign reformat reorganise reorganize report rerun rethink return review "
    "revise run scan search see send sketch sort specify start stop strip sum summarise summarize swap take tell "
    "tidy try use verify vet"
)
ARTICLES = _words("a an the this that these those our my your its their some any")
PRONOUNS = _words("i we you it they he she there nobody")
OBJECTS = ARTICLES | _words(
    "all each every everything it them both what how why which whatever where now only just again with"
)
ASIDES = _words(
    "if when whenever once after before while because since as although though unless until given in on for to "
    "with without instead rather unlike except during by from at per"
)
NEGATIONS = _words("no not never nothing none neither nor nobody avoid skip ignore forget refrain stop leave cannot")
RESTARTS = _words("but instead just only simply rather please")
LEADS = _words(
    "yeah yup ok okay alright so now first firstly second secondly third next then finally lastly also and but or "
    "plus instead just only simply quickly carefully thoroughly briefly again afterwards"
)
LINKS = _words(
    "about across after against and around as at because before behind between but by covering during everywhere "
    "exposed focusing for from in into is it now of on onto or our over so that the this through throughout to "
    "too toward towards under until using we what where which while with within without you again first reported "
    "… – —"
)
PREPOSITIONS = _words("of for in on to from with that which by using so and about around caused introduced")
SUBCLAUSES = _words("what which that how why who where whether when if so because since until as while")
FINITE = _words(
    "is are was were has have had does did isn't aren't wasn't doesn't didn't will would can't cannot won't broke "
    "break breaks fail fails failed cause causes caused show shows showed take takes took return returns returned "
    "hang hangs crash crashes crashed report reports complain complains works worked passes passed introduced "
    "made makes led says said happens happened removed"
)
NO_SCOPE = _words(  # "every time", "across restarts", "the whole point" say nothing about how much code is meant
    "time times day hour minute second week month year now so once night morning sprint release point thing lot "
    "idea story number word restart restarts run runs request requests session sessions thread threads process "
    "processes platform platforms browser browsers device devices reboot reboots user users version versions "
    "invocations seconds minutes hours days ms s few other"
)
SCOPE_ADJECTIVES = _words("all the different multiple several many single")

_CHARS = str.maketrans(
    dict.fromkeys("“”„‟«»「」", '"')
    | dict.fromkeys("‘’‚‛‹›", "'")
    | dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\xad")
)
_WHOLE_QUOTE = re.compile(r"""\s*(?:"[^"]*"|'(?:[^']|(?<=\w)'|'(?!\w))*')\s*""")
_SPACES = re.compile(r"[^\S\n]*\n[^\S\n]*|[^\S\n]+")
_OPAQUE = re.compile(
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
    | (?<![\w.@~$*/-])(?![A-Za-z]+/[a-z]+[ ](?:the|this|all|our|every|each|my)\b)  # "lint/format the code" is no path
      [\w.@~$*-]*(?:[\\/_=]|::|\(\)|(?<=\w)\.(?=\w)|(?<=@)\w|(?<=--)\w)(?:[^\s,;"'`]*[\w/*})])?
    """,
    re.VERBOSE | re.MULTILINE,
)
_CAPITAL = re.compile(r"(?<![\\?])(?:\\\\)*([A-Z])")
_EMPHASIS = re.compile(r"\*\*|(?<!\w)\*(?=\w)|(?<=\w)\*(?!\w)|^#+ ", re.MULTILINE)
_WRAPPED = re.compile(r"^([^\n]{60,}[^\n.!?:;])\n(?=[a-z])", re.MULTILINE)
_PARENTHESES = re.compile(r" ?\([^()\n]*\)")
_SENTENCE_END = re.compile(
    r"[.!?]+(?=[\s)]|$)|\n|;|\s[—–-]{1,2}\s|—"
    r"|\b(?:tasks?|goals?|to-?do|following|steps?|need|want|things?|request|job|ask|please|objective|this|next)\s*:\s"
)
_JOINT = re.compile(
    r"(?:\s*,\s*|\s+(?=(?:and|but|then|or|so|plus|nor|instead|please)\s))"
    r"((?:(?:and|but|then|or|so|plus|nor|also|instead|rather|finally|next|afterwards|please|just|only|simply)\b[\s,]*)*)"
    r"(?=(\S+)(?:\s+(\S+))?)"
)
_REQUEST = (
    r"(?:please|pls|kindly)\b|(?:can|could|would|will) you\b|i(?:'d| would) (?:like|want|love)(?: (?:you )?to\b)?"
    r"|i (?:want|need)(?: (?:you )?to\b)?|we(?:'d like(?: to)?| (?:need|want|have|ought)(?: to)?| should| must)\b"
    r"|you (?:should|must|need to|have to)\b|you(?= (?:do|run)\b)|let'?s\b|let us\b|go ahead and\b|proceed to\b"
    r"|(?:it's |it is )?time to\b|(?:make|be) sure (?:to|you)\b|remember to\b|try (?:to|and)\b|help (?:me|us)(?: to)?\b"
    r"|(?:your|the|my|our|this|main|first|next|current) ?(?:\w+ )?(?:task|job|goal|mission) is(?: to)?\b"
    r"|(?:the|this|these|our|my|all|…)(?: [^\s,:]++){0,8}? (?:needs?|requires?|could use|deserves?)(?: to(?= be ))?\b"
    r"|(?:the|this|these|our|my|all|it|…)(?: [^\s,:]++){0,8}? (?:should|must|ha(?:s|ve) to)(?= be )"
)
_REQUESTED = re.compile(_REQUEST, re.IGNORECASE)
_LEAD_IN = re.compile(
    r"\d{1,3}[.):]+\s|[a-z]\)\s|\[[^\]\n]{0,20}\]:?|(?:hi|hello|hey)(?: \w+)?[,!]\s*"
    r"|(?:no|yes|right|well|good|great|thanks|thank you|sure|perfect),\s*"
    r"|(?:feat|fix|docs|chore|tests?|style|perf|build|ci|goal|todo|objective|(?:step|phase|task|part) ?\d*)"
    r"(?:\([^()\n]*\))?!?:\s*",
    re.IGNORECASE,
)
_LIGHT_VERB = re.compile(
    r"(?:do|perform|run|conduct|carry out|make|give(?: me| us)?|write(?: me| us| up)?|prepare|produce|provide"
    r"|create|generate|draft|get(?: me| us)?|send(?: me| us)?|start with|begin with|propose)\s+",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"(?:not|n't|no|never|nothing|none|neither|nobody|without|instead of|rather than|except)(?![\w-])"
)
_WORD = re.compile(r"[a-z]+(?![\w-])", re.IGNORECASE)
_WORDS = re.compile(r"[,:(]|[^\s,:(]+")
_HABIT = re.compile(r"\b(?:why|how|when|because) (?:we|they|you|i)\b", re.IGNORECASE)  # "explain why we lint and …"
_OBLIGES = re.compile(r"\b(?:should|must|needs?|ha(?:s|ve) to|applies|touch(?:es)?|affects?|covers?|spans?)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class KindHit:
    """Say which kind of work was asked for, and in which words (whitespace folded, at most 60 characters)."""

    kind: str
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KindPatterns:
    """Hold the compiled patterns of each kind, in policy order."""

    kinds: tuple[tuple[str, tuple[re.Pattern[str], ...]], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the kinds, in policy order."""
        return tuple(kind for kind, _ in self.kinds)


def compile_kinds(patterns: Mapping[str, Sequence[str]]) -> KindPatterns:
    """Compile the policy's regular expressions, kind by kind.

    Raises ValueError, naming the kind and the pattern, for one that is no regular expression, that matches the empty
    text (it would match every task), or that has a capital letter (it would match none).
    """
    return KindPatterns(
        kinds=tuple((kind, tuple(_compiled(kind, source) for source in sources)) for kind, sources in patterns.items())
    )


def _compiled(kind: str, source: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(source)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"kind {kind}: the pattern {source!r} is no regular expression: {error}") from error
    if pattern.match(""):
        raise ValueError(f"kind {kind}: the pattern {source!r} matches the empty text, so it would match every task")
    if capital := _CAPITAL.search(source):
        raise ValueError(f"kind {kind}: the pattern {source!r} has {capital[1]!r}, but tasks are matched in lower case")
    return pattern


def find_kinds(text: str, kinds: KindPatterns) -> tuple[KindHit, ...]:
    """Return the kinds that the first 20,000 characters ask for: at most one hit each, in policy order."""
    quotes: dict[str, str] = {}
    worked = False
    for clause, asked in _clauses(_PARENTHESES.sub("", _plain(text))):
        if not asked:
            continue
        hits = _hits(clause, kinds)
        for kind, quote in hits.items():
            if not (worked and kind in CHORES):
                quotes.setdefault(kind, quote)
        worked = worked or (_first_word(clause) in WORK and CHORES.isdisjoint(hits))
    return tuple(KindHit(kind=kind, quote=quotes[kind]) for kind, _ in kinds.kinds if kind in quotes)


def has_scope_word(text: str, words: Sequence[str]) -> str | None:
    """Return the first of `words` that says how far the work reaches, as it was written, or None.

    A word counts in a clause that asks or obliges ("this must cover every module"), not when quoted or negated, and not
    when it measures something else than code ("every time"). "all modules" also finds "all of our modules".
    """
    between = r" (?:of )?(?:the |our |its |these )?"
    spelled = [between.join(map(re.escape, word.split())) for word in words if word.strip()]
    if not spelled:
        return None
    scope = re.compile(rf"(?<![\w-])(?:{'|'.join(spelled)})(?![\w-])", re.IGNORECASE)
    for clause, asked in _clauses(_plain(text)):
        if not (asked or _OBLIGES.search(clause)):
            continue
        for hit in scope.finditer(clause):
            negated = _NEGATED.search(clause[: hit.start()].rpartition(",")[2].lower())
            if not negated and _measures_code(clause[hit.end() : hit.end() + 80]):
                return hit.group()
    return None


def _hits(clause: str, kinds: KindPatterns) -> dict[str, str]:
    readings = _readings(clause)
    found = ((kind, _first_match(readings, patterns)) for kind, patterns in kinds.kinds)
    return {kind: quote for kind, quote in found if quote is not None}


def _measures_code(following: str) -> bool:
    words = (word.strip(".,:)") for word in following.lower().split())
    return next((word for word in words if word not in SCOPE_ADJECTIVES and not word.isdigit()), "") not in NO_SCOPE


def _readings(clause: str) -> tuple[str, ...]:
    light = _LIGHT_VERB.match(clause)
    return (clause, clause[light.end() :]) if light else (clause,)


def _first_match(readings: Sequence[str], patterns: Sequence[re.Pattern[str]]) -> str | None:
    for reading in readings:
        lowered = reading.lower()
        for pattern in patterns:
            hit = pattern.match(lowered)
            if hit and _holds(hit):
                # a few capitals grow when lowered; then the lowered words are the ones that can be cut out
                words = (reading if len(reading) == len(lowered) else lowered)[: hit.end()].strip(" ,:")
                return words if len(words) <= QUOTE_CHARS else words[: QUOTE_CHARS - 1].rstrip() + OPAQUE
    return None


def _holds(hit: re.Match[str]) -> bool:
    groups = hit.re.groupindex
    if _NEGATED.search(hit.group()):
        return False
    if "gap" in groups and not PREPOSITIONS.isdisjoint((hit["gap"] or "").split()):
        return False
    if "end" not in groups or hit.start("end") < 0:
        return True
    following = _WORDS.search(hit.string, hit.end())
    return following is None or not following[0][0].isalnum() or following[0].rstrip(".") in LINKS


def _plain(text: str) -> str:
    text = text[:LOOKED_AT]
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_CHARS)[:LOOKED_AT]
    if _WHOLE_QUOTE.fullmatch(text):
        return OPAQUE
    text = "\n".join(_SPACES.sub(lambda gap: "\n" if "\n" in gap.group() else " ", text).splitlines()).strip()
    text = re.sub(r"\btl;dr\b", "tldr", text, flags=re.IGNORECASE)
    return _WRAPPED.sub(r"\1 ", _EMPHASIS.sub("", _OPAQUE.sub(OPAQUE, text)))


def _clauses(plain: str) -> Iterator[tuple[str, bool]]:
    """Yield each clause without its lead-ins, and whether it asks for something."""
    for sentence in _SENTENCE_END.split(plain):
        mood = "asked"
        for joint, part in _parts(sentence):
            asks, text = _strip_lead_ins(part)
            if text:
                mood = _mood(joint, text, asks=asks, before=mood)
                yield text, mood in ("asked", "title", "habit")


def _parts(sentence: str) -> Iterator[tuple[str, str]]:
    start, opening = 0, ""
    for joint in _JOINT.finditer(sentence):
        if _starts_a_clause(sentence, joint):
            yield opening, sentence[start : joint.start()]
            start, opening = joint.start(), joint.group().strip()
    yield opening, sentence[start:]


def _starts_a_clause(sentence: str, joint: re.Match[str]) -> bool:
    joining, verb, following = set(joint[1].lower().split()), joint[2].lower(), joint[3]
    if "but" in joining or verb.endswith("n't") or verb in NEGATIONS or _REQUESTED.match(sentence, joint.end()):
        return True
    if joint.group().startswith(",") and not joining and verb in ARTICLES | PRONOUNS:
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


def _strip_lead_ins(part: str) -> tuple[bool, str]:
    at, asks = 0, False
    while at < len(part):
        if part[at] in BULLETS:
            at += 1
        elif request := _REQUESTED.match(part, at):
            at, asks = request.end(), True
        elif (lead := _LEAD_IN.match(part, at)) or ((lead := _WORD.match(part, at)) and lead[0].lower() in LEADS):
            at = lead.end()
        else:
            break
    return asks, part[at:].strip()


def _mood(joint: str, text: str, *, asks: bool, before: str) -> str:
    """Tell asked, title (a noun phrase that may be a goal), statement, aside and negated apart."""
    first = _first_word(text)
    if _is_negated(text):
        return "negated"
    if first in ASIDES:
        return "aside"
    if not asks and not RESTARTS.intersection(joint.lower().replace(",", " ").split()):
        unfinished = before in ("negated", "habit") or (before != "asked" and not joint.startswith(","))
        if joint and (unfinished or (before == "asked" and first in ARTICLES)):
            return "statement" if before != "negated" else before
    if asks or first in IMPERATIVES or len(text.split(maxsplit=1)) == 1:
        statement = not asks and _is_subject(text)
        return "statement" if statement else "habit" if _HABIT.search(text) else "asked"
    return "statement" if first in PRONOUNS or _has_finite_verb(text) else "title"


def _is_negated(text: str) -> bool:
    words = text.lower().split(maxsplit=3)[:3]
    head = words[0].rstrip(",")
    if head.endswith(("n't", "nt")) and head not in ("want", "lint", "print", "hint", "grant", "invent"):
        return True
    return head in NEGATIONS or any(word in ("not", "nothing", "none", "neither", "no") for word in words[1:2])


def _is_subject(text: str) -> bool:
    # "Lint fails", "Refactor PRs are slow": a noun that looks like an imperative; its object would have an article
    words = text.lower().split(maxsplit=2)
    return len(words) > 1 and words[1] not in OBJECTS and words[1] != OPAQUE and _has_finite_verb(text)


def _has_finite_verb(text: str) -> bool:
    """Look for the verb of a statement before its first subclause ("what", "that", a comma)."""
    before = ""
    for number, word in enumerate(_WORDS.findall(text.lower())):
        if word in SUBCLAUSES or word in ",:(":
            return False
        if (number and word in FINITE) or (word in ARTICLES and before.endswith("ed")):
            return True
        before = word
    return False


def _first_word(text: str) -> str:
    return text.split(maxsplit=1)[0].lower().rstrip(",:.")
