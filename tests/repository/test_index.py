"""The index on disk: it holds no word and no private name, its parts stay few, and damage stops nothing."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.git.git_repository import run_git, write_files
from tests.repository.a_shop import look, paths

from profile_router.errors import StateError
from profile_router.repository import blob_index
from profile_router.repository.bounds import forget_indexes, keep_within


def test_the_index_holds_no_word_of_a_file(shop: Path) -> None:
    write_files(shop, {"shop/key.py": "KEY = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789'\n"})
    look(shop, "anything")
    raw = b"".join(file.read_bytes() for file in (shop.parent / "cache").iterdir())
    assert b"ghp_abcdefghij" not in raw
    assert b"send_receipt" not in raw
    assert not [file for file in (shop.parent / "cache").iterdir() if file.stat().st_mode & 0o077]


def test_the_index_names_no_private_file_of_now_or_of_the_past(shop: Path) -> None:
    for path in ("shop/cart.py", "plans/merger.md", "keys.pem"):
        write_files(shop, {path: "x = 2\n"})
        run_git(shop, "add", "-A")
        run_git(shop, "commit", "-qm", f"Change {path.rpartition('/')[0]}")
    run_git(shop, "rm", "-q", "plans/merger.md")
    run_git(shop, "commit", "-qm", "Drop")
    assert look(shop, "the total of a cart", private=("shop/cart*", "plans/", "plans/**", "*.pem")).commits == 4
    raw = b"".join(file.read_bytes() for file in (shop.parent / "cache").iterdir())
    assert b"shop/mail.py" in raw
    assert not [name for name in (b"shop/cart", b"merger", b"keys.pem") if name in raw]


def test_small_parts_of_the_index_are_brought_together_within_the_time_of_a_call(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blob_index, "_SMALL_PARTS", 3)
    for number in range(6):
        write_files(shop, {f"shop/more{number}.py": f"def more_{number}(): ...\n"})
        look(shop, "anything", seconds=60)
    with closing(sqlite3.connect(next((shop.parent / "cache").glob("*.sqlite")))) as connection, connection:
        assert connection.execute("SELECT count(*) FROM part").fetchone()[0] < 3
    assert paths(look(shop, "`more_3`", seconds=60))[0] == "shop/more3.py"


def test_an_index_that_others_may_reach_is_not_used(shop: Path) -> None:
    look(shop, "anything")
    (shop.parent / "cache").chmod(0o755)
    found = look(shop, "The VAT rate of a country")
    assert not found.files
    assert "open to others" in found.missing[0]


def test_a_damaged_index_is_made_anew(shop: Path) -> None:
    look(shop, "anything")
    place = next((shop.parent / "cache").glob("*.sqlite"))
    for beside in shop.parent.glob("cache/*-wal"):
        beside.unlink()
    place.write_bytes(b"not a database, not at all" * 100)
    assert paths(look(shop, "The VAT rate of a country"))[0] == "shop/money.py"


@pytest.mark.parametrize(
    "damage",
    [
        "bytes", """UPDATE chain SET touched = '{"touched": {"shop/money.py": 1e400}, "sizes": [1, 2]}'""", "UPDATE past SET at = 'x'",
        "UPDATE past SET files = '[1, 2, {}]'", "UPDATE blob SET lines = 9223372036854775807",
    ],
    ids=lambda damage: damage[:40],
)  # fmt: skip
def test_an_index_that_is_damaged_in_a_part_is_made_anew_by_the_same_call(shop: Path, damage: str) -> None:
    look(shop, "anything", later=60)
    place = next((shop.parent / "cache").glob("*.sqlite"))
    if damage == "bytes":
        with closing(sqlite3.connect(place)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        held = bytearray(place.read_bytes())
        held[5_000::97] = bytes(byte ^ 0x55 for byte in held[5_000::97])
        place.write_bytes(held)
    else:
        with closing(sqlite3.connect(place)) as connection, connection:
            connection.execute(damage)
    found = look(shop, "The VAT rate of a country", later=60)
    assert paths(found)[0] == "shop/money.py"
    assert not any("cannot be read" in said for said in found.missing)
    assert not look(shop, "The VAT rate of a country", later=60).missing


def test_the_indexes_take_a_bounded_part_of_the_disk(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.sqlite").write_bytes(b"x" * 10)
        os.utime(tmp_path / f"{number}.sqlite", (number, number))
    keep_within(tmp_path / "new.sqlite", most_indexes=3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["3.sqlite", "4.sqlite"]
    keep_within(tmp_path / "4.sqlite", most_bytes=10)
    for _ in range(2):  # it is not read anew by each call
        with pytest.raises(StateError, match="so it has none for a day"):
            keep_within(tmp_path / "3.sqlite", most_bytes=9)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["3.large", "4.sqlite"]
    os.utime(tmp_path / "3.large", (1, 1))
    keep_within(tmp_path / "3.sqlite", most_bytes=9)
    (tmp_path / "3.large").touch()
    assert forget_indexes(tmp_path) == 1
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tree SET columns = x'00'", "UPDATE tree SET sorts = x'ffffffff'", "UPDATE tree SET paths = 7",
        "UPDATE tree SET paths = x'ff'", "DELETE FROM path", "UPDATE chain SET touched = 'x'",
        "UPDATE chain SET packed = x'00'", "UPDATE past SET files = '{'", "DELETE FROM blob", "DELETE FROM tree",
        "DELETE FROM posting", f"UPDATE chain SET touched = '{'[' * 5_000}'", f"UPDATE past SET files = '{'[' * 5_000}'",
    ],
    ids=lambda statement: statement[:40],
)  # fmt: skip
def test_rows_that_were_damaged_or_lost_stop_nothing(shop: Path, statement: str) -> None:
    write_files(shop, {"shop/mail.py": "def send_receipt(): ...\n"})
    run_git(shop, "commit", "-qam", "Deliver invoices")
    look(shop, "Deliver invoices", later=60)
    with closing(sqlite3.connect(next((shop.parent / "cache").glob("*.sqlite")))) as connection, connection:
        connection.execute(statement)
    assert look(shop, "The VAT rate of a country", later=60).rankable == 4


def test_an_unchanged_tree_is_written_down_once(shop: Path) -> None:
    look(shop, "anything", later=60)
    place = next((shop.parent / "cache").glob("*.sqlite"))
    with closing(sqlite3.connect(place)) as connection, connection:
        connection.execute("UPDATE tree SET seen = 7")
    assert paths(look(shop, "The VAT rate of a country", later=60))[0] == "shop/money.py"
    with closing(sqlite3.connect(place)) as connection, connection:
        assert connection.execute("SELECT seen FROM tree").fetchone() == (7,)
