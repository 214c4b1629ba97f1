"""Say what the tiny model says: a script, cut into unique pieces, which a bigram model can follow."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain

SENTENCE = "The tiny model answers with a fixed sentence of known words so that tests can compare text exactly."
_OPENING, _CLOSING = "<tool_call>\n", "\n</tool_call>"
_HEADS = [(_OPENING[:at], _OPENING[at:]) for at in range(2, len(_OPENING) - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Name a tool and the arguments to call it with, in the order of the tool's schema."""

    tool: str
    arguments: Mapping[str, object]

    @property
    def text(self) -> str:
        """Spell the call as the chat template does, without its opening."""
        return json.dumps({"name": self.tool, "arguments": self.arguments}) + _CLOSING


LIST_FILES = Call(tool="list_files", arguments={"path": "."})
READ_README = Call(tool="read_file", arguments={"path": "README.md", "start": 1, "lines": 40})


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """Fix what the model does after a user message, at temperature 0.

    With tools offered it makes `calls`, one a turn, then says `sentence` (after thinking `thought`); without tools it
    says the sentence at once. A grammar always wins. Where it wants a text the answer is `word`, where a whole number,
    `number`. An enum without `word` gets the first letter of the alphabet that fits. At most 9 calls.
    """

    sentence: str = SENTENCE
    calls: tuple[Call, ...] = (LIST_FILES, READ_README)
    thought: str | None = None
    word: str = "low"
    number: int = 30

    @property
    def spoken(self) -> tuple[str, ...]:
        """Return the thought as the chat template spells it, and the sentence; a grammar may take over in between."""
        return (f"<think>\n{self.thought}\n</think>", f"\n\n{self.sentence}") if self.thought else (self.sentence,)


@dataclass(slots=True)
class Cutter:
    """Cut texts into pieces none of which occurs twice, here or in `taken`."""

    taken: set[str] = field(default_factory=set)

    def cut(self, text: str) -> list[str]:
        """Cut a text at its words, joining what would repeat. Raises ValueError for a text that is one repetition."""
        pieces: list[str] = []
        pending = ""
        for word in re.findall(r"\s*\w+|\s*[^\w\s]+|\s+", text):
            pending += word
            if pending not in self.taken:
                self.taken.add(pending)
                pieces.append(pending)
                pending = ""
        while pending and pieces:
            pending = pieces.pop() + pending
            if pending not in self.taken:
                self.taken.add(pending)
                return [*pieces, pending]
        if pending:
            raise ValueError(f"no way to cut {text!r} into pieces that occur once")
        return pieces


def steps(script: Script, reserved: Iterable[str]) -> tuple[list[list[str]], list[str]]:
    """Return the pieces of each call, and of what is said, one character a byte; `reserved` texts are never a piece.

    Each call's opening is cut at another place, which tells the calls apart. It ends a piece: there the server's tool
    grammar takes over. A tool that the request doesn't offer gives way to one it does. Raises ValueError for too
    many calls, or a text that can't be cut.
    """
    if len(script.calls) > len(_HEADS):
        raise ValueError(f"a script holds at most {len(_HEADS)} calls, not {len(script.calls)}")
    cutter = Cutter({*reserved, *chain(*_HEADS)})
    calls = [[*head, *cutter.cut(call.text)] for head, call in zip(_HEADS, script.calls, strict=False)]
    return calls, [piece for part in script.spoken for piece in cutter.cut(part.encode().decode("latin-1"))]
