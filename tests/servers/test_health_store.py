"""What is remembered of servers and keys, in a file that processes share."""

from __future__ import annotations

import multiprocessing
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import a_profile

from profile_router.core.ladder.failure import Failure
from profile_router.core.policy import HealthRules
from profile_router.core.profile import ProviderEndpoint
from profile_router.errors import StateError
from profile_router.servers.health import HEALTH_FILE, HealthStore

KEY = "sk-or-v1-0123456789abcdef"
DOWN = Failure(cause="server-error", message="it broke")
LIMITED = Failure(cause="rate-limited", message="slow down", retry_after_s=50.0)
THERE = a_profile("https://openrouter.ai/api/v1", key=KEY).endpoint
OTHER_KEY = a_profile("https://openrouter.ai/api/v1", key=KEY + "2").endpoint
OTHER_MODEL = replace(THERE, model="another")


@dataclass(slots=True)
class Now:
    at: float = 1_000_000.0

    def __call__(self) -> float:
        return self.at


def a_store(state: Path, clock: Now | None = None) -> HealthStore:
    return HealthStore(state=state, rules=HealthRules(failures=2, open_seconds=30.0), clock=clock or Now())


def test_nothing_known_is_nothing_blocked(tmp_path: Path) -> None:
    assert a_store(tmp_path).blocked(THERE, answers=False) is None
    assert a_store(tmp_path / "new").all() == []


def test_a_server_that_failed_is_on_cooldown_whichever_key_asks(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    for _ in range(2):
        store.record(THERE, DOWN)
    for endpoint in (THERE, OTHER_KEY):
        found = store.blocked(endpoint, answers=False)
        assert found is not None
        assert (found.cause, found.retry_after_s) == ("server-error", None)
        assert "is on cooldown for 30 s more (the server failed, 2 times in a row)" in found.message
    assert store.blocked(OTHER_MODEL, answers=False) is None


def test_a_key_that_is_used_up_leaves_the_servers_other_key_free(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    store.record(THERE, LIMITED)
    found = store.blocked(THERE, answers=False)
    assert found is not None
    assert (found.cause, found.retry_after_s) == ("rate-limited", 50.0)
    assert store.blocked(OTHER_KEY, answers=False) is None


def test_a_key_whose_time_is_over_is_free_for_all_tasks_that_waited(tmp_path: Path) -> None:
    clock = Now()
    store = a_store(tmp_path, clock)
    store.record(THERE, LIMITED)
    clock.at += 49.0
    assert store.blocked(THERE, answers=False) is not None
    clock.at += 1.0
    assert [store.blocked(THERE, answers=False) for _ in range(3)] == [None] * 3


@pytest.mark.parametrize("how", ["given back", "over-budget", "interrupted", "timeout"])
def test_a_probe_that_taught_nothing_is_the_next_ones(tmp_path: Path, how: str) -> None:
    clock = Now()
    store = a_store(tmp_path, clock)
    for _ in range(2):
        store.record(THERE, DOWN)
    clock.at += 30.0
    assert store.blocked(THERE, answers=False) is None
    assert store.blocked(THERE, answers=False) is not None
    if how == "given back":
        store.give_back(THERE)
    else:
        store.record(THERE, Failure(cause=how, message="m"))  # type: ignore[arg-type]
    assert store.blocked(THERE, answers=False) is None
    assert store.blocked(THERE, answers=False) is not None
    [(_, record)] = store.all()
    assert (record.failures, record.cause) == (2, "server-error")


def test_giving_back_what_nobody_took_changes_nothing(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    store.give_back(THERE)
    assert list(tmp_path.iterdir()) == []
    store.record(THERE, LIMITED)
    before = store.all()
    store.give_back(THERE)
    assert store.all() == before


def test_an_answer_closes_both_and_so_does_one_that_is_of_no_use(tmp_path: Path) -> None:
    for ended in (None, Failure(cause="empty-answer", message="m")):
        store = a_store(tmp_path)
        store.record(THERE, DOWN)
        store.record(THERE, ended)
        assert store.all() == []


def test_a_servers_failure_says_nothing_of_its_key(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    store.record(THERE, LIMITED)
    store.record(THERE, DOWN)
    found = store.blocked(THERE, answers=False)
    assert found is not None
    assert found.cause == "rate-limited"


def test_a_server_that_refuses_a_key_is_well(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    for failure in (DOWN, LIMITED, DOWN):
        store.record(THERE, failure)
    assert store.blocked(OTHER_KEY, answers=False) is None


@pytest.mark.parametrize(
    "cause", ["timeout", "interrupted", "not-local", "over-budget", "not-approved", "no-key", "tainted"]
)
def test_what_says_nothing_of_the_server_changes_nothing(tmp_path: Path, cause: Any) -> None:
    store = a_store(tmp_path)
    store.record(THERE, DOWN)
    before = store.all()
    store.record(THERE, Failure(cause=cause, message="m"))
    assert store.all() == before


def test_a_server_that_answers_is_no_longer_taken_for_unreachable(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    for _ in range(2):
        store.record(THERE, Failure(cause="refused", message="m"))
    assert store.blocked(THERE, answers=False) is not None
    assert store.blocked(THERE, answers=True) is None


@pytest.mark.parametrize("failure", [DOWN, LIMITED])
def test_that_a_server_answers_ends_no_rest_but_that_of_an_unreachable_one(tmp_path: Path, failure: Failure) -> None:
    store = a_store(tmp_path)
    for _ in range(2):
        store.record(THERE, failure)
    assert store.blocked(THERE, answers=True) is not None


def test_after_the_rest_one_probe_is_let_through(tmp_path: Path) -> None:
    clock = Now()
    store = a_store(tmp_path, clock)
    for _ in range(2):
        store.record(THERE, DOWN)
    clock.at += 31.0
    assert store.blocked(THERE, answers=False) is None
    assert store.blocked(THERE, answers=False) is not None
    store.record(THERE, None)
    assert store.blocked(THERE, answers=False) is None


def _ask(state: Path, endpoint: ProviderEndpoint, answers: object) -> None:
    put = answers.put  # type: ignore[attr-defined]
    put(a_store(state, Now(1_000_031.0)).blocked(endpoint, answers=False) is None)


def test_of_many_processes_one_gets_the_probe(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    keyless = replace(THERE, api_key=None)
    for _ in range(2):
        store.record(keyless, DOWN)
    spawn = multiprocessing.get_context("fork")
    answers = spawn.Queue()
    asking = [spawn.Process(target=_ask, args=(tmp_path, keyless, answers)) for _ in range(4)]
    for process in asking:
        process.start()
    found = sorted(answers.get(timeout=30) for _ in asking)
    for process in asking:
        process.join(30)
    assert found == [False, False, False, True]


def test_no_key_stands_in_the_file_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    store.record(THERE, LIMITED)
    file = tmp_path / HEALTH_FILE
    assert KEY.encode() not in file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_reset_forgets_what_is_named_or_everything(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    store.record(THERE, DOWN)
    store.record(OTHER_MODEL, DOWN)
    assert store.reset("another") == 1
    assert [name for name, _ in store.all()] == ["server openrouter.ai scripted"]
    assert store.reset() == 1
    assert store.reset() == 0


def test_a_damaged_file_is_set_aside_and_begun_anew(tmp_path: Path) -> None:
    (tmp_path / HEALTH_FILE).write_bytes(b"this is not a database, but it was something once " * 50)
    store = a_store(tmp_path)
    store.record(THERE, DOWN)
    assert len(store.all()) == 1
    assert [path.read_bytes()[:7] for path in tmp_path.glob("*.broken-*")] == [b"this is"]


def test_a_folder_that_cannot_be_used_is_said_with_what_fixes_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="PROFILE_ROUTER_STATE=DIR"):
        a_store(tmp_path / "file").record(THERE, DOWN)
