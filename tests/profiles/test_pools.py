"""Hermes' pools of keys: what is read of them, which key a profile gets first. Nothing is ever written."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples
from tests.fakes import a_policy, a_profile
from tests.profiles.home_on_disk import BURST, Home, key_of

from profile_router.core.ladder.failure import Place
from profile_router.core.profile import Profile
from profile_router.core.text import in_words
from profile_router.outside.json_reader import read_json
from profile_router.prices.book import PriceBook
from profile_router.profiles.agreement import agreement_bytes, record_path
from profile_router.profiles.pools import listed_for, pooled_keys, read_pools
from profile_router.runs.setup import _candidate
from profile_router.servers.health import HealthStore, ProviderHealth

PLACE = "https://openrouter.ai/api/v1"
SOON, LATER = time.time() + 3_600, time.time() + 7_200
OWN = "OPENROUTER_API_KEY=sk-own\n"
NOW = 1_800_000_000.0


def key(name: str, **more: Any) -> dict[str, Any]:
    return {"access_token": f"sk-{name}", "auth_type": "api_key", "label": name, "base_url": PLACE, **more}


def reference(secret: str, **more: Any) -> dict[str, Any]:
    """Return an entry as Hermes keeps it of a key that stands in an .env: without it."""
    mark = f"sha256:{sha256(secret.encode()).hexdigest()[:16]}"
    return {"source": "env:OPENROUTER_API_KEY", "auth_type": "api_key", "secret_fingerprint": mark, **more}


def rests(until: float = SOON, code: int = 429) -> dict[str, Any]:
    return {"last_status": "exhausted", "last_error_reset_at": until, "last_error_code": code}


def put(folder: Path, entries: Sequence[Any], provider: str = "openrouter", **more: Any) -> Path:
    path = folder / "auth.json"
    path.write_text(json.dumps({"version": 1, "credential_pool": {provider: entries, **more}}))
    return path


def shown(profile: Profile) -> list[str]:
    """Return what the profile's providers are asked with, in order: key, model where it is another, and a * at rest."""
    ends = (profile.endpoint, *profile.fallbacks)
    keys = [end.api_key.reveal() if end.api_key else "-" for end in ends]
    model = profile.endpoint.model
    return [
        f"{name}{'' if end.model == model else f'@{end.model}'}{'*' * bool(end.cooldown_until)}"
        for name, end in zip(keys, ends, strict=True)
    ]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "hermes")
    home.write("p", BURST)
    return home


def agree(home: Home, provider: str = "openrouter") -> None:
    path = record_path(home.root)
    path.parent.mkdir()
    path.write_bytes(agreement_bytes({provider: ("p",)}))


@pytest.mark.parametrize(
    ("env", "entries", "order"),
    [
        pytest.param(OWN, [], ["sk-own"], id="no pool"),
        pytest.param(OWN, [key("k1"), key("k2")], ["sk-own", "sk-k1", "sk-k2"], id="an unlisted written key is first"),
        pytest.param("", [key("k1"), key("k2")], ["sk-k1", "sk-k2"], id="without one the pool's first"),
        pytest.param("", [key("k1", priority=2), key("k2", priority=1)], ["sk-k2", "sk-k1"], id="by priority"),
        pytest.param(
            OWN,
            [key("k1"), reference("sk-own", priority=1), key("k2", priority=2)],
            ["sk-k1", "sk-own", "sk-k2"],
            id="a listed written key has Hermes' turn",
        ),
        pytest.param(OWN, [key("own"), key("k1")], ["sk-own", "sk-k1"], id="the same key once"),
        pytest.param("", [key("k1"), key("k1", label="again")], ["sk-k1"], id="listed twice is one"),
        pytest.param("", [key("k1", **rests()), key("k2")], ["sk-k2", "sk-k1*"], id="what rests comes last"),
        pytest.param(
            OWN, [reference("sk-own", **rests()), key("k1")], ["sk-k1", "sk-own*"], id="a written key rests by its mark"
        ),
        pytest.param(OWN, [reference("sk-old", **rests())], ["sk-own"], id="another key's mark is another's"),
        pytest.param(OWN, [key("own", **rests())], ["sk-own*"], id="the only key stays"),
        pytest.param(
            "", [key("k1", **rests(LATER)), key("k2", **rests())], ["sk-k2*", "sk-k1*"], id="the first that is back"
        ),
        pytest.param(
            "", [key("k1"), key("k1", label="again", **rests()), key("k2")], ["sk-k2", "sk-k1*"], id="either says it"
        ),
        pytest.param(
            "", [key("k1", **rests(time.time() - 9)), key("k2")], ["sk-k1", "sk-k2"], id="a rest that is over"
        ),
        pytest.param(
            "", [key("k1", **rests()) | {"last_error_reset_at": "0001-01-01T00:00:00"}], ["sk-k1"], id="no time"
        ),
        pytest.param("", [key("k1", last_status="dead"), key("k2")], ["sk-k2", "sk-k1*"], id="dead"),
        pytest.param("", [key("k1", auth_type="oauth")], ["-"], id="an OAuth token is not a key"),
        pytest.param("", [key("k1", base_url="https://elsewhere.example/v1")], ["-"], id="a key of another place"),
        pytest.param("", [key("k1", base_url=None), {"access_token": 3}, 7, key("k2")], ["sk-k2"], id="odd entries"),
        pytest.param("", [key("k 1"), key("k\n"), key("ключ")], ["sk-k"], id="no header can be smuggled"),
    ],
)
def test_a_profile_is_asked_with_its_keys_in_order(env: str, entries: list[Any], order: list[str], home: Home) -> None:
    put(home.write("p", env=env), entries)
    assert shown(home.load()) == order


def test_an_oauth_token_of_anthropic_is_none_whatever_its_entry_says(home: Home) -> None:
    folder = home.write("p", "model: {provider: anthropic, default: c}\n")
    put(folder, [key("ant-oat-1", base_url="https://api.anthropic.com/v1")], "anthropic")
    assert home.load().key_missing


def test_a_fallback_has_its_own_pools_keys_and_comes_after_the_first_providers(home: Home) -> None:
    chain = "fallback_providers: [{provider: openrouter, model: small}, {provider: together, model: t}]\n"
    together = key("t1", base_url="https://api.together.xyz/v1")
    folder = home.write("p", BURST + chain)
    put(folder, [key("k1"), key("k2", **rests())], together=[together])
    assert shown(home.load()) == ["sk-k1", "sk-k1@small", "sk-t1@t", "sk-k2*", "sk-k2@small*"]


def test_a_custom_endpoint_takes_the_keys_of_its_own_place(home: Home) -> None:
    folder = home.write("p", "model: {provider: custom, base_url: 'http://127.0.0.1:9/v1', default: m}\n")
    here, there = key("k1", base_url="http://127.0.0.1:9/v1/"), key("k2", base_url="http://127.0.0.1:8/v1")
    put(folder, [there, here], "custom:mine")
    profile = home.load()
    assert shown(profile) == ["sk-k1"]
    assert [entry.label for entry in listed_for(read_pools(folder), profile.endpoint)] == ["k1"]


@pytest.mark.parametrize(
    ("agreed", "own", "env", "order"),
    [
        pytest.param(False, [], "", ["-"], id="not agreed"),
        pytest.param(True, [], "", ["sk-r2", "sk-r1*"], id="agreed"),
        pytest.param(True, [], OWN, ["sk-own"], id="a key of its own is enough"),
        pytest.param(True, [key("k1")], "", ["sk-k1"], id="so is one in its own pool"),
        pytest.param(False, [], "OPENROUTER_API_KEY=sk-r1\n", ["sk-r1*"], id="a key that rests there rests here"),
    ],
)
def test_the_homes_pool_serves_only_where_that_was_agreed(
    agreed: bool, own: list[Any], env: str, order: list[str], home: Home
) -> None:
    put(home.root, [key("r1", **rests()), key("r2")])
    put(home.write("p", env=env), own)
    if agreed:
        agree(home)
    assert shown(home.load()) == order


def test_the_profile_default_has_the_homes_pool_for_its_own(home: Home) -> None:
    put(home.write(None, BURST), [key("r1")])
    assert key_of(home.load("default")) == "sk-r1"


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("work", "work"),
        ("k-0", "k-0"),
        ("0123456789", "k1"),
        ("sk-0123", "k1"),
        ("my sk-0123456789!", "k1"),
        ("x" * 17, "k1"),
        (None, "k1"),
        ("a\x1b[2J", "k1"),
        ("sk-0123456789x", "k1"),
    ],
)
def test_a_label_is_a_short_plain_name_and_no_part_of_a_key(written: str | None, label: str, home: Home) -> None:
    put(home.write("p"), [key("0123456789", label=written)])
    profile = home.load()
    assert (profile.endpoint.label, profile.endpoint.named) == (label, f"openrouter#{label}")
    assert _candidate(profile, PriceBook(folder=home.root, looks_up=False), {}).provider == f"openrouter#{label}"
    assert "0123456789" not in repr((profile, pooled_keys(read_pools(home.root / "profiles" / "p"), "openrouter")))


@pytest.mark.parametrize(
    ("told", "rest"),
    [
        ({"last_error_reset_at": NOW + 30}, 30.0),
        ({"last_error_reset_at": str(NOW + 30)}, 30.0),
        ({"last_error_reset_at": (NOW + 30) * 1_000}, 30.0),
        ({"last_error_reset_at": "2027-01-15T08:00:30Z"}, 30.0),
        ({"last_error_reset_at": None, "last_status_at": NOW - 60, "last_error_code": 401}, 240.0),
        ({"last_error_reset_at": None, "last_status_at": NOW - 60, "last_error_code": 429}, 3_540.0),
        ({"last_error_reset_at": None, "last_status_at": None}, 0.0),
        ({"last_status": "dead"}, float("inf")),
    ],
)
def test_a_key_rests_as_long_as_hermes_lets_it_rest(told: dict[str, Any], rest: float) -> None:
    [found] = pooled_keys({"openrouter": [key("k1", **rests()) | told]}, "openrouter")
    assert found.cooldown_s(NOW) == rest


def test_two_keys_of_one_label_are_told_apart(home: Home) -> None:
    put(home.write("p"), [key("k1", label="work"), key("k2", label="work")])
    profile = home.load()
    assert (profile.endpoint.label, profile.fallbacks[0].label, profile.keys) == ("work", "k2", 2)


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"null", b'{"credential_pool": {"openrouter": [1,', b"[" * 100_000, b'{"credential_pool": []}'],
)
def test_an_auth_json_that_cannot_be_read_lists_nothing(content: bytes, home: Home) -> None:
    (home.write("p", env=OWN) / "auth.json").write_bytes(content)
    (home.root / "auth.json").write_bytes(content)
    assert shown(home.load()) == ["sk-own"]


def test_an_auth_json_that_is_not_a_file_lists_nothing(home: Home, tmp_path: Path) -> None:
    path = home.write("p") / "auth.json"
    ways: tuple[Callable[[], object], ...] = (
        path.mkdir,
        lambda: os.mkfifo(path),
        lambda: path.symlink_to(path),
        lambda: path.symlink_to("/dev/zero"),
    )
    for make in ways:
        make()
        assert shown(home.load()) == ["-"]
        path.rmdir() if path.is_dir() else path.unlink()
    path.symlink_to(put(tmp_path, [key("k1")]))
    assert shown(home.load()) == ["sk-k1"]


def test_one_that_is_replaced_while_it_is_read_is_looked_at_once_more(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(home.write("p"), [key("k1")])
    whole = path.read_text()
    path.write_text(whole[:40])

    def meanwhile(raw: bytes) -> Any:
        path.write_text(whole)
        return read_json(raw)

    monkeypatch.setattr("profile_router.profiles.pools.read_json", meanwhile)
    assert shown(home.load()) == ["sk-k1"]


def test_half_a_megabyte_is_read_and_a_hundred_keys_are_enough(home: Home) -> None:
    put(home.write("p"), [key(f"k{number}", last_error_message="x" * 200) for number in range(2_000)])
    assert home.load().keys == 100


def test_nothing_is_written(home: Home) -> None:
    files = [put(home.root, [key("r1", **rests(time.time() - 9))]), put(home.write("p"), [])]
    agree(home)
    for path in files:
        os.utime(path, (1, 1))
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in files]
    everything = sorted(home.root.rglob("*"))
    assert shown(home.load()) == ["sk-r1"]
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in files] == before
    assert sorted(home.root.rglob("*")) == everything


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)
FIELDS = (*key("k", **rests()), "priority", "source", "secret_fingerprint", "last_status_at")


@examples(80)
@given(entry=st.dictionaries(st.sampled_from(FIELDS), JSON | st.sampled_from(["exhausted", "api_key", PLACE])))
def test_no_entry_breaks_it(entry: Mapping[str, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    home = Home(tmp_path_factory.mktemp("pool") / "hermes")
    put(home.write("p", BURST, OWN), [entry, {**key("k1"), **entry}, key("k2")])
    assert {"sk-own", "sk-k2"} <= {name.rstrip("*") for name in shown(home.load())}


@dataclass(slots=True)
class Now:
    at: float = NOW

    def __call__(self) -> float:
        return self.at


@pytest.mark.parametrize(
    ("code", "cause"),
    [(401, "key-refused"), (402, "payment-required"), (403, "forbidden"), (429, "rate-limited"), (500, "rate-limited")],
)
def test_a_key_that_rests_is_on_cooldown_with_the_time_left(code: int, cause: str, tmp_path: Path) -> None:
    clock = Now()
    profile = a_profile(PLACE, name="p", provider="openrouter", key="sk-k1")
    end = replace(profile.endpoint, label="k1", cooldown_until=NOW + 725, cooldown_after=code)
    store = HealthStore(state=tmp_path, rules=a_policy().health, clock=clock)
    health = ProviderHealth(store=store, profiles={"p": replace(profile, endpoint=end)})
    found = health.blocked(Place("p"), answers=True)
    assert found is not None
    assert (found.cause, found.retry_after_s) == (cause, 725)
    assert found.message.startswith("openrouter's key 'k1' is on cooldown for 12 min 05 s more, by Hermes' auth.json; ")
    assert "`hermes -p p auth reset openrouter`" in found.message
    clock.at += 726
    assert health.blocked(Place("p"), answers=True) is None


def test_a_dead_key_is_not_waited_for(tmp_path: Path) -> None:
    profile = a_profile(PLACE, name="p", provider="openrouter", key="sk-k1")
    end = replace(profile.endpoint, cooldown_until=float("inf"))
    store = HealthStore(state=tmp_path, rules=a_policy().health, clock=Now())
    found = ProviderHealth(store=store, profiles={"p": replace(profile, endpoint=end)}).blocked(
        Place("p"), answers=False
    )
    assert found is not None
    assert (found.cause, found.retry_after_s) == ("key-refused", None)
    assert found.message.startswith("openrouter's key is dead, by Hermes' auth.json")


@pytest.mark.parametrize(("seconds", "words"), [(5.9, "0 min 05 s"), (725, "12 min 05 s"), (7_500, "2 h 05 min")])
def test_a_time_is_said_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
