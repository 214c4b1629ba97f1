"""A stream that cannot show our glyphs gets ASCII ones: no question mark stands for a verdict."""

import io
import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.command import call
from tests.examples import by_night
from tests.ledger.many_runs import fill

from profile_router.cli import screens
from profile_router.cli.app import main
from profile_router.cli.progress import Progress
from profile_router.cli.screens import HANDLER, glyph_on, showable
from profile_router.ledger.schema import LEDGER_FILE

SOURCE = Path(screens.__file__).parent.parent
EVENTS: list[tuple[dict[str, object], str]] = [
    ({"event": "classify", "line": "coding-local · small-change"}, "* classify    coding-local - small-change"),
    ({"event": "attempt", "line": "refuses", "outcome": "failed"}, "x attempt 1   refuses"),
    ({"event": "ladder", "line": "down → coding-burst"}, "> ladder      down -> coding-burst"),
    ({"event": "verify", "line": "calc.py +1 −1", "about": "files", "passed": None}, "+ verify      calc.py +1 -1"),
]


@pytest.mark.parametrize(("event", "line"), EVENTS, ids=[str(event["event"]) for event, _ in EVENTS])
@pytest.mark.parametrize("encoding", ["ascii", "cp437", "latin-1"])
def test_each_mark_has_one_for_streams_without_it(event: dict[str, object], line: str, encoding: str) -> None:
    stream = io.TextIOWrapper(buffer := io.BytesIO(), encoding=encoding, errors=HANDLER)
    Progress(stream)(event)
    stream.flush()
    assert buffer.getvalue().decode(encoding).replace("·", "-") == f"{line}\n"


@pytest.mark.parametrize(
    "room", ["cli", "core/telling", "core/routing", "core/ladder", "core/attempt", "core/trust", "doctor", "runs"]
)
def test_each_mark_in_what_we_tell_has_one_in_ascii(room: str) -> None:
    told = "".join(file.read_text() for file in (SOURCE / room).rglob("*.py"))
    assert "?" not in {mark.encode("ascii", HANDLER).decode() for mark in set(told) if not mark.isascii()}


@pytest.mark.parametrize(
    "command",
    [("route", "fix the typo"), by_night(("demo",)), by_night(("--help",)), by_night(("policy", "show", "--rules"))],
)
def test_a_command_in_an_ascii_locale_prints_no_question_mark(command: tuple[str, ...], tmp_path: Path) -> None:
    done = call(*command, home=tmp_path, extra={"PYTHONIOENCODING": "ascii", "HERMES_HOME": ""}, python=())
    assert done.code == 0, done.err
    assert "?" not in done.out + done.err


def test_letters_lose_their_accents_and_what_has_no_letter_is_a_question_mark() -> None:
    assert "Größe, naïve, Łódź, 漢".encode("ascii", HANDLER) == b"Grosse, naive, Lodz, ?"


@pytest.mark.parametrize("text", ["“a” ‟b‟ ＂c＂ ＼d", "\N{FULLWIDTH QUOTATION MARK}", "\N{LINE SEPARATOR}"])
def test_json_stays_json(text: str) -> None:
    told = json.dumps({"said": text}, ensure_ascii=False).encode("ascii", HANDLER)
    assert set(json.loads(told)) == {"said"}


def test_what_can_be_shown_stays_as_it_is() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    assert showable("● → é", stream) == "● → é"
    assert glyph_on("→", stream) == "→"


SPOILT = "a\u202eb\x9b2J\x1b]0;x\x1b[2J\x1b[8mc"


@pytest.mark.parametrize(
    "words",
    [
        ("history",),
        ("history", "--by", "verdict"),
        ("history", "--by", "day"),
        ("history", "--json"),
        ("report",),
        ("report", "--json"),
        ("report", "--html", "-"),
        ("threads",),
    ],
    ids=" ".join,
)
def test_no_name_in_the_ledger_drives_a_screen_or_a_page(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(tmp_path / "state", 12, now=time.time(), days=1)
    with closing(sqlite3.connect(tmp_path / "state" / LEDGER_FILE)) as database:
        database.execute("UPDATE runs SET profile = ?, rule = ?, thread = ?, workspace = ?, verdict = ?", (SPOILT,) * 5)
        database.commit()
    monkeypatch.setenv("PROFILE_ROUTER_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert main(words) == 0
    out = capsys.readouterr().out
    assert not {"\u202e", "\x9b", "\x1b"} & set(out)
    if words[-1] == "--json":
        assert "u202e" in out
        assert SPOILT in str(json.loads(out)) or ascii(SPOILT)[1:-1] in ascii(json.loads(out))


def test_a_stream_is_made_harmless_once_however_often_a_program_calls_main() -> None:
    stream = io.StringIO()
    for _ in range(3_000):
        screens.make_harmless(stream)
    stream.write("a\u202eb\x9b2J")
    assert stream.getvalue() == r"a\u202eb\u009b2J"


@pytest.mark.parametrize(
    "words", [("health", "--policy", ""), ("policy", "check", ""), ("route", "x", "--context", "@"), ("bench", "")]
)
def test_an_error_does_not_drive_the_screen_by_what_it_repeats(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PROFILE_ROUTER_STATE", str(tmp_path / "state"))
    assert main([*words[:-1], f"{words[-1]}/nowhere/{SPOILT}"]) == 2
    err = capsys.readouterr().err
    assert not {"\u202e", "\x9b", "\x1b"} & set(err)
