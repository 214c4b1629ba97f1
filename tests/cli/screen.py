"""What a terminal of so many columns shows of a command: its lines, as the terminal breaks them."""

import fcntl
import os
import pty
import re
import struct
import termios
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cli import forked
from tests.cli.command import environment

from profile_router.core.telling.layout import width_of


@dataclass(frozen=True, slots=True)
class Screen:
    """How a command ended on a terminal, and all that it wrote there."""

    code: int
    raw: str

    @property
    def lines(self) -> list[str]:
        """The lines without colours; a line that was overwritten is not among them."""
        return [re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", line.split("\x1b[2K")[-1]) for line in self.raw.splitlines()]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def too_wide(self, columns: int) -> list[str]:
        """The lines that the terminal would break by itself."""
        return [line for line in self.lines if width_of(line) > columns]


@contextmanager
def terminal(columns: int) -> Iterator[tuple[int, int]]:
    """Give both ends of a terminal: the one that is read, and the one that a program writes to."""
    reading, writing = pty.openpty()
    try:
        fcntl.ioctl(writing, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        yield reading, writing
    finally:
        os.close(reading)


def shown(
    *arguments: str, home: Path, columns: int = 80, cwd: Path | None = None, extra: Mapping[str, str] | None = None
) -> Screen:
    """Run `profile-router arguments` with both of its streams at a terminal."""
    parts: list[bytes] = []
    with terminal(columns) as (reading, writing):

        def read() -> None:
            try:
                while part := os.read(reading, 65_536):
                    parts.append(part)
            except OSError:  # the other end is closed
                return

        reader = threading.Thread(target=read)
        reader.start()
        environ = environment(home, {"TERM": "xterm", **(extra or {})})
        with forked.start(*arguments, cwd=cwd or home, environ=environ, terminal=writing, shown=(1, 2)) as fork:
            fork.communicate()
            code = fork.wait(0)
        os.close(writing)
        reader.join()
    return Screen(code, b"".join(parts).decode("utf-8", "replace"))
