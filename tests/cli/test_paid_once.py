"""A harmful answer is paid for once: `run` ends in a receipt and a cause, `resume` asks for nothing again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.command import call
from tests.cli.stage import nobody, profile, workspace
from tests.examples import by_night
from tests.scripted_provider import Answer, ScriptedProvider, raw, say
from tests.scripted_provider import call as tool

NESTED = "[" * 5_000 + "]" * 5_000  # 10 KB
END = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        by_night([raw(b'data: {"choices": ' + NESTED.encode() + b"}\n\n" + END)], "nested deeper than 64 levels"),
        ([raw(b'{"error": ' + NESTED.encode() + b"}", content_type="application/json")], "cannot be read"),
        ([raw(NESTED.encode(), status=500, content_type="application/json")], "HTTP 500"),
        ([tool("read_file", f'{{"path": {NESTED}}}')] * 3, "arguments that do not fit"),
        ([say("word " * 200_000)], "far longer than"),
        ([say("done", model="gpt-9-in-a-cloud")], "answers as 'gpt-9-in-a-cloud'"),
    ],
    ids=["event", "body", "error", "arguments", "length", "model"],
)
def test_what_an_answer_does_to_us_is_not_asked_for_again(answers: list[Answer], error: str, tmp_path: Path) -> None:
    repository = workspace(tmp_path / "ws", {"calc.py": "x = 1\n"})
    with nobody() as burst, ScriptedProvider(answers, models=("scripted",)) as local:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst)
        arguments = ("run", "fix x in calc.py", "--local-only", "--thread", "t", "--json")
        ran = call(*arguments, home=tmp_path, cwd=repository)
        asked = len(local.chats)
        again = call("resume", "t", "--json", home=tmp_path, cwd=repository)
        assert len(local.chats) == asked == len(answers)
    assert (ran.code, again.code) == (1, 1)
    assert "Traceback" not in ran.err + again.err
    assert error in json.dumps(ran.json["attempts"][0]["error"])
    assert len(ran.json["attempts"]) == 1
    assert again.json == ran.json
