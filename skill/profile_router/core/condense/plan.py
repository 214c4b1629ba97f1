"""Plan how a context is brought within a number of tokens. Pure: counting, cutting and outlining are handed in.

In this order, and no further than needed: code becomes its outline, the largest first; lines that repeat stand once;
at last the largest parts are summarized, but for passages that speak of the goal. Errors and files to be edited stay as
they are. Nothing disappears unlisted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field, replace
from typing import Literal

from profile_router.core.condense.parts import Part, parts_of_context
from profile_router.core.condense.passages import without_passages
from profile_router.core.condense.result import CondensedPart
from profile_router.core.conversation import Conversation
from profile_router.values import frozen, mutable

LEAST_SUMMARY, MOST_SUMMARY = 100, 1_000  # tokens of one summary
_HEADER = 150  # tokens of the lines that say what was summarized
_NAMED = 6
_SHORTEST_REPEAT = 20
_DIGEST_PARTS = 3  # a third of the room for summaries is for passages taken word for word


@frozen
class Tools:
    """What planning needs done. `tokens_of` counts o200k tokens (exact up to any size that may fit).

    `cut` cuts into chunks of at most so many tokens. `outline` gives the outline of code in a language, or None.
    """

    tokens_of: Callable[[str], int]
    cut: Callable[[str, int], tuple[str, ...]]
    outline: Callable[[str, str], str | None]


@frozen
class CondenseBudget:
    """Tokens (o200k) that context and conversation may take, tokens of one chunk to summarize, and model calls."""

    room: int
    chunk: int
    calls: int


@frozen
class CondensePlan:
    """What stays (`context` and `conversation`), and what is to be summarized: the `chunks`, by rounds of summaries.

    `bounds` are the tokens of one summary in each round, `calls` the model calls of all rounds together.
    """

    context: str
    conversation: Conversation
    listed: tuple[CondensedPart, ...]
    chunks: tuple[str, ...] = ()
    chunk: int = 0
    summarized: tuple[CondensedPart, ...] = ()
    passages: str = ""
    bounds: tuple[int, ...] = ()
    calls: int = 0

    def finished(
        self, summaries: Sequence[str], tokens_of: Callable[[str], int]
    ) -> tuple[str, tuple[CondensedPart, ...]]:
        """Return the condensed context with the last round's *summaries* in it, and the list of what was condensed."""
        if not self.chunks:
            return self.context, self.listed
        digest = "\n".join([*([self.passages] if self.passages else []), *summaries])
        names = ", ".join(part.place for part in self.summarized[:_NAMED])
        more = f" and {len(self.summarized) - _NAMED} more" if len(self.summarized) > _NAMED else ""
        before, after = sum(part.before for part in self.summarized), tokens_of(digest)
        header = f"[condensed: {names}{more}, summary, {before:,} → {after:,} tokens; ask for what you miss]"
        shares = tuple(replace(part, after=part.before * after // max(1, before)) for part in self.summarized)
        return "\n".join(filter(None, [self.context, header, digest])), (*self.listed, *shares)


@frozen(kw_only=False)
class TooLarge:
    """Why no plan is made, in words, with the sizes."""

    why: str


@mutable(kw_only=False)
class _Item:
    """What may be condensed: a text of `tokens` tokens that stands at `place`, of a part or of some turns."""

    place: str
    text: str
    tokens: int
    part: Part | None = None
    turns: Conversation = ()
    verbatim: bool = False
    kind: Literal["outlined", "selected"] | None = None
    before: int = field(init=False)

    def __post_init__(self) -> None:
        self.before = self.tokens

    def becomes(self, text: str, kind: Literal["outlined", "selected"], tokens_of: Callable[[str], int]) -> bool:
        """Take *text* if it is clearly shorter."""
        after = tokens_of(text)
        if after >= self.tokens * 0.8:
            return False
        self.text, self.tokens, self.kind = text, after, kind
        return True

    @property
    def listed(self) -> CondensedPart | None:
        if self.kind is None:
            return None
        return CondensedPart(place=self.place, kind=self.kind, before=self.before, after=self.tokens)


def condense_plan(
    goal: str, context: str, conversation: Conversation, edited: frozenset[str], budget: CondenseBudget, tools: Tools
) -> CondensePlan | TooLarge:
    """Return how to bring *context* and *conversation* within the budget, or why that cannot be.

    *edited* are the paths of files to be edited: what the context says they hold stays as it is.
    """
    items = _items(context, conversation, edited, tools)
    _errors_once(items)
    if _total(items) > budget.room:
        _outline(items, budget, tools)
    if _total(items) > budget.room:
        _lines_once(items, tools)
    rest = _taken_out(items, budget.room)
    fitting = [item for item in items if item not in rest]
    fixed = _total(fitting)
    room = budget.room - fixed
    if room < 0 or (rest and room < LEAST_SUMMARY + _HEADER):
        return TooLarge(f"errors and files to be edited take {fixed:,} tokens, and there is room for {budget.room:,}")
    planned = CondensePlan(
        context="".join(item.text for item in fitting if not item.turns),
        conversation=tuple(turn for item in fitting for turn in item.turns),
        listed=tuple(part for item in fitting if (part := item.listed) is not None),
    )
    return _with_summaries(planned, rest, goal, replace(budget, room=room - _HEADER), tools) if rest else planned


def _items(context: str, conversation: Conversation, edited: frozenset[str], tools: Tools) -> list[_Item]:
    items = []
    for name, turns in (("the older turns", conversation[:-2]), ("the last two turns", conversation[-2:])):
        if turns:
            text = "".join(f"{turn.role}: {turn.text}\n\n" for turn in turns)
            items.append(_Item(f"{name} of the conversation", text, tools.tokens_of(text), turns=tuple(turns)))
    for number, part in enumerate(parts_of_context(context), 1):
        place = part.path or f"{'a ' + part.language + ' block' if part.language else part.form} ({number})"
        verbatim = part.form == "error" or (part.path is not None and _same_file(part.path, edited))
        items.append(_Item(place, part.whole, tools.tokens_of(part.whole), part=part, verbatim=verbatim))
    return items


def _same_file(path: str, edited: frozenset[str]) -> bool:
    return any(path == other or path.endswith(f"/{other}") or other.endswith(f"/{path}") for other in edited)


def _total(items: Sequence[_Item]) -> int:
    return sum(item.tokens for item in items)


def _outline(items: Sequence[_Item], budget: CondenseBudget, tools: Tools) -> None:
    """Outline code, the largest first, until all fits."""
    total = _total(items)
    for item in sorted(items, key=lambda item: -item.tokens):
        part = item.part
        if total <= budget.room or part is None or part.language is None or item.verbatim:
            continue
        before, short = item.tokens, tools.outline(part.language, part.text)
        if short is not None:
            note = f"[condensed: {item.place}, outlined, from {before:,} tokens]\n"
            item.becomes(f"{part.before}{note}{short}\n{part.after}", "outlined", tools.tokens_of)
            total -= before - item.tokens


def _errors_once(items: Sequence[_Item]) -> None:
    """Leave out an error message that stood before, word for word."""
    seen: set[str] = set()
    for item in items:
        if item.part is not None and item.part.form == "error":
            if item.text in seen:
                item.text, item.tokens, item.kind = "", 0, "selected"
            seen.add(item.text)


def _lines_once(items: Sequence[_Item], tools: Tools) -> None:
    """Leave out lines that stood before; short ones stay, they mean something by their place."""
    seen: set[str] = set()
    for item in items:
        if item.part is None or item.verbatim or item.kind is not None:
            continue
        lines = item.text.splitlines(keepends=True)
        once = []
        for line in lines:
            if len(line) < _SHORTEST_REPEAT or line not in seen:
                once.append(line)
                seen.add(line)
        if len(once) < len(lines):
            note = f"[condensed: {item.place}, lines that repeat stand once, {len(lines):,} → {len(once):,} lines]\n"
            item.becomes(note + "".join(once), "selected", tools.tokens_of)


def _taken_out(items: Sequence[_Item], room: int) -> list[_Item]:
    """Return what has to be summarized for the others to fit: the largest first; old turns go before new ones."""
    total = _total(items)
    if total <= room:
        return []
    least = max(LEAST_SUMMARY + _HEADER, min(room // 4, MOST_SUMMARY))
    taken: list[_Item] = []
    for item in sorted((item for item in items if not item.verbatim and item.tokens), key=lambda item: -item.tokens):
        if total + least <= room:
            break
        taken.append(item)
        total -= item.tokens
    if any(item.turns for item in taken):
        taken.extend(item for item in items[:1] if item.turns and item not in taken)
    return [item for item in items if item in taken]


def _with_summaries(
    planned: CondensePlan, rest: Sequence[_Item], goal: str, budget: CondenseBudget, tools: Tools
) -> CondensePlan | TooLarge:
    least = _total(rest) - budget.room  # passages taken word for word are no more than the room
    if least > budget.chunk * budget.calls:
        return _too_many(least, -(-least // budget.chunk), budget)
    summarized = tuple(CondensedPart(place=item.place, kind="summary", before=item.before, after=0) for item in rest)
    texts, passages = without_passages(
        [item.text for item in rest], goal, budget.room // _DIGEST_PARTS, tools.tokens_of
    )
    whole = "\n".join(f"{item.place}:\n{text}" for item, text in zip(rest, texts, strict=True))
    tokens = tools.tokens_of(whole)
    needed = -(-tokens // max(1, budget.chunk))
    if needed <= budget.calls:
        chunks = tools.cut(whole, budget.chunk)
        rounds = _rounds(len(chunks), budget.room - tools.tokens_of(passages), budget.chunk)
        if rounds is not None and rounds[1] <= budget.calls:
            return replace(
                planned, chunks=chunks, chunk=budget.chunk, summarized=summarized, passages=passages,
                bounds=rounds[0], calls=rounds[1],
            )  # fmt: skip
        needed = len(chunks) + 1 if rounds is None else rounds[1]
    return _too_many(tokens, needed, budget)


def _too_many(tokens: int, calls: int, budget: CondenseBudget) -> TooLarge:
    return TooLarge(
        f"to summarize at least {tokens:,} tokens takes at least {calls:,} model calls of {budget.chunk:,} tokens; "
        f"condense.max_calls allows {budget.calls:,}"
    )


def _rounds(chunks: int, room: int, chunk: int) -> tuple[tuple[int, ...], int] | None:
    """Return the tokens of one summary in each round and the calls of all rounds; None where no number of them does."""
    bounds: list[int] = []
    calls = 0
    while True:
        calls += chunks
        bound = min(MOST_SUMMARY, room // chunks, chunk // 2)
        if bound >= LEAST_SUMMARY:
            return (*bounds, bound), calls
        together = chunk // (LEAST_SUMMARY + 10)
        if chunks == 1 or together < 2:
            return None
        bounds.append(LEAST_SUMMARY)
        chunks = -(-chunks // together)


def grouped(summaries: Sequence[str], chunk: int) -> tuple[str, ...]:
    """Return the summaries of one round put together for the next."""
    together = chunk // (LEAST_SUMMARY + 10)
    return tuple("\n".join(summaries[at : at + together]) for at in range(0, len(summaries), together))
