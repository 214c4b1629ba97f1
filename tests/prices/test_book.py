"""What was looked up is kept for its owner alone, by version, host and model; any mismatch is looked up again."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples

from profile_router.core.routing.listed import ListedPrice
from profile_router.prices import book, table
from profile_router.prices.book import PriceBook

URL, MODEL = "https://openrouter.ai/api/v1", "maker/large"
NOON = 1_790_000_000.0  # 2026-09-21
PRICE = ListedPrice(
    usd_per_million_in=3.0,
    usd_per_million_out=15.0,
    usd_per_million_cached=0.3,
    dated="2026-09",
    long_above=200_000,
    long=(6.0, 22.5, 0.6),
)


class Table:
    """A table that remembers what it was asked for."""

    def __init__(self, price: ListedPrice | None = PRICE, changes: str = "") -> None:
        self.price, self.changes = price, changes
        self.asked: list[str] = []

    def look_up(self, url: str, model: str, now: object) -> tuple[ListedPrice | None, str]:
        self.asked.append(f"{model} at {url}")
        return self.price, self.changes


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> Table:
    there = Table()
    monkeypatch.setattr(table, "look_up", there.look_up)
    return there


def price(folder: Path, *, looks_up: bool = True, at: float = NOON, url: str = URL, model: str = MODEL) -> object:
    return PriceBook(folder=folder / "prices", looks_up=looks_up, clock=lambda: at).price(url, model)


def the_file(folder: Path) -> Path:
    (found,) = (folder / "prices").iterdir()
    return found


def test_a_price_is_looked_up_once_and_route_reads_what_is_kept(tmp_path: Path, listed: Table) -> None:
    assert price(tmp_path, looks_up=False) is None
    assert [price(tmp_path), price(tmp_path), price(tmp_path, looks_up=False)] == [PRICE] * 3
    assert listed.asked == [f"{MODEL} at {URL}"]


def test_that_a_model_is_unlisted_is_kept_too(tmp_path: Path, listed: Table) -> None:
    listed.price = None
    assert [price(tmp_path), price(tmp_path)] == [None, None]
    assert len(listed.asked) == 1


@pytest.mark.parametrize(
    ("url", "asked", "unlisted"),
    [
        (URL, True, True),
        (URL, False, False),
        ("http://lan.invalid/v1", False, True),
        ("http://127.0.0.1:8080/v1", True, False),
    ],
)
def test_what_the_table_was_asked_for_in_vain_is_unlisted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, asked: bool, unlisted: bool
) -> None:
    monkeypatch.setattr(table, "look_up", Table(None).look_up)
    there = PriceBook(folder=tmp_path / "prices", looks_up=asked, clock=lambda: NOON)
    assert there.price(url, MODEL) is None
    assert there.unlisted(url, MODEL) is unlisted


@pytest.mark.parametrize("other", [{"model": "maker/small"}, {"url": "https://api.deepseek.com"}])
def test_another_model_or_host_is_looked_up_for_itself(tmp_path: Path, listed: Table, other: dict[str, str]) -> None:
    price(tmp_path)
    price(tmp_path, **other)  # type: ignore[arg-type]
    price(tmp_path)
    assert len(listed.asked) == 2


def test_another_version_of_the_table_is_looked_up_again(
    tmp_path: Path, listed: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    price(tmp_path)
    monkeypatch.setattr(book, "table_version", lambda: "9.9")
    assert price(tmp_path, looks_up=False) is None
    price(tmp_path)
    assert len(listed.asked) == 2


@pytest.mark.parametrize(("days", "looked_up"), [(0, 1), (1, 2)])
def test_on_the_day_on_which_a_price_changes_it_is_looked_up_again(
    tmp_path: Path, listed: Table, days: int, looked_up: int
) -> None:
    listed.changes = "2026-09-22"
    price(tmp_path)
    price(tmp_path, at=NOON + days * 86_400)
    assert len(listed.asked) == looked_up


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/v1", "https://localhost/v1", "", "no url"])
def test_this_machine_has_no_price_and_the_table_is_not_read_for_it(tmp_path: Path, listed: Table, url: str) -> None:
    assert price(tmp_path, url=url) is None
    assert listed.asked == []


def test_the_file_is_its_owner_s_alone_and_names_no_host_and_no_model(tmp_path: Path, listed: Table) -> None:
    price(tmp_path, url="https://user:sk-secret@openrouter.ai/api/v1?key=sk-secret")
    file = the_file(tmp_path)
    assert (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(file.parent.stat().st_mode)) == (0o600, 0o700)
    assert not any(word in file.read_text() for word in ("sk-secret", "openrouter", MODEL))


def _open_to_others(path: Path) -> None:
    path.chmod(0o644)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


def _another_price(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"15.0", b"0.01"))


@pytest.mark.parametrize("spoil", [_open_to_others, _cut, _another_price])
def test_what_is_spoilt_is_looked_up_again(tmp_path: Path, listed: Table, spoil: Callable[[Path], None]) -> None:
    price(tmp_path)
    spoil(the_file(tmp_path))
    assert price(tmp_path) == PRICE
    assert len(listed.asked) == 2


def test_where_nothing_can_be_kept_the_price_is_known_all_the_same(tmp_path: Path, listed: Table) -> None:
    (tmp_path / "prices").write_text("no folder")
    assert price(tmp_path) == PRICE


def signed(folder: Path, value: object) -> None:
    """Keep *value* as the file of prices of this version, with its checksum."""
    name, content = book._file_name(), json.dumps(value).encode()
    (folder / "prices").mkdir(0o700, exist_ok=True)
    path = folder / "prices" / f"{name}.json"
    path.touch(0o600)
    path.write_bytes(hashlib.sha256(name.encode() + content).hexdigest().encode() + b"\n" + content)


KEY = hashlib.sha256(f"{URL}\0{MODEL}".encode()).hexdigest()[:32]


@pytest.mark.parametrize(
    "told",
    [
        [0, 0, 0, "2026-11", None, [0, 0, 0]],
        [-1.0, 15.0, 0.3, "2026-11", None, [0, 0, 0]],
        [3.0, "15", 0.3, "2026-11", None, [0, 0, 0]],
        [3.0, 1e300, 0.3, "2026-11", None, [0, 0, 0]],
        [3.0, 15.0, 0.3, "\x1b[2J", None, [0, 0, 0]],
        [3.0, 15.0, 0.3, "2026-11", -1, [0, 0, 0]],
        [3.0, 15.0, 0.3, "2026-11", None, [0, 0]],
        True,
    ],
)
def test_a_kept_price_that_cannot_be_is_none(tmp_path: Path, listed: Table, told: object) -> None:
    signed(tmp_path, {KEY: ["", told]})
    assert price(tmp_path, looks_up=False) is None
    assert price(tmp_path) == PRICE


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)


@examples(60)
@given(JSON)
def test_no_json_at_all_is_an_error_or_a_price_of_nothing(
    tmp_path_factory: pytest.TempPathFactory, value: object
) -> None:
    folder = tmp_path_factory.mktemp("json")
    signed(folder, {KEY: value})
    found = price(folder, looks_up=False)
    assert found is None or (isinstance(found, ListedPrice) and found.usd_per_million_out > 0)
