"""A terminal gets colours and one live line; what is not a terminal, or has said no, gets neither."""

import fcntl
import io
import os
import pty
import re
import struct
import termios
import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from profile_router.cli.live_line import LiveLine, takes_live_line
from profile_router.cli.progress import Progress, coloured
from profile_router.cli.screens import make_harmless

TURN = {
    "event": "turn",
    "turn": 3,
    "tools": ["edit_file", "run_command"],
    "file": "src/http.py",
    "tokens_per_second": 23.4,
    "cost_usd": 0.06,
}
BEGIN = {"event": "begin", "attempt": 2, "profile": "coding-burst"}
END = {"event": "attempt", "outcome": "ok", "line": "coding-local", "cost_usd": 0.08}


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


def _shown(use: Callable[[Progress], object], *, columns: int = 80, encoding: str = "utf-8") -> str:
    """Return what a terminal *columns* wide gets while *use* has a Progress on it."""
    reading, writing = pty.openpty()
    fcntl.ioctl(writing, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    parts: list[bytes] = []

    def read() -> None:
        try:
            while part := os.read(reading, 65_536):
                parts.append(part)
        except OSError:  # the other end was closed
            pass

    reader = threading.Thread(target=read)
    reader.start()
    try:
        with os.fdopen(writing, "w", encoding=encoding, errors="profile-router-marks") as terminal:
            with Progress(terminal) as progress:
                use(progress)
            terminal.flush()
    finally:
        reader.join()
        os.close(reading)
    return b"".join(parts).decode(encoding)


def _run(progress: Progress) -> None:
    for event in (BEGIN, TURN, END):
        progress(event)


def test_a_terminal_gets_colours_and_a_line_that_is_gone_at_the_end() -> None:
    shown = _shown(_run)
    assert "\x1b[36m●\x1b[0m attempt 1" in shown
    *_, last = shown.split("\r\n")
    assert shown.endswith("\x1b[2K")
    assert "\x1b[?25h" in last  # the cursor is back
    assert "tok/s" not in last


def test_the_live_line_tells_attempt_file_speed_time_and_cost() -> None:
    now = iter([100.0, 141.0, 142.0])
    live = LiveLine(io.StringIO(), clock=lambda: next(now))
    assert live.line == ("starts", "$0.00"), "a question before the run takes as long as its answer"
    live({**BEGIN, "run": "ab12"})
    live(TURN)
    assert live.line == ("attempt 2 · turn 3: edit_file src/http.py +1", "41 s · 23 tok/s · $0.06")
    live(END)
    assert live.line == ("looks at the work", "42 s · $0.08")


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({"event": "classify"}, "prepares"),
        ({"event": "condense", "task_index": 1}, "[2] condenses"),
        ({"event": "turn", "turn": 1, "tools": []}, "starts · turn 1: answers"),
        ({"event": "nonsense"}, "starts"),
    ],
)
def test_the_live_line_follows_the_events(event: Mapping[str, Any], said: str) -> None:
    live = LiveLine(io.StringIO())
    live(event)
    assert live.line[0] == said


@pytest.mark.parametrize("columns", [20, 44, 60, 79])
def test_the_live_line_does_not_wrap_on_a_narrow_terminal(columns: int) -> None:
    long = {**TURN, "file": "src/\u65e5\u672c\u8a9e/" + "x" * 90 + "/it.py"}

    def use(progress: Progress) -> None:
        progress(BEGIN)
        progress(long)
        assert progress.live_line is not None
        text = progress.live_line._drawn()
        assert text.cell_len < columns
        assert text.plain.endswith("$0.06") or columns < 44
        assert ("attempt" in text.plain and "/it.py" in text.plain) or columns < 60

    _shown(use, columns=columns)


def test_only_the_live_line_moves_the_cursor_on_a_stream_made_harmless() -> None:
    def use(progress: Progress) -> None:
        make_harmless(progress._stream)
        _run(progress)
        progress._stream.write("\x1b]0;owned\x1b[2J\n")
        progress({"event": "kept", "line": "\x1b]0;owned\x1b\\\x1b[2J\x1b[8m"})
        progress({**TURN, "file": "\x1b]0;owned\x1b\\\x1b[2J\x1b[8m"})

    shown = _shown(use)
    assert "\x1b[36m●\x1b[0m attempt 1" in shown
    assert (shown.endswith("\x1b[2K"), "\\u001b" in shown) == (True, True)
    assert not {"\x1b]", "\x1b[2J", "\x1b[8m"} & set(re.findall(r"\x1b\]|\x1b\[[^a-zA-Z]*[a-zA-Z]", shown))


def test_no_color_is_obeyed_and_the_live_line_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    shown = _shown(_run)
    assert "prepares" in shown or "starts" in shown
    assert "\x1b[36m" not in shown


def test_a_terminal_of_another_encoding_gets_ascii() -> None:
    shown = _shown(_run, encoding="ascii")
    assert "*\x1b[0m attempt 1   coding-local" in shown
    assert "?" not in shown.replace("\x1b[?25", "")


def test_a_question_is_asked_where_no_live_line_is() -> None:
    def use(progress: Progress) -> None:
        progress(BEGIN)
        with progress.away():
            progress._stream.write("? well [y/N] ")
            progress._stream.flush()
        progress(TURN)

    before = _shown(use).partition("? well [y/N] ")[0]
    assert before.endswith("\x1b[2K")


def test_ctrl_c_leaves_nothing_of_it_on_the_screen() -> None:
    def use(progress: Progress) -> None:
        progress(BEGIN)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _shown(use)


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
    ("line", "about", "passed", "mark"),
    [
        ("calc.py +1 −1", "files", None, "✓"),
        ("unverified: no check command was named", "open", None, "!"),
        ("unverified.py +1 −1", "files", None, "✓"),
        ("weak: 1 changed file parses", "weak", None, "●"),
        ("weak: 1 failed is its name", "files", None, "✓"),
        ("pytest -q: passed · 14 passed", "check", True, "✓"),
        ("pytest -q: FAILED (exit 1) · 1 failed", "check", False, "✗"),
        ("make: FAILED (exit None) · ended after 5 s", "check", False, "✗"),
        ("make test: passed · suite x: FAILED (exit 1) as expected", "check", True, "✓"),
        ("grep -c ': FAILED' log: passed · 3", "check", True, "✓"),
    ],
)
def test_the_mark_of_a_verification_follows_from_how_it_ended(
    line: str, about: str, passed: bool | None, mark: str, number: int | None
) -> None:
    stream = io.StringIO()
    Progress(stream, number)({"event": "verify", "line": line, "about": about, "passed": passed})
    assert stream.getvalue().startswith(f"{mark} verify ")
    assert stream.getvalue().endswith(f"{f'[{number}] ' if number else ''}{line}\n")


@pytest.mark.parametrize(("runs", "told"), [(False, 0), (True, 1)])
def test_that_the_check_was_not_run_is_said_once(runs: bool, told: int) -> None:
    stream = io.StringIO()
    shown = Progress(stream)
    shown({"event": "found", "line": "make · not run: nobody agreed to it", "runs": runs})
    shown({"event": "verify", "line": "unverified: it was not run", "about": "unrun", "passed": None})
    shown({"event": "verify", "line": "unverified: a claim", "about": "open", "passed": None})
    assert [stream.getvalue().count(one) for one in ("it was not run", "a claim")] == [told, 1]


def test_a_dumb_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert _shown(_run) == "● attempt 1   coding-local\r\n"
    assert not takes_live_line(io.StringIO())


def test_a_pipe_gets_no_colours() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        assert not coloured(pipe)
