"""A terminal gets colours and one living line; what is not a terminal, or has said no, gets neither."""

import fcntl
import io
import os
import pty
import struct
import termios

import pytest

from profile_router.cli.progress import Progress, coloured

TURN = {"event": "turn", "turn": 3, "tools": ["read_file", "replace_text", "search_files", "run_command", "list_files"]}


def _shown(monkeypatch: pytest.MonkeyPatch, *, columns: int = 80, **environ: str) -> str:
    """Return what a terminal *columns* wide gets for a turn and the end of the attempt."""
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm", **environ}.items():
        monkeypatch.setenv(name, value)
    reading, writing = pty.openpty()
    fcntl.ioctl(writing, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with os.fdopen(writing, "w", encoding="utf-8") as terminal, os.fdopen(reading, "rb", buffering=0) as screen:
        progress = Progress(terminal)
        progress(TURN)
        progress({"event": "attempt", "outcome": "ok", "line": "coding-local"})
        shown = b""
        while not shown.endswith(b"coding-local\r\n"):  # what was written may arrive in parts
            shown += screen.read(10_000)
        return shown.decode()


def test_a_terminal_gets_colours_and_a_line_that_is_overwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = _shown(monkeypatch)
    assert "\x1b[2K  turn 3: read_file" in shown
    assert "\x1b[36m●\x1b[0m attempt 1" in shown


@pytest.mark.parametrize("columns", [20, 40, 79])
def test_the_living_line_does_not_wrap_on_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    living = _shown(monkeypatch, columns=columns).split("\x1b[2K")[1].split("\r")[0]
    assert living.startswith("  turn 3: read_file"[: columns - 1])
    assert len(living) < columns


def test_no_color_is_obeyed_and_the_living_line_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = _shown(monkeypatch, NO_COLOR="1")
    assert "turn 3" in shown
    assert "\x1b[36m" not in shown


def _attempt_shown(line: str, columns: int) -> list[str]:
    """Return the lines of a terminal *columns* wide for an attempt told in *line*."""
    reading, writing = pty.openpty()
    fcntl.ioctl(writing, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with os.fdopen(writing, "w", encoding="utf-8") as terminal, os.fdopen(reading, "rb", buffering=0) as screen:
        Progress(terminal)({"event": "attempt", "outcome": "ok", "line": f"{line} end"})
        shown = b""
        while not shown.endswith(b"end\r\n"):
            shown += screen.read(10_000)
    return shown.decode().removesuffix("\r\n").split("\r\n")


@pytest.mark.parametrize("columns", [44, 60, 80])
def test_a_long_line_breaks_between_words_and_goes_on_below_its_text(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    first, *rest = _attempt_shown("coding-local · gemma-4-26b-q4_0 · refuses · " * 3, columns)
    assert first.startswith("● attempt 1   coding-local")
    assert rest
    assert all(line.startswith(" " * 14) and line[14] != " " for line in rest)
    assert max(map(len, (first, *rest))) <= columns
    words = " ".join([first, *rest]).split()
    assert set(words) == {"●", "attempt", "1", "coding-local", "·", "gemma-4-26b-q4_0", "refuses", "end"}


def test_where_there_is_no_room_to_go_on_below_the_text_it_goes_on_at_the_margin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    lines = _attempt_shown("coding-local · " * 5, 30)
    assert max(map(len, lines)) <= 30
    assert lines[1].startswith("coding-local")


@pytest.mark.parametrize("number", [None, 7])
@pytest.mark.parametrize(
    ("line", "mark"),
    [
        ("calc.py +1 −1", "✓"),
        ("unverified: no check command was named", "!"),
        ("unverified.py +1 −1", "✓"),
        ("pytest -q: passed · 14 passed", "✓"),
        ("pytest -q: FAILED (exit 1) · 1 failed", "✗"),
        ("make: FAILED (exit None) · ended after 5 s", "✗"),
        ("make: FAILED (exit -9)", "✗"),
        ("make test: passed · suite x: FAILED (exit 1) as expected", "✓"),
        ("grep -c ': FAILED' log: passed · 3", "✓"),
    ],
)
def test_the_mark_of_a_verification_follows_from_how_it_ended(line: str, mark: str, number: int | None) -> None:
    stream = io.StringIO()
    Progress(stream, number)({"event": "verify", "line": line})
    assert stream.getvalue().startswith(f"{mark} verify ")
    assert stream.getvalue().endswith(f"{f'[{number}] ' if number else ''}{line}\n")


def test_a_dumb_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _shown(monkeypatch, TERM="dumb") == "● attempt 1   coding-local\r\n"


def test_a_pipe_gets_no_colours() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        assert not coloured(pipe)
