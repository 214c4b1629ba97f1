"""What the plugin takes of a Hermes session, whatever the store holds or does."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import pytest

from profile_router.hermes_older import middleware
from profile_router.hermes_plugin import conversation
from profile_router.hermes_plugin.conversation import MOST_CONVERSATION_BYTES, conversation_of, surface_of
from profile_router.hermes_plugin.settings import Settings

USER, ASSISTANT = {"role": "user", "content": "hello"}, {"role": "assistant", "content": "what is it?"}


class Store:
    """Hermes' SessionDB as it is called: `rows` by store and session; an exception among them is raised."""

    rows: dict[tuple[str, str], Any]
    closed: list[str]

    def __init__(self, db_path: Path, read_only: bool = False) -> None:
        assert read_only
        self._name = db_path.parent.name

    def get_messages(self, session_id: str) -> Any:
        found = self.rows.get((self._name, session_id), [])
        if isinstance(found, BaseException):
            raise found
        return found

    def get_session(self, session_id: str) -> Any:
        return self.rows.get((self._name, session_id))

    def close(self) -> None:
        self.closed.append(self._name)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> type[Store]:
    for name in ("process", "profile"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "state.db").touch()
    Store.rows, Store.closed = {}, []
    state, constants = types.ModuleType("hermes_state"), types.ModuleType("hermes_constants")
    vars(state).update(SessionDB=Store, DEFAULT_DB_PATH=tmp_path / "process" / "state.db")
    vars(constants).update(get_hermes_home=lambda: tmp_path / "profile")
    monkeypatch.setitem(sys.modules, "hermes_state", state)
    monkeypatch.setitem(sys.modules, "hermes_constants", constants)
    return Store


def said(store: type[Store], *rows: Any) -> list[dict[str, str]]:
    store.rows["process", "s"] = list(rows)
    return conversation_of("s")


def test_plain_turns_come_in_order(store: type[Store]) -> None:
    expected = [{"role": "user", "text": "hello"}, {"role": "assistant", "text": "what is it?"}]
    assert said(store, USER, ASSISTANT) == expected
    assert store.closed == ["process"]


@pytest.mark.parametrize(
    "row",
    [
        {"role": "system", "content": "be good"},
        {"role": "tool", "content": "a result", "tool_call_id": "1"},
        {"role": "assistant", "content": "I look", "tool_calls": [{"id": "1"}]},
        {"role": "assistant", "content": "", "reasoning": "hm"},
        {"role": "assistant", "content": None},
        {"role": "user", "content": "said by another", "observed": 1},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]},
        {"role": "user", "content": 3},
        {},
    ],
)
def test_what_is_not_plain_text_between_parent_and_user_is_left_out(store: type[Store], row: Any) -> None:
    assert said(store, row, USER) == [{"role": "user", "text": "hello"}]


def test_of_a_message_in_parts_the_texts_are_kept(store: type[Store]) -> None:
    parts = [{"type": "text", "text": "look"}, {"type": "image_url"}, {"type": "text", "text": "here"}, "?", {}]
    assert said(store, {"role": "user", "content": parts}) == [{"role": "user", "text": "look\nhere"}]


def test_the_newest_are_kept_as_far_as_the_bytes_reach(store: type[Store]) -> None:
    rows = [{"role": "user", "content": letter * (MOST_CONVERSATION_BYTES // 3)} for letter in "abcd"]
    assert [turn["text"][0] for turn in said(store, *rows)] == ["b", "c", "d"]


def test_a_session_that_the_process_does_not_know_is_looked_for_in_the_profiles_store(store: type[Store]) -> None:
    store.rows["profile", "s"] = [USER]
    assert conversation_of("s") == [{"role": "user", "text": "hello"}]


@pytest.mark.parametrize("broken", [RuntimeError("locked"), [None], [3], 3])
def test_a_store_that_fails_gives_nothing(store: type[Store], broken: Any) -> None:
    store.rows["process", "s"] = broken
    assert conversation_of("s") == []


@pytest.mark.parametrize("session", [None, "", 3, "unknown"])
def test_without_a_session_there_is_nothing(store: type[Store], session: Any) -> None:
    assert conversation_of(session) == []


def test_without_hermes_there_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hermes_state", None)
    assert conversation_of("s") == []


def test_a_text_that_is_not_utf8_does_no_harm(store: type[Store]) -> None:
    assert said(store, {"role": "user", "content": "a\ud800b"}) == [{"role": "user", "text": "a?b"}]


def test_what_was_said_before_does_not_make_a_task_look_private(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hermes' own delegation does not get it. A secret in it does not keep the task from Hermes."""
    monkeypatch.setattr(middleware, "plugin_settings", lambda: Settings(command=("/nowhere/it",)))
    monkeypatch.setattr(middleware, "conversation_of", lambda _session: [{"role": "user", "text": "it is in .env"}])
    native: list[Any] = []
    middleware.on_tool_middleware(
        tool_name="delegate_task", args={"goal": "do it"}, session_id="s", next_call=lambda args: native.append(args)
    )
    assert native == [{"goal": "do it"}]


def test_it_is_bounded_well_within_what_the_router_reads() -> None:
    assert conversation.MOST_CONVERSATION_BYTES * 10 < 50_000_000


@pytest.mark.parametrize(
    ("row", "surface"), [({"source": "api_server"}, "api_server"), ({"source": None}, ""), ({}, ""), (3, "")]
)
def test_the_surface_of_a_session_is_what_hermes_keeps_of_it_and_none_where_it_cannot_be_told(
    store: type[Store], row: Any, surface: str
) -> None:
    store.rows["profile", "s"] = row
    assert surface_of("s") == surface
    assert surface_of("unknown") == ""
