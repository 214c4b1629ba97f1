"""The tour of the demo: ten mixed tasks, and what the stand-ins play for each. Everything else is what `run` does."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from profile_router.core.task import Facts, Task
from profile_router.demo.provider import Script, ScriptLine
from profile_router.demo.scratch import LOCAL_MODEL, MODEL
from profile_router.values import frozen

_PYTHON = Path(sys.executable).name
_SQUARES = "".join(f"    {number}: {number * number},\n" for number in range(1, 231))
# The smallest picture there is: one pixel, as a program that looks at its head takes it for one.
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc000000301010018dd8db0"
    "0000000049454e44ae426082"
)
TOUR_FILES: Mapping[str, str] = {
    "greet.py": 'def hello():\n    return "hello"\n',
    "price.py": "def rounded(value):\n    return int(value)\n",
    "settings.env": "TIMEOUT=10\n",
    "style.py": "import os\n\n\ndef area(width, height):\n    return width * height\n",
    "button.css": ".button { color: red; }\n",
    "auth.py": "def allowed(token, secret):\n    return token == secret\n",
    "log.py": "import logging\n\nlogger = logging.getLogger('app')\n",
    "squares.py": "SQUARES = {\n}\n",
    "empty.py": "def nothing():\n    return None\n",
    "five.py": "def five():\n    return 4\n",
}

Play = Sequence[ScriptLine]


@frozen
class Stop:
    """One stop: the task, and what the models play; `repair` is what the local one does at its second try."""

    goal: str
    file: str = ""
    check: str | None = None
    images: tuple[str, ...] = ()
    lines: int | None = None
    local: Play = ()
    repair: Play = ()
    burst: Play = ()

    def task(self, repository: Path) -> Task:
        """Return the task in *repository*."""
        return Task(
            goal=self.goal,
            files=(self.file,) if self.file else (),
            images=self.images,
            workspace=str(repository),
            check=self.check,
            facts=Facts(lines_to_edit=self.lines),
        )

    def scripts(self) -> tuple[Script, Script]:
        """Return what the local stand-in plays, and the cloud's."""
        silent: Play = (ScriptLine(words="Done."),)
        local = Script(model=LOCAL_MODEL, lines=self.local or silent, repair=self.repair)
        return local, Script(model=MODEL, lines=self.burst or silent)


def _edits(path: str, old: str, new: str, words: str = "Done: one place changed.") -> Play:
    look: tuple[str, dict[str, Any]] = ("read_file", {"path": path})
    return (
        ScriptLine(calls=(look,)),
        ScriptLine(calls=(("edit_file", {"path": path, "old": old, "new": new}),)),
        ScriptLine(words=words),
    )


def _python(code: str) -> str:
    return f'{_PYTHON} -c "{code}"'


STOPS: tuple[Stop, ...] = (
    Stop(
        goal="Let hello() in greet.py end with an exclamation mark",
        file="greet.py",
        check=_python("import greet; assert greet.hello() == 'hello!'"),
        local=_edits("greet.py", '"hello"', '"hello!"'),
    ),
    Stop(
        goal="Fix rounded() in price.py: it must round half up",
        file="price.py",
        check=_python("import price; assert (price.rounded(2.5), price.rounded(2.4)) == (3, 2)"),
        local=_edits("price.py", "int(value)", "round(value)"),
        repair=_edits("price.py", "round(value)", "int(value + 1)"),
        burst=_edits("price.py", "int(value + 1)", "int(value + 0.5)"),
    ),
    Stop(
        goal="Set the timeout to 30 seconds in settings.env",
        file="settings.env",
        check=_python("assert 'TIMEOUT=30' in open('settings.env').read()"),
        local=_edits("settings.env", "TIMEOUT=10", "TIMEOUT=30"),
    ),
    Stop(
        goal="Lint style.py: remove the unused import",
        file="style.py",
        check=_python("assert 'import' not in open('style.py').read()"),
        burst=_edits("style.py", "import os\n\n\n", ""),
    ),
    Stop(
        goal="Give the button in button.css the colour of the picture",
        file="button.css",
        images=("button.png",),
        check=_python("assert 'blue' in open('button.css').read()"),
        burst=_edits("button.css", "red", "blue"),
    ),
    Stop(
        goal="Do a security review of auth.py",
        file="auth.py",
        burst=(
            ScriptLine(calls=(("read_file", {"path": "auth.py"}),)),
            ScriptLine(words="`==` on a secret leaks its length by time: use hmac.compare_digest."),
        ),
    ),
    Stop(
        goal="Refactor the logger across the whole codebase: call it `shop`",
        file="log.py",
        check=_python("assert 'shop' in open('log.py').read()"),
        burst=_edits("log.py", "'app'", "'shop'"),
    ),
    Stop(
        goal="Fill the table in squares.py with the squares of 1 to 230",
        file="squares.py",
        check=_python("import squares; assert len(squares.SQUARES) == 230"),
        local=_edits("squares.py", "SQUARES = {\n", f"SQUARES = {{\n{_SQUARES}"),
    ),
    Stop(
        goal="Add a docstring to nothing() in empty.py",
        file="empty.py",
        local=(ScriptLine(words="I added the docstring."),),
        burst=_edits("empty.py", "    return None", '    """Return nothing."""\n    return None'),
    ),
    Stop(
        goal="Fix five() in five.py: it must return five",
        file="five.py",
        check=_python("import five; assert five.five() == 5"),
        local=_edits("five.py", "return 4", "return 3"),
        repair=_edits("five.py", "return 3", "return 2"),
        burst=_edits("five.py", "return 2", "return 1"),
    ),
)
