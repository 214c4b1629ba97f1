"""A stream that cannot show our marks gets ASCII ones: no question mark stands for a verdict."""

import io
import json
from pathlib import Path

import pytest
from tests.cli.command import call
from tests.examples import by_night

from profile_router.cli import marks
from profile_router.cli.marks import HANDLER, mark_on, showable
from profile_router.cli.progress import Progress

SOURCE = Path(marks.__file__).parent.parent
EVENTS = [
    ({"event": "classify", "line": "coding-local · small-change"}, "* classify    coding-local - small-change"),
    ({"event": "attempt", "line": "refuses", "outcome": "failed"}, "x attempt 1   refuses"),
    ({"event": "ladder", "line": "down → coding-burst"}, "> ladder      down -> coding-burst"),
    ({"event": "verify", "line": "calc.py +1 −1"}, "+ verify      calc.py +1 -1"),
]


@pytest.mark.parametrize(("event", "line"), EVENTS, ids=[event["event"] for event, _ in EVENTS])
@pytest.mark.parametrize("encoding", ["ascii", "cp437", "latin-1"])
def test_each_mark_has_one_for_streams_without_it(event: dict[str, str], line: str, encoding: str) -> None:
    stream = io.TextIOWrapper(buffer := io.BytesIO(), encoding=encoding, errors=HANDLER)
    Progress(stream)(event)
    stream.flush()
    assert buffer.getvalue().decode(encoding).replace("·", "-") == f"{line}\n"


@pytest.mark.parametrize(
    "room", ["cli", "core/telling", "core/routing", "core/ladder", "core/attempt", "doctor", "runs"]
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
    assert mark_on("→", stream) == "→"
