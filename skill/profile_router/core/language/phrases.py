"""The kinds of work in other languages than English, by short phrases; which language a text is in. Pure.

A phrase stands at the start of a clause, after words such as "bitte". `*` alone is up to five words, at the end of a
word any ending. Nothing is found in a clause that negates, and light kinds only where each clause asks for one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import field

from profile_router.core.language.anchored import Anchored
from profile_router.core.language.clauses import word_set
from profile_router.core.language.kinds import CHORES, QUOTE_CHARS, KindHit
from profile_router.core.language.plain_text import OPAQUE, plain_text, words_of_letters
from profile_router.expressions import expression
from profile_router.values import frozen

MOST_PHRASES = 12
_ANY_WORDS = r"(?:\S++ ){0,5}?"  # what `*` alone stands for
_START = 4  # letters of an anchor by which phrases are looked up
_ABROAD = "\x80"
_Place = tuple[int, int, int]  # of a phrase: the numbers of its language, of its kind, and its own
SCOPE = "scope"  # what stands beside the kinds: the phrases by which a work is wide
_CLAUSE = expression(r"[.!?;。！？；，,:：\n]+")
_POLITE = Anchored(
    r"(?:[\s\d.)*>#•-]|(?:bitte|könntest du|kannst du|können sie|por favor|puedes|podrías|quiero que|peux-tu"
    r"|s'il te plaît|s'il vous plaît|pouvez-vous|merci de|пожалуйста|нужно|надо|необходимо|можешь|давай|теперь)\s"
    r"|(?:dann|jetzt|ahora)\s|请你?|帮我|麻烦你?|需要|给我|现在|然后)*"
)
# Of those expressions the first two letters, where both are ASCII.
_POLITE_STARTS = word_set("bi ka po pu qu pe s' me da je ah")
# "doc: fix typos": what stands before the colon is where, and no work of its own.
_AREAS = word_set(
    "doc docs style chore fix feat test tests refactor perf ci build rfc readme doku dokumentation documentación "
    "documentation документация док 文档 文件 测试"
)
_NEGATED = Anchored(
    r"(?<!\w)(?:nicht|kein\w*|nie|niemals|no|sin|nunca|ne|n'|pas|sans|jamais|не|без|нельзя|никогда)(?!\w)"
    r"|n'|不(?!同)|(?<![错特级识区类性])别|無需|无需|勿"
)
_ONLY_AFTER = Anchored(r"(?<!\w)(?:ohne|sin|sans|без)(?!\w)")
_STOPS: Mapping[str, frozenset[str]] = {
    "en": word_set(
        "the a an of to in is and for with this that it be on are not from should when add fix update use i we can do "
        "my you no let ll better new here but get rather than then what how why yeah ok work have has was will so at"
    ),
    "de": word_set("der die das den und nicht ein eine den dem mit für ist auf im zu bitte alle von wird werden soll"),
    "es": word_set("el la los las de del que en una por con para está no se favor archivo todos este esta y al"),
    "fr": word_set("le la les des du une dans pour est que et avec sur ce cette pas tous plaît au aux un en"),
    "pt": word_set("o os as do da dos das uma em para com não é no na que por favor arquivo você ao à um"),
    "it": word_set("il lo gli di del della che è una per con non nel nella sono questo file favore i le un al"),
    "nl": word_set("de het een en van voor met niet is dat op dit deze aan alle bestand maak naar in"),
    "pl": word_set("w i na nie do z się jest dla że to plik proszę wszystkie oraz przez ten"),
    "tr": word_set("ve bir bu için ile dosya dosyasını lütfen tüm değil olarak da de hata düzelt"),
    "sv": word_set("och att det som på är för med av den inte en ett till filen alla"),
    "vi": word_set("và của cho trong là không các một này tệp được hãy sửa"),
    "id": word_set("dan yang di untuk dengan ini pada tidak dari semua berkas tolong perbaiki"),
    "cs": word_set("a je na se v že pro není soubor všechny oprav prosím do"),
}
_ALL_STOPS = frozenset().union(*_STOPS.values())
# With `words_of_letters` it tells of ASCII what `_LATIN_WORD` finds: all that parts words is a blank.
_WORD_CHARS = "".join(chr(code) if chr(code).isalnum() or chr(code) == "_" else " " for code in range(128))
_LETTERS_ALONE = frozenset("abcdefghijklmnopqrstuvwxyz")
_OF_ENGLISH = _STOPS["en"] - _LETTERS_ALONE
# To compile these takes 10 ms, and most texts are of ASCII.
_SCRIPTS = (
    (Anchored(r"[\u3040-\u30ff]"), "ja"),
    (Anchored(r"[\uac00-\ud7af]"), "ko"),
    (Anchored(r"[\u4e00-\u9fff]"), "zh"),
    (Anchored(r"[ієґїўђјљњћџ]"), "other"),
    (Anchored(r"[\u0400-\u04ff]"), "ru"),
    (Anchored(r"[\u0370-\u03ff\u0590-\u06ff\u0900-\u0e7f]"), "other"),
)
_NOT_LATIN = Anchored(r"[\u0370-\u06ff\u0900-\u0e7f\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
_LATIN_WORD = expression(r"[a-zà-öø-ÿ\u0100-\u024f\u1e00-\u1eff]{2,}|\b[a-z]\b")


@frozen
class Phrases:
    """The phrases of each language, kind by kind.

    `starts` tells where those are whose anchor begins with some four letters of ASCII. Under `_ABROAD` are those that
    no text of ASCII holds, and under "" all others.
    """

    languages: tuple[tuple[str, tuple[tuple[str, tuple[Anchored, ...]], ...]], ...] = ()
    starts: Mapping[str, Sequence[_Place]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def known(self) -> frozenset[str]:
        """Return the languages that have phrases, and English."""
        return frozenset({"en", *(language for language, _ in self.languages)})

    def that_may_match_in(self, text: str) -> Phrases:
        """Return those that a part of *text*, which is in lower case, may match. Most texts match none."""
        if (words := words_of_letters(text)) is not None:
            there = {word[:_START] for word in words}
            places = [place for start in self.starts.keys() & there for place in self.starts[start]]
            places += self.starts.get("", ())
        else:
            places = [place for some in self.starts.values() for place in some]
        possible: dict[str, dict[str, list[Anchored]]] = {}
        for at, kind_at, number in sorted(places):
            language, kinds = self.languages[at]
            kind, each = kinds[kind_at]
            if each[number].literals[0] in text:
                possible.setdefault(language, {}).setdefault(kind, []).append(each[number])
        return Phrases(
            languages=tuple(
                (language, tuple((kind, tuple(some)) for kind, some in kinds.items()))
                for language, kinds in possible.items()
            )
        )


def _starts(languages: Sequence[tuple[str, Sequence[tuple[str, Sequence[Anchored]]]]]) -> Mapping[str, list[_Place]]:
    """Return where the phrases of *languages* are, by the start of their anchors."""
    found: dict[str, list[_Place]] = {}
    for at, (_, kinds) in enumerate(languages):
        for kind_at, (_, each) in enumerate(kinds):
            for number, one in enumerate(each):
                found.setdefault(_start(one), []).append((at, kind_at, number))
    return found


def _start(one: Anchored) -> str:
    literal = one.literals[0].replace(OPAQUE, " ")
    if not literal.isascii():
        return _ABROAD
    start = literal[:_START]
    return start if len(start) == _START and start.isalpha() and _begins_a_word(one) else ""


def _begins_a_word(one: Anchored) -> bool:
    """Tell whether the anchor of *one* stands at the start of a word wherever *one* matches."""
    before = one.pattern.partition(re.escape(one.literals[0]))[0]
    return not before or before.endswith((" ", _ANY_WORDS))


def compile_phrases(phrases: Mapping[str, Mapping[str, Sequence[str]]]) -> Phrases:
    """Return *phrases* to look for. Raises ValueError for one without words, and for more than 12 of a kind."""
    languages = []
    for language, kinds in phrases.items():
        for kind, each in kinds.items():
            if len(each) > MOST_PHRASES:
                raise ValueError(f"phrases.{language}.{kind} has {len(each)} phrases (at most {MOST_PHRASES})")
        languages.append((language, tuple((kind, tuple(map(_expression, each))) for kind, each in kinds.items())))
    return Phrases(languages=tuple(languages), starts=_starts(languages))


def find_phrases(text: str, phrases: Phrases) -> tuple[KindHit, ...]:
    """Return the kinds that *text* asks for in a language of *phrases*, at most one hit each. `scope` is among them."""
    if not phrases.languages:
        return ()
    quotes: dict[str, str] = {}
    other_work = False
    plain = plain_text(text).lower()
    looked_for = phrases.that_may_match_in(plain)
    if not looked_for.languages:
        return ()
    for clause in map(str.strip, _CLAUSE.split(plain)):
        if not clause or clause in _AREAS:
            continue
        hits = _hits(clause, looked_for)
        quotes = hits | quotes
        other_work = other_work or not hits.keys() - {SCOPE}
    return tuple(
        KindHit(kind=kind, quote=quote) for kind, quote in quotes.items() if not (other_work and kind in CHORES)
    )


def language_of_text(text: str) -> str:
    """Return the language of *text* as a code: `other` for one that is not told apart, `en` where nothing tells."""
    plain = plain_text(text).lower()
    of_letters = words_of_letters(plain)
    if of_letters is not None:
        if 2 * len(_OF_ENGLISH & of_letters) >= len(_ALL_STOPS & of_letters):
            return "en"  # no other language can have more of its words here
        alone = _LETTERS_ALONE.intersection(plain.replace(OPAQUE, " ").translate(_WORD_CHARS).split())
        words: Collection[str] = alone | (of_letters - _LETTERS_ALONE)
        foreign = 0
    else:
        words = _LATIN_WORD.findall(plain)
        foreign = len(_NOT_LATIN.compiled.findall(plain))
    if foreign >= 2 and foreign >= len(words):
        return next((name for script, name in _SCRIPTS if script.search(plain)), "other")
    stops_there = _ALL_STOPS.intersection(words)
    counts = {name: len(stops & stops_there) for name, stops in _STOPS.items()}
    best = max(counts, key=lambda name: counts[name])
    accented = 0 if of_letters is not None else sum(not word.isascii() for word in words)
    sure = counts[best] >= 2 or (counts[best] == 1 and accented >= 2)
    return best if sure and counts[best] + min(accented, 2) > 2 * counts["en"] else "en"


def clauses_abroad(plain: str) -> Iterator[str]:
    """Yield each clause of *plain* in lower case, without "bitte" and the like, but those that negate."""
    for clause in _CLAUSE.split(plain.lower()):
        asked = _asked(clause.strip())
        if asked and not _NEGATED.search(_ONLY_AFTER.split(asked)[0]):
            yield asked


def _asked(clause: str) -> str:
    if clause[:2].isascii() and clause[:1].isalpha() and clause[:2] not in _POLITE_STARTS:
        return clause
    return clause[found.end() :] if (found := _POLITE.match(clause)) else clause


def _hits(clause: str, phrases: Phrases) -> dict[str, str]:
    asked = _asked(clause)
    hits: dict[str, str] = {}
    for _, kinds in phrases.languages:
        for kind, expressions in kinds:
            hit = next((hit for one in expressions if (hit := one.match(asked))), None)
            if hit and not _NEGATED.search(_ONLY_AFTER.split(asked)[0]):
                hits.setdefault(kind, hit.group()[:QUOTE_CHARS])
    return hits


def _expression(phrase: str) -> Anchored:
    parts = []
    for word in phrase.lower().split():
        if word == "*":
            parts.append(_ANY_WORDS)
        else:
            inner = r"\S{0,12}?".join(re.escape(part) for part in word.removesuffix("*").split("*"))
            parts.append(rf"{inner}\w*+ " if word.endswith("*") else f"{inner} ")
    pattern = "".join(parts).removesuffix(" ")
    literal = max(re.split(r"[* ]+", phrase.lower()), key=len)
    if not literal:
        raise ValueError(f"the phrase {phrase!r} has no word")
    end = "" if phrase.endswith("*") or ord(phrase[-1]) > 0x3000 else r"(?!\w)"
    return Anchored(pattern + end, anchors=(literal,))
