"""Tell whether a text asks for a change of a file, and whether a word looks like a file's name. Pure.

A text that asks to look, explain, list or plan asks for no change. Neither does one that asks for it only if needed.
"""

import re
from collections.abc import Collection

from profile_router.core.language.acts import READS, changes_what_it_names, edit_asked_abroad
from profile_router.core.language.anchored import Anchored
from profile_router.core.language.clauses import IMPERATIVES, clauses, first_word, word_set
from profile_router.core.language.path_words import path_words
from profile_router.core.language.plain_text import OPAQUE, plain_text
from profile_router.expressions import expression

# These change what they are done to. "make", "use", "test", "lint" and "format" may leave all as it was.
_EDITS = word_set(
    "add adapt append apply bump change comment convert correct decouple deduplicate delete document drop edit extend "
    "extract fix implement inline insert integrate introduce migrate modify move optimise optimize patch port prefix "
    "prepend refactor reformat remove rename reorder reorganise reorganize replace repair restructure revert rewrite "
    "rework shorten simplify sort split strip substitute swap translate turn uncomment undo update upgrade wrap"
)
_MAKES = word_set("create write generate draft put set save")  # a file, or an answer
_ANSWERS = Anchored(
    r"\b(?:summar\w+|explanations?|overview|reports?|reviews?|lists?|descriptions?|analys[ei]s|answers?|haiku|poem"
    r"|plans?|proposals?|comparisons?|tables?|outlines?|messages?|e-?mails?|questions?|notes?|suggestions?|estimates?"
    r"|sentences?|paragraphs?|commands?|reply|diagrams?)\b",
    anchors=(
        *("summar", "explanation", "overview", "report", "review", "list", "description", "analys", "answer", "haiku"),
        *("poem", "plan", "proposal", "comparison", "table", "outline", "message", "mail", "question", "note"),
        *("suggestion", "estimate", "sentence", "paragraph", "command", "reply", "diagram"),
    ),
)
_INTO = Anchored(rf"\b(?:in|into|to|as|at the (?:top|end|start|bottom) of|called|named) (?:the |a |an |file )*{OPAQUE}")
_SETS = expression(rf"\b(?:to|in|as|into)\b|{OPAQUE}")
_ADVERB = expression(r"^\w+ly (?=\w)")
_HEDGED = Anchored(
    r"\b(?:unless|whether|wherever|whenever)\b|\b(?:as|where|when) (?:needed|necessary|required|appropriate|possible)\b"
    r"|\bif (?:there|any|it|they|you|not|so|one|need(?:ed)?|necessary|required|missing|possible|appropriate|something"
    r"|anything)\b|^\w+ (?:what|whatever|anything|everything)\b"
    r"|\bany (?:\w+ ){0,2}?(?:findings?|problems?|issues?|errors?|warnings?|bugs?|violations?|mistakes?"
    r"|typos?)\b",
    anchors=(
        *("unless", "whether", "wherever", "whenever", "as ", "where ", "when ", "if ", "what", "anything"),
        *("everything", "any "),
    ),
)
# A sentence that asks a question. "Can you …?" asks for what it says.
_QUESTION = Anchored(
    r"(?<![^.!?;\n])(?![^.!?;\n]*\b(?:please|(?:can|could|would|will) you)\b)[^.!?;\n]*[?？]",
    anchors=("?", "？"),
    flags=re.IGNORECASE,
)
_PLACE_FIRST = Anchored(
    rf"(^|[.!?\n] ?)(?:in|within|inside|for|from) (?:the |file |module )*{OPAQUE},? ", flags=re.IGNORECASE
)
_HANDS_OFF = Anchored(
    r"\b(?:do not|don't|dont|never|without|must not|should not)(?: \w+)? "
    r"(?:edit|edits|editing|chang(?:e|es|ing)|modify|modifying|writ(?:e|ing)|touch|touching|alter|altering)"
    r"(?: (?:to|any|the|a|of|other))*"
    r"(?: (?:files?|code|anything|it|them|repo(?:sitory)?|workspace|sources?|disk)\b|\W*$)"
    r"|\bread[- ]only\b|\bdry[- ]run\b|\bno (?:edits|changes)\b",
    anchors=(
        *("do not", "don't", "dont", "never", "without", "must not", "should not", "read-only", "read only"),
        *("dry-run", "dry run", "no edits", "no changes"),
    ),
    flags=re.IGNORECASE | re.MULTILINE,
)
# An order that names no file: its verb changes code, and its object is not the answer's or another system's.
_OF_CODE = word_set(
    "allow cache clamp debounce deprecate disable enable handle harden improve limit mask memoise memoize normalise "
    "normalize paginate parallelise parallelize precompute propagate reject resolve restrict sanitise sanitize "
    "separate silence support suppress throttle tighten unify vectorise vectorize address consolidate modularise "
    "modularize"
)
_AS_WELL_OF_WORDS = word_set(
    "append apply comment convert correct deduplicate document drop extract inline move prefix prepend reformat "
    "rewrite shorten simplify sort split strip substitute swap translate turn undo revert edit modify port"
)
_PLAIN = (_EDITS | _OF_CODE) - _AS_WELL_OF_WORDS
_ACTS = IMPERATIVES | _EDITS | _OF_CODE | READS
_OF_IT = word_set("fix implement refactor repair patch")  # "Improve it" may speak of an answer
_IT = frozenset(
    {"it", "this", "that", "them", "these", "those", "me", "us", "my", "your", "yourself", "up", "on", "of"}
)
_MADE = Anchored(r"make (?!(?:an?|some|one|two|three|up|me|us|sure|it|this|that|them|sense|no|my|your|do)\b)\S+ \S")
_MADE_ANEW = Anchored(
    r"(?:create|write) (?:an?|the|some)? ?(?:\w+ ){0,2}(?:tests?|test cases?|modules?|endpoints?|migrations?)\b"
)
_OTHERWISE = Anchored(
    r"\b(?:branch(?:es)?|commits?|tags?|remotes?|stash|worktrees?|upstream|main(?!\()|master|containers?|volumes?|pods?"
    r"|clusters?|process(?:es)?|daemons?|servers?|services?|machines?|vm|laptop|computer|system|firewall|databases?|db"
    r"|rows?|records?|buckets?|accounts?|users?|tickets?|issues?|prs?|mrs?|pull requests?|merge requests?|milestones?"
    r"|labels?|boards?|calendar|meetings?|reminders?|memory|todos?|tasks?|chat|conversation|session|prompts?"
    r"|permissions?|sudo|globally|cron\w*|environment|venv|virtualenv|node_modules|brew|apt|npm|pip|homebrew|slack|jira"
    r"|github|gitlab|production|prod|staging|passwords?|logs?|te?mp\w*|artifacts?|caches|directory|folders?|downloads?"
    r"|disk|backups?|files|dependenc(?:y|ies)|packages?|grammar|spelling|punctuation|sentences?|paragraphs?|texts?"
    r"|words?|numbers|letters?|e-?mails?|messages?|poems?|stor(?:y|ies)|essays?|quer(?:y|ies)|equations?|dates?|quotes?"
    r"|pasted?|following|below|above|findings?|answers?|details?|thoughts|thinking|unused|dead|leftovers?|obsolete"
    r"|lint\w*|warnings?|typos|violations?|vulnerabilit\w+|errors|problems|bugs)\b|this code"
    r"|^\w+ \W?\d+(?:[.,]\d+)?%? (?:and|to|by|from)\b"
)
_OTHERWISE_ABROAD = Anchored(
    r".*(?:satz|sätze|\btext|grammatik|rechtschreib|\bzahlen|zusammenfass|\bantwort|\bzweig|frase|oraci[oó]n|gram[aá]tica"
    r"|ortograf|\bn[uú]meros|resumen|respuesta|\brama\b|phrase|grammaire|orthograph|r[ée]sum[ée]|r[ée]ponse|branche"
    r"|текст|предложени|грамматик|орфограф|числ|ответ|ветк|句子|文本|文章|语法|数字|回答|分支|翻译|branch|commit)"
    r"|(?:übersetz|kürz|sortier|traduce|traduis)"
)
_LONGEST = 20_000  # characters of an order that are looked at
# A name without a folder counts only where its ending is a file's: `os.path` and `e.g.` do not count.
_IN_FOLDER = Anchored(r"[^:*]*/[^/:*]*\.[A-Za-z][A-Za-z0-9]{0,9}")
_ALONE = Anchored(
    r"[^/:*]+\.(?:py|pyi|js|jsx|ts|tsx|mjs|cjs|vue|html?|css|scss|json|ya?ml|toml|ini|cfg|conf|xml|md|rst|txt|sh|sql|go|rs|"
    r"c|h|cc|cpp|hpp|java|kt|rb|php|cs|swift|scala|lua|ipynb|csv|lock)"
)


def shaped_as_file(path: str) -> bool:
    """Tell whether *path*, a word of a text, has the shape of a file's name."""
    return bool(_IN_FOLDER.fullmatch(path) or _ALONE.fullmatch(path))


def hands_off(plain: str) -> bool:
    """Tell whether a *plain* text says that nothing may be changed."""
    return bool(_HANDS_OFF.search(plain))


def asks_for_an_edit(text: str, files: Collection[str] = ()) -> bool:
    """Tell whether *text*, for a task that names *files*, asks without condition for a change of what it names.

    Where the task or the text names a file, each act other than reading or answering asks for one.
    """
    plain = _QUESTION.sub("", _PLACE_FIRST.sub(r"\1", plain_text(text)))
    if hands_off(plain):
        return False
    if any(asked and _edits(clause) for clause, asked in clauses(plain)):
        return True
    if not files and not any(shaped_as_file(word.text) for word in path_words(text)):
        return False
    asks = (_changes(clause, number) for number, (clause, asked) in enumerate(clauses(plain)) if asked)
    return any(asks) or edit_asked_abroad(plain)


def orders_an_edit(text: str) -> bool:
    """Tell whether *text* plainly orders a change of code, by the first act that it asks for. It need name no file.

    A question anywhere, a condition, or an act on what no source file holds makes it less than plain.
    """
    plain = _PLACE_FIRST.sub(r"\1", plain_text(text[:_LONGEST]))
    if hands_off(plain) or _QUESTION.search(plain):
        return False
    acts = (_said(clause) for clause, asks in clauses(plain) if asks)
    first = next((said for said in acts if first_word(said) in _ACTS), "")
    if not first:
        return edit_asked_abroad(plain, unless=_OTHERWISE_ABROAD)
    return _changes_code(first) and not (_HEDGED.search(first) or _OTHERWISE.search(first))


def _changes_code(said: str) -> bool:
    verb, following, *_ = (*said.split(maxsplit=2), "", "")
    if following.strip(",:.") in _IT and verb not in _OF_IT:
        return False
    if verb in _PLAIN:
        return bool(following)
    if verb in {"put", "set"}:
        return _edits(said) and not _ANSWERS.search(said)
    return bool(_MADE.match(said) and not _ANSWERS.search(said)) or bool(_MADE_ANEW.match(said))


def _changes(clause: str, number: int) -> bool:
    said = _said(clause)
    return not (_HEDGED.search(said) or _ANSWERS.search(said)) and changes_what_it_names(said, leads=number == 0)


def _said(clause: str) -> str:
    return _ADVERB.sub("", clause.lower(), count=1)


def _edits(clause: str) -> bool:
    """Tell whether a *clause* that asks for something asks for a change."""
    said = _said(clause)
    if _HEDGED.search(said):
        return False
    verb = first_word(said)
    if verb in _EDITS:
        return True
    if verb not in _MAKES or not _SETS.search(said):
        return False
    return bool(_INTO.search(said)) or not _ANSWERS.search(said)
