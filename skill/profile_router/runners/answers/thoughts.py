"""Take a model's thoughts off the front of its answer, where its server left them in the text.

They are for the model alone: a summary, a handoff and the next model are told what it answered.
"""

from __future__ import annotations

import re

from profile_router.expressions import expression

THOUGHT_FIELDS = ("reasoning_content", "reasoning")  # where servers put thoughts beside an answer
_TAGS = "think|thinking|thought|thoughts|reasoning|reflection|seed:think|mm:think"
_OPENED = expression(rf"<({_TAGS})>", re.IGNORECASE)
# Some chat templates end with the opening tag. The answer then has the closing one alone, on a line's end or start.
_CLOSED = expression(rf"</(?:{_TAGS})>[ \t]*(?=\n|\Z)|(?:(?<=\n)|\A)[ \t]*</(?:{_TAGS})>", re.IGNORECASE)
_ANY_CLOSED = expression(rf"</(?:{_TAGS})>", re.IGNORECASE)
_PAIRS = (
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|channel>thought", "<channel|>"),
    ("<unused94>thought", "<unused95>"),
)
_HARMONY = expression(
    r"(?:<\|start\|>\s*assistant\s*)?<\|channel\|>\s*(\w+)([^<]*)(?:<\|constrain\|>[^<]*)?<\|message\|>"
)
_HARMONY_END = expression(r"<\|(?:end|return)\|>|(?=<\|(?:start|channel)\|>)|\Z")
# The same with its special tokens lost on the way: "analysisWe need to …assistantfinalIt is done."
_BARE_HARMONY = expression(r"analysis(?![a-z\s]).*?assistant\s*final(?![a-z])", re.DOTALL)


def without_thoughts(text: str) -> str:
    """Return *text* without the thoughts that it begins with; one that never ends is all of it."""
    rest = text
    while (shorter := _without_one(rest)) is not None:
        rest = shorter
    return rest if rest is text else rest.strip()


def _without_one(text: str) -> str | None:
    """Return *text* without the first thought, None where it does not begin with one."""
    begun = text.lstrip()
    if opened := _OPENED.match(begun):
        own_end = re.compile(rf"</{re.escape(opened[1])}>", re.IGNORECASE).search(begun, opened.end())
        end = own_end or _ANY_CLOSED.search(begun, opened.end())
        return begun[end.end() :] if end else ""
    for opening, closing in _PAIRS:
        if begun.startswith(opening):
            return begun.partition(closing)[2]
    if channel := _HARMONY.match(begun):
        return _without_channel(begun, channel)
    if bare := _BARE_HARMONY.match(begun):
        return begun[bare.end() :]
    closed = _CLOSED.search(begun)
    if closed is None or begun.count("```", 0, closed.start()) % 2 or _OPENED.search(begun, 0, closed.start()):
        return None
    return begun[closed.end() :]


def _without_channel(text: str, channel: re.Match[str]) -> str | None:
    """Return *text* without the harmony message that *channel* opens, or without the head of the final one."""
    end = _HARMONY_END.search(text, channel.end())
    after = end.end() if end else len(text)
    if channel[1] == "analysis":
        return text[after:]
    if "to=" in channel[2]:
        return None  # a call
    said, rest = text[channel.end() : end.start() if end else len(text)], text[after:]
    if not rest.strip():
        return said
    return f"{said}\n{rest}" if channel[1] == "final" else rest
