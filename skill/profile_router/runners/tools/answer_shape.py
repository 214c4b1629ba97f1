"""The shape of every tool's answer, a refusal too: valid text, within its bound, and open about what is cut."""

from __future__ import annotations

from profile_router.expressions import expression

_LONE = expression("[\ud800-\udfff]")


class ToolRefusal(Exception):
    """A tool will not do what was asked. The message is for the model: what, the value, what is allowed."""


class ChangesNothing(ToolRefusal):
    """What is to be written is what stands there."""


class DropsMost(ToolRefusal):
    """What is to be written drops most of the file. Asked for once more, it is written. `drops` says what it drops."""

    def __init__(self, drops: str) -> None:
        super().__init__(f"{drops}; change a part with edit_file, or send the same again if that is meant")
        self.drops = drops


def sendable(text: str) -> str:
    """Return *text* as every server takes it: no NULs, no lone surrogates (llama.cpp answers those with a 500)."""
    return _LONE.sub("\ufffd", text.replace("\0", ""))


def fitted_answer(text: str, room: int, go_on: str) -> str:
    """Return *text* in at most *room* characters, cut at a line's end where that is near, and how to *go_on*."""
    room = max(room, 0)
    if len(text) <= room:
        return text
    tail = "\n[cut: {} of " + f"{len(text)} characters; {go_on}]"
    start = text[: max(room - len(tail) - len(str(room)), 0)]
    whole_lines = start[: start.rfind("\n")] if "\n" in start[len(start) // 2 :] else start
    return (whole_lines + tail.format(len(whole_lines)))[:room]


def lines_of(content: bytes) -> list[bytes]:
    """Return the lines without their LF. Other line breaks are text, so that all tools number lines alike."""
    return content.removesuffix(b"\n").split(b"\n") if content else []
