"""What a clause asks to be done: to read and answer, or something that leaves a named file changed. Pure.

An open list of verbs changes files, so English names the acts that read, answer or run. In the policy's other languages
the place of a word does not tell an imperative from a noun. So there the editing verbs are named by their stems.
"""

from __future__ import annotations

from profile_router.core.language.anchored import Anchored
from profile_router.core.language.clauses import (
    ARTICLES,
    ASIDES,
    FINITE,
    IMPERATIVES,
    NEGATIONS,
    OBJECTS,
    PRONOUNS,
    SUBCLAUSES,
    first_word,
    word_set,
)
from profile_router.core.language.phrases import clauses_abroad

# After these the work may be done and a file be as it was. They look, answer, run, or ensure what may be so already.
READS = word_set(
    "analyse analyze answer ask assess audit brainstorm browse build calculate carry check cite classify clone collect "
    "compare compile compute conduct confirm consider continue count debug decide deploy describe detect determine "
    "diagnose diff discuss display do ensure enumerate estimate evaluate examine execute explain explore feel figure "
    "find follow format gather get give go grep guess guide have help highlight hunt identify illustrate inspect "
    "install interpret investigate judge keep know launch learn leave let lint list locate look map measure mention "
    "monitor name need note notice observe open outline paraphrase pick plan ponder predict prepare present print "
    "produce profile propose prove provide query quote rank rate re-run read rebuild recap recall recommend recheck "
    "reflect remember report reproduce research restart review reread rerun run say scan search see send share show "
    "sketch specify spot start state stop study suggest sum summarise summarize take talk tell test think time trace "
    "track translate triage try understand validate verify vet view visualise visualize wait walk watch weigh write "
    "create generate draft put set save copy commit push pull merge rebase checkout thanks thank sorry hi hello ok"
)
# Verbs of code that are nouns as often. "Cache results in a.py" is an edit, and "Cache of a.py" is not.
_OF_CODE = word_set(
    "alias annotate batch buffer cache cap clamp consolidate debounce dedupe default defer deprecate disable document "
    "enable encode decode escape export expose filter flatten forbid forward group guard handle hash hide index inject "
    "limit localise localize lock log lower mask memoise memoize mock normalise normalize paginate parallelise "
    "parallelize parse persist precompute prefetch propagate raise redact reduce register reject reset restrict "
    "retry round sanitise sanitize seed silence store stream stub suppress support synchronise synchronize throttle "
    "tighten trim truncate type unescape unify vectorise vectorize warn wire"
)
_ASKS = word_set(
    "what which why how who whose whom where when whether is are was were am do does did can could would will shall "
    "should may might must about of into onto all each every both has have had be been isn't "
    "aren't doesn't don't not any anyone"
)
_NO_OBJECT = ASIDES | FINITE | word_set("and or of into within inside about as")
_NO_VERB = ARTICLES | PRONOUNS | ASIDES | NEGATIONS | SUBCLAUSES | FINITE | _ASKS
# "Silence the warning", "Speed up the loop": what follows a verb that no list has. Then spellings that no verb has.
_FOLLOWS = OBJECTS | word_set("up down out off away in-place back over")
_NO_IMPERATIVE = Anchored(
    r"(?!speed)\w+(?:ed|ing|[^s]s)\b|(?:got|ran|dunno|hm+|mm+k?|right|well|like|one|more|good|great|thus)\b"
)
_RID = Anchored(r"get rid of |clean (?:up )?|take (?:out|away|off) |carry over ")
_MERELY = Anchored(r"make (?:me |us |sure|it clear|sense|no )|use \W*…|(?:handle|support) (?:this|that|it)\W*$")
_ABROAD = Anchored(
    # German: imperative and infinitive
    r"(?:änder|korrigier|behebe?n?\b|beheb|ersetz|entfern|lösch|füge?\b|füg|benenn|schreib\w* .*\bum\b|erweiter|ergänz"
    r"|implementier|verschieb|aktualisier|vereinfach|repariere?|passe? .*\ban\b|stell\w* .*\bum\b|verbesser|bereinig"
    r"|mach\w* .*\b(?:schneller|konfigurierbar|lesbar\w*)|räume? .*\bauf\b|übersetze? .*\b(?:in|nach)\b"
    r"|setze? .*\bauf\b|baue? .*\b(?:ein|um|aus)\b|refaktorisier|refactore?|erhöh|verringer|kürz|sortier)"
    # Spanish
    r"|(?:corr[ie]g|cambi[ae]|reemplaz|sustitu|elimin|borr[ae]|añad|agreg|renombr|modific|implementar?\b|actualiz|arregl"
    r"|mejor[ae]|mueve|mover\b|simplific|convierte|convertir|quitar?\b|refactoriz|acelera|limpia|traduce .*\ba[l]?\b)"
    # French
    r"|(?:corrige|change[rz]?\b|remplace|supprime|enl[eè]ve|ajoute|renomme|modifie[rz]?\b|impl[ée]mente|am[ée]liore"
    r"|d[ée]place|mets? [àa] jour|mets? .*\bà\b|simplifie|convertis|r[ée]pare|nettoie|refactorise"
    r"|acc[ée]l[èe]re|r[ée][ée]cris)"
    # Russian
    r"|(?:исправ|измени|замени|удали|добав|переимену|обнови|реализу|перепи[шс]|упрости|улучши|перенес|убери|почини"
    r"|отрефактор|ускорь|сделай .*(?:настраива|быстре))"
    # Chinese: the object may stand first
    r"|(?:把|将)?.{0,40}?(?:修改|修复|修正|改为|改成|更改|替换|删除|添加|增加|重命名|更新|实现|重写|简化|移动|优化)",
    anchors=None,
)
# "corrigeons", "changement", "correction": nouns, and what asks how or why.
_NOUN_ABROAD = Anchored(r"\w+(?:ung|ungen|ción|ciones|ement|ements|ation|ations|ие|ия)\b")
_ASKED_ABROAD = Anchored(
    r"(?:wie|warum|wieso|was|welche\w*|wo|wer|ob|wann|erklär\w*|cómo|qué|por qué|cuál\w*|dónde|explica\w*|comment"
    r"|pourquoi|que|quel\w*|où|est-ce|si|как|почему|что|где|какой|нужно ли|объясн\w*|если|falls|wenn)(?!\w)"
    r"|.*(?:如何|怎么|怎样|为什么|什么|哪|吗|是否|解释|说明|如果|总结|建议|列出)"
)


def changes_what_it_names(clause: str, *, leads: bool) -> bool:
    """Tell whether the English *clause* is an act other than reading. It asks for something, and is in lower case.

    A verb that no list has is such an act where the clause *leads* the text, and by what follows.
    """
    verb = first_word(clause)
    if _RID.match(clause):
        return True
    if verb in READS or verb in _NO_VERB or _MERELY.match(clause):
        return False
    if verb in IMPERATIVES:
        return True
    if not leads or _NO_IMPERATIVE.match(clause):
        return False
    following = clause.split(maxsplit=2)[1:2]
    if verb in _OF_CODE:
        return bool(following) and following[0].rstrip(",:.") not in _NO_OBJECT
    return verb.isalpha() and bool(following) and following[0].rstrip(",:.") in _FOLLOWS


def edit_asked_abroad(plain: str, *, unless: Anchored | None = None) -> bool:
    """Tell whether *plain*, as `plain_text` leaves it, asks for an edit in one of the policy's other languages.

    A clause that *unless* matches does not count.
    """
    return any(
        _ABROAD.match(clause)
        and not _ASKED_ABROAD.match(clause)
        and not _NOUN_ABROAD.match(clause)
        and not (unless and unless.match(clause))
        for clause in clauses_abroad(plain)
    )
