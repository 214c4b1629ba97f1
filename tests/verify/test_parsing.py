"""Whether changed files parse is a weak check: what never parsed cannot fail it, nothing hostile can end it."""

from __future__ import annotations

import asyncio
import threading

import pytest

from profile_router.verify import parsing
from profile_router.verify.parsing import MOST_PARSED_BYTES, ChangedContent, parsed, parsed_in_time

GOOD = {
    "a.py": b"x = 1\n",
    "a.json": b'{"a": [1]}',
    "a.toml": b"[a]\nb = 1\n",
    "a.yaml": b"a: &x [1]\nb: *x\n---\nc: !Ref d\n",
    "a.sh": b"if true; then echo; fi\n",
}
BAD = {
    "a.py": (b"x = 1\ndef f(:\n", "line 2"),
    "a.json": (b'{"a": 1,\n "b" 2}', "line 2"),
    "a.toml": (b"[a\n", "line 1"),
    "a.yaml": (b"a: [1\nb: 2\n", "line 2"),
    "a.sh": (b"if true; then\necho\n", "line 3"),
}


@pytest.mark.parametrize("path", GOOD)
def test_a_file_that_parses_says_a_little(path: str) -> None:
    check = parsed([ChangedContent(path, b"x", GOOD[path])])
    assert check is not None
    assert (check.kind, check.passed, check.said) == ("parses", True, "1 changed file parses")


@pytest.mark.parametrize("before", [True, False], ids=["changed", "new"])
@pytest.mark.parametrize("path", BAD)
def test_a_file_that_parses_no_more_is_named_with_its_line(path: str, before: bool) -> None:
    content, line = BAD[path]
    check = parsed(
        [ChangedContent("b.json", b"", b"{}"), ChangedContent(path, GOOD[path] if before else None, content)]
    )
    assert check is not None
    assert not check.passed
    assert check.said.startswith(f"does not parse: {path}, ")
    assert line in check.said


@pytest.mark.parametrize("path", BAD)
def test_what_did_not_parse_before_is_not_held_against_the_work(path: str) -> None:
    assert parsed([ChangedContent(path, BAD[path][0] + b"\n\n", BAD[path][0])]) is None


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("a.md", b"# ("),
        ("tsconfig.json", b"{ // a comment\n}"),
        ("deploy.yaml", b"a: {{ .Values.a }}\n b: 1\n"),
        ("run.sh", b"#!/usr/bin/env zsh\nfor i (1 2) echo\n"),
        ("large.py", b"(" * (MOST_PARSED_BYTES + 1)),
        ("deep.py", b"-" * 100_000 + b"1"),
        ("deep.json", b"[" * 100_000),
        ("deep.toml", b"a = " + b"[" * 100_000),
        ("deep.yaml", b"[" * 100_000),
        ("deep.sh", b"x=" + b"$(" * 4_000 + b"true" + b")" * 4_000),
    ],
)
def test_what_is_not_a_language_of_ours_or_hostile_says_nothing(path: str, content: bytes) -> None:
    assert parsed([ChangedContent(path, None, content)]) is None


@pytest.mark.parametrize(
    "content",
    [
        b".".join([b"a"] * 60_000) + b" = 1",
        b"[" + b".".join([b"a"] * 200_000) + b"]",
        b"x = 1\n" + b"a." * 60_000 + b"a=1",
    ],
    ids=["key", "table", "later"],
)
def test_toml_that_takes_long_says_nothing_and_ends(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "_SECONDS", 0.2)
    assert parsed([ChangedContent("a.toml", None, content)]) is None


def test_no_byte_of_a_file_is_run() -> None:
    assert (
        parsed([ChangedContent("a.py", None, b"raise SystemExit(3)\n"), ChangedContent("b.sh", None, b"exit 3\n")])
        is not None
    )


SLOW_TOML = b"a" + b".a" * 100_000 + b" = 1\n"


def test_a_slow_file_does_not_hide_what_was_said_of_those_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "_SECONDS", 1.5)
    bad, slow = ChangedContent("a.toml", None, BAD["a.toml"][0]), ChangedContent("b.toml", None, SLOW_TOML)
    check = parsed([bad, slow, ChangedContent("c.toml", None, b"a = 1\n")])
    assert check is not None
    assert not check.passed
    assert "a.toml" in check.said


@pytest.mark.parametrize("path", GOOD)
def test_all_files_share_one_bound_and_what_it_leaves_out_says_nothing(path: str) -> None:
    assert parsed([ChangedContent(path, None, GOOD[path])] * 50, 0.0) is None
    assert parsed([ChangedContent(path, b"x", BAD[path][0])] * 50, 0.0) is None


@pytest.mark.parametrize("path", GOOD)
def test_what_nobody_waits_for_any_more_is_not_read(path: str) -> None:
    given_up = threading.Event()
    given_up.set()
    assert parsed([ChangedContent(path, None, BAD[path][0])], 60.0, given_up) is None


def test_cancelling_gives_the_reading_up(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[threading.Event] = []

    def reads(_: object, __: float, given_up: threading.Event) -> None:
        told.append(given_up)
        assert given_up.wait(30)

    async def cancelled() -> None:
        running = asyncio.ensure_future(parsed_in_time([], 60.0))
        while not told:
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait({running})

    monkeypatch.setattr(parsing, "parsed", reads)
    asyncio.run(cancelled())
    assert told[0].is_set()
