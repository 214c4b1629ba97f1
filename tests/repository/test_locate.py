"""Where a task works, by an index of a repository that was made for it."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import time
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import pytest
from tests.git.git_repository import repository, run_git, write_files

from profile_router.core.locating.located import Located
from profile_router.core.policy import SignWeights
from profile_router.core.telling.located import located_json
from profile_router.errors import StateError
from profile_router.repository import blob_index
from profile_router.repository.bounds import forget_indexes, keep_within
from profile_router.repository.locate import locate
from profile_router.repository.sources import CommitFiles, WorkTreeFiles
from profile_router.workspace.folder import Workspace

WEIGHTS = asdict(SignWeights())

SHOP = {
    "shop/cart.py": "class Cart:\n    def total(self):\n        return sum(self.lines)\n",
    "shop/money.py": "def vat_rate(country):\n    return RATES[country]\n\nRATES = {}\n",
    "shop/mail.py": "def send_receipt(address):\n    connect(address)\n",
    "tests/test_money.py": "from shop.money import vat_rate\n\ndef test_rate():\n    assert vat_rate('de')\n",
    "CHANGELOG.md": "vat_rate vat_rate vat_rate vat rate country",
    "vendor/money.py": "def vat_rate(country): ...\n",
    "keys.pem": "vat_rate",
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return repository(tmp_path / "shop", SHOP)


def look(
    root: Path,
    text: str,
    *,
    seconds: float | None = None,
    private: tuple[str, ...] = (),
    git: bool = True,
    later: float = 0.0,
) -> Located:
    now = time.time_ns() + int(later * 1e9)
    source = WorkTreeFiles(workspace=Workspace(root, git=git), now_ns=now, private=private)
    return locate(source, text, root.parent / "cache", weights=WEIGHTS, seconds=seconds)


def paths(found: Located) -> list[str]:
    return [file.path for file in found.files]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("The VAT rate of a country is wrong", "shop/money.py"),
        ("`send_receipt` should retry", "shop/mail.py"),
        ("The total of a cart forgets lines", "shop/cart.py"),
        ('It breaks\n  File "/x/shop/mail.py", line 2, in send_receipt\n', "shop/mail.py"),
        ("shop.cart.Cart loses lines", "shop/cart.py"),
    ],
)  # fmt: skip
def test_a_task_without_file_names_names_the_right_file_first(shop: Path, text: str, path: str) -> None:
    found = look(shop, text)
    assert paths(found)[0] == path
    assert found.files[0].why
    assert found.whole


@pytest.mark.parametrize(
    ("changed", "text", "path"),
    [
        ({"shop/refund.py": "def give_back(order): ...\n"}, "`give_back` fails", "shop/refund.py"),
        ({"shop/mail.py": "def give_back(order): ...\n"}, "`give_back` fails", "shop/mail.py"),
        ({"shop/a b.py": "def give_back(order): ...\n"}, "`give_back` fails", "shop/a b.py"),
        ({".gitignore": "money.py\n", "shop/new.py": "def give_back(): ...\n"}, "`give_back` fails", "shop/new.py"),
    ],
)  # fmt: skip
def test_what_changed_since_the_files_were_last_seen_is_met(
    shop: Path, changed: dict[str, str], text: str, path: str
) -> None:
    look(shop, "nothing", later=10)
    write_files(shop, changed)
    assert paths(look(shop, text))[0] == path
    run_git(shop, "rm", "--quiet", "--cached", "-f", "--ignore-unmatch", path)
    (shop / path).unlink()
    assert path not in paths(look(shop, text))


def test_a_word_that_many_files_once_held_still_tells_where_a_task_works(tmp_path: Path) -> None:
    held = {f"src/part{number}.py": f"zebra_crossing = {number}\n" for number in range(110)}
    root = repository(tmp_path / "many", {f"src/more{number}.py": f"x = {number}\n" for number in range(100)} | held)
    look(root, "zebra_crossing is wrong")
    write_files(
        root, {path: f"y = {number}\n" for number, path in enumerate(held)} | {"src/part7.py": "zebra_crossing = 7\n"}
    )
    assert paths(look(root, "zebra_crossing is wrong", later=5)) == ["src/part7.py"]


_WORDS = "amber birch cedar delta ember fjord grove heath inlet jetty knoll lagoon mesa north oasis".split()  # noqa: SIM905
_EVERY = " ".join(f"`{one}_{other}`" for one in _WORDS for other in _WORDS)


@pytest.mark.parametrize(
    "seed", [1, pytest.param(2, marks=pytest.mark.nightly), pytest.param(3, marks=pytest.mark.nightly)]
)
def test_what_is_told_does_not_depend_on_what_the_index_held_before(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    names = [f"{one}_{other}" for one in _WORDS for other in _WORDS]

    def some_files() -> dict[str, str]:
        return {f"src/{at}.py": "\n".join(f"{name} = 1" for name in dice.choices(names, k=60)) for at in range(12)}

    root = repository(tmp_path / "grown", some_files())
    for step in range(1, 4):
        look(root, _EVERY, later=60 * step)
        write_files(root, some_files())
    grown = look(root, _EVERY, later=600)
    (tmp_path / "cache").rename(tmp_path / "before")
    assert (grown, json.dumps(located_json(grown))) == (
        at_once := look(root, _EVERY, later=600),
        json.dumps(located_json(at_once)),
    )


def test_changelogs_vendored_and_private_files_do_not_rank(shop: Path) -> None:
    found = paths(look(shop, "vat_rate of money", private=("shop/cart*",)))
    assert not {"CHANGELOG.md", "vendor/money.py", "keys.pem", "shop/cart.py"} & set(found)


def test_edits_that_nobody_staged_new_and_deleted_files_count_and_ignored_ones_do_not(shop: Path) -> None:
    assert paths(look(shop, "def gift_voucher"))[:1] != ["shop/mail.py"]
    write_files(
        shop, {"shop/mail.py": "def gift_voucher(): ...\n", ".gitignore": "build.py\n", "build.py": "gift_voucher"}
    )
    write_files(shop, {"shop/new_voucher.py": "def gift_voucher_new(): ...\n"})
    (shop / "shop/cart.py").unlink()
    found = paths(look(shop, "the gift_voucher"))
    assert found[0] == "shop/mail.py"
    assert "shop/new_voucher.py" in found
    assert not {"build.py", "shop/cart.py"} & set(found)


def test_a_file_changed_without_a_new_time_or_size_is_read_anew_as_long_as_it_is_fresh(shop: Path) -> None:
    place = shop / "shop/mail.py"
    look(shop, "anything")
    times = place.stat()
    place.write_text("def SEND_receipt(address):\n    connect(address)\n")
    os.utime(place, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert paths(look(shop, "`SEND_receipt`"))[0] == "shop/mail.py"


def test_what_the_time_does_not_allow_is_said_and_goes_on_with_the_next_call(tmp_path: Path) -> None:
    text = "\n".join(f"def thing_{{0}}(): return other_{{0}}_{line}" for line in range(400))
    big = repository(tmp_path / "big", {f"m{at}.py": text.format(at) for at in range(60)})
    found = look(big, "thing_7", seconds=0.001, later=60)
    assert not found.files
    assert any("looked into so far" in said for said in found.missing)
    reached = [found.indexed]
    while not found.whole and len(reached) < 100:
        found = look(big, "thing_7", seconds=0.001, later=60)
        reached.append(found.indexed)
    assert reached == sorted(reached)
    late = look(big, "thing_7", seconds=0.000_001, later=60)
    assert not late.files
    assert "the files were not ranked" in late.missing[-1]
    assert paths(look(big, "thing_7", later=60))[0] == "m7.py"


def test_a_folder_without_git_is_indexed_and_has_no_history(tmp_path: Path) -> None:
    write_files(tmp_path / "plain", SHOP)
    found = look(tmp_path / "plain", "The VAT rate of a country", git=False)
    assert paths(found)[0] == "shop/money.py"
    assert found.commits == 0
    assert found.missing == ("a folder without git has no history",)


def test_past_commits_like_the_task_point_at_their_files(shop: Path) -> None:
    for number in range(3):
        write_files(shop, {"shop/mail.py": f"def send_receipt(address):\n    connect(address, {number})\n"})
        run_git(shop, "commit", "-qam", f"Deliver invoices to Norway again ({number})")
    found = look(shop, "Invoices to Norway are not delivered")
    assert paths(found)[0] == "shop/mail.py"
    assert "changed by commits like it" in found.files[0].why
    assert found.commits == 3


@pytest.mark.parametrize("way", ["numstat", "name-only"])
@pytest.mark.parametrize(
    ("said", "date"),
    [
        ("Deliver invoices\x03 to Norway\n\nwhy\x01so\x02\n", 1_700_000_000),
        (f"Deliver invoices to Norway\n\n\n\x01{'a' * 40}\x021\x02x\x02\x03\n", 1_700_000_000),
        ("Deliver invoices to Norway\n", 2**63 + 5),
        ("Deliver invoices to Norway\n", 10**30),
        (f"Deliver invoices to Norway\n\n{'b' * 40}\n", 0),
    ],
)
def test_whatever_a_commit_says_and_when_it_says_it_was_made_history_is_read(
    shop: Path, said: str, date: int, way: str
) -> None:
    write_files(shop, {"shop/mail.py": "def send_receipt(): ...\n", run_git(shop, "rev-parse", "HEAD").strip(): "x\n"})
    run_git(shop, "add", "-A")
    head, tree = run_git(shop, "rev-parse", "HEAD").strip(), run_git(shop, "write-tree").strip()
    who = f"T <t@example.invalid> {date} +0000"
    raw = f"tree {tree}\nparent {head}\nauthor {who}\ncommitter {who}\n\n{said}"
    commit = run_git(shop, "hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=raw).strip()
    run_git(shop, "update-ref", "HEAD", commit)
    if way == "name-only":
        gone = run_git(shop, "rev-parse", f"{head}:shop/mail.py").strip()
        (shop / ".git/objects" / gone[:2] / gone[2:]).unlink()
    found = look(shop, "Invoices to Norway")
    assert (paths(found)[0], found.commits, found.missing) == ("shop/mail.py", 1, ())
    assert "changed by commits like it" in found.files[0].why


@pytest.mark.parametrize("error", [ValueError("x"), OverflowError("x"), sqlite3.OperationalError("x")])
def test_what_others_wrote_and_nobody_can_read_stops_no_task(
    shop: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("profile_router.repository.locate.past_changes", broken)
    (said,) = look(shop, "Invoices to Norway").missing
    assert said.startswith(f"its index or its history cannot be read ({type(error).__name__})")


def test_a_merge_counts_as_one_change_by_its_pull_requests_title(shop: Path) -> None:
    run_git(shop, "switch", "-qc", "side")
    write_files(shop, {"shop/mail.py": "def send_receipt(address): ...\n"})
    run_git(shop, "commit", "-qam", "wip")
    run_git(shop, "switch", "-q", "main")
    run_git(
        shop, "merge", "-q", "--no-ff", "side", "-m", "Merge pull request #3 from a/side\n\nDeliver invoices to Norway"
    )
    found = look(shop, "Invoices to Norway")
    assert (paths(found)[0], found.commits) == ("shop/mail.py", 1)


def imported(root: Path, titles: list[tuple[str, int]]) -> None:
    """Add a commit for each title to main of the repository *root*, that changes so many lines of `shop/past.py`."""
    stream = []
    for at, (title, lines) in enumerate(titles):
        content = "\n".join(f"line {at} {line}" for line in range(lines)) + "\n"
        stream.append(
            f"commit refs/heads/main\ncommitter T <t@example.invalid> {1_600_000_000 + at} +0000\n"
            f"data {len(title)}\n{title}\n" + ("from refs/heads/main^0\n" if at == 0 else "")
            + f"M 100644 inline shop/past.py\ndata {len(content)}\n{content}\n"
        )  # fmt: skip
    run_git(root, "fast-import", "--quiet", stdin="".join(stream))


def test_how_large_a_task_is_goes_by_commits_like_it(shop: Path) -> None:
    imported(shop, [(f"Fix the rounding of cents {at}", 2) for at in range(40)])
    imported(shop, [(f"Replace the storage engine {at}", 150 + 99 * (at % 2)) for at in range(20)])
    large, small = look(shop, "Replace storage").size, look(shop, "Rounding of cents is off").size
    assert large is not None
    assert small is not None
    assert (large.size, small.size) == ("large", "small")
    assert large.score > small.score


def test_a_shallow_clone_has_the_history_that_is_there(shop: Path, tmp_path: Path) -> None:
    for number in range(4):
        write_files(shop, {"shop/mail.py": f"{number}\n"})
        run_git(shop, "commit", "-qam", f"Change {number}")
    run_git(tmp_path, "clone", "-q", "--depth=3", f"file://{shop}", "shallow")
    assert look(tmp_path / "shallow", "The VAT rate").commits == 2


def test_where_blobs_of_the_past_are_not_here_commits_count_without_their_lines(shop: Path) -> None:
    for number in range(2):
        write_files(shop, {"shop/mail.py": f"def send_receipt(): ... # {number}\n"})
        run_git(shop, "commit", "-qam", f"Deliver invoices {number}")
    gone = run_git(shop, "rev-parse", "HEAD~1:shop/mail.py").strip()
    (shop / ".git/objects" / gone[:2] / gone[2:]).unlink()
    found = look(shop, "Deliver invoices")
    assert (paths(found)[0], found.commits) == ("shop/mail.py", 2)


def test_a_repository_without_a_commit_is_indexed(tmp_path: Path) -> None:
    root = tmp_path / "empty"
    write_files(root, SHOP)
    run_git(root, "init", "-q")
    found = look(root.resolve(), "The VAT rate of a country")
    assert paths(found)[0] == "shop/money.py"
    assert found.missing == ("the repository has no commit yet",)


def test_another_repository_inside_is_left_out(shop: Path) -> None:
    repository(shop / "inner", {"vat_rate.py": "def vat_rate(): ...\n"})
    run_git(shop, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", f"file://{shop}/inner", "sub")
    assert not [path for path in paths(look(shop, "vat_rate")) if path.startswith(("inner", "sub"))]


def test_a_link_or_a_pipe_is_not_read(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text("def outside_secret(): ...\n")
    (shop / "shop/link.py").symlink_to(tmp_path / "outside.py")
    os.mkfifo(shop / "shop/pipe.py")
    assert not {"shop/link.py", "shop/pipe.py"} & set(paths(look(shop, "outside_secret link pipe")))


def test_a_commit_of_a_bare_clone_is_ranked_as_its_files_were(shop: Path, tmp_path: Path) -> None:
    old = run_git(shop, "rev-parse", "HEAD").strip()
    write_files(shop, {"shop/later.py": "def vat_rate(): ...\n"})
    run_git(shop, "add", "-A")
    run_git(shop, "commit", "-qm", "Later")
    run_git(tmp_path, "clone", "-q", "--bare", f"file://{shop}", "bare")
    found = locate(
        CommitFiles(clone=tmp_path / "bare", head=old), "vat_rate of a country", tmp_path / "cache", weights=WEIGHTS
    )
    assert paths(found)[0] == "shop/money.py"
    assert "shop/later.py" not in paths(found)


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


def test_a_listing_that_takes_too_long_is_told(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("profile_router.repository.locate._LEAST_LISTING", 0.0)
    for git in (True, False):
        (said,) = look(shop, "vat_rate", seconds=0.0, git=git).missing
        assert "took more than 0.1 s" in said or "were not listed in the time" in said


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


def test_no_program_of_the_repository_runs(shop: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {ran}\ncat\n")
    program.chmod(0o755)
    for name in (
        "core.fsmonitor",
        "filter.x.clean",
        "filter.x.smudge",
        "diff.x.textconv",
        "diff.x.command",
        "diff.external",
    ):
        run_git(shop, "config", name, str(program))
    write_files(shop, {".gitattributes": "*.py filter=x diff=x\n", "shop/mail.py": "def send_receipt(): ...\n"})
    ran.unlink(missing_ok=True)
    assert paths(look(shop, "`send_receipt`"))[0] == "shop/mail.py"
    assert not ran.exists()


def test_a_damaged_index_is_made_anew(shop: Path) -> None:
    look(shop, "anything")
    place = next((shop.parent / "cache").glob("*.sqlite"))
    for beside in shop.parent.glob("cache/*-wal"):
        beside.unlink()
    place.write_bytes(b"not a database, not at all" * 100)
    assert paths(look(shop, "The VAT rate of a country"))[0] == "shop/money.py"


def test_blobs_and_commits_that_are_known_are_not_read_again(shop: Path) -> None:
    look(shop, "anything")
    place = next((shop.parent / "cache").glob("*.sqlite"))
    run_git(shop, "mv", "shop/mail.py", "shop/post.py")
    assert paths(look(shop, "`send_receipt`"))[0] == "shop/post.py"
    with closing(sqlite3.connect(place)) as connection, connection:
        assert connection.execute("SELECT count(*) FROM blob").fetchone()[0] == 4


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


def test_files_of_the_same_content_are_all_found(tmp_path: Path) -> None:
    money = {f"{place}/money.py": "def vat_rate(country):\n    return RATES[country]\n" for place in ("a", "b", "c")}
    root = repository(tmp_path / "same", {**money, "a/mail.py": "def send(address): ...\n"})
    assert set(paths(look(root, "`vat_rate` of a country"))) >= {*money}


def test_a_file_that_moves_comes_and_goes_is_found_where_it_is(shop: Path) -> None:
    assert paths(look(shop, "`send_receipt`", later=60))[0] == "shop/mail.py"
    (shop / "shop/mail.py").rename(shop / "aside")
    assert "shop/mail.py" not in paths(look(shop, "`send_receipt`", later=60))
    (shop / "aside").rename(shop / "shop/mail.py")
    assert paths(look(shop, "`send_receipt`", later=60))[0] == "shop/mail.py"
    run_git(shop, "mv", "shop/mail.py", "shop/post.py")
    assert paths(look(shop, "the post office", later=60))[0] == "shop/post.py"


def test_an_unchanged_tree_is_written_down_once(shop: Path) -> None:
    look(shop, "anything", later=60)
    place = next((shop.parent / "cache").glob("*.sqlite"))
    with closing(sqlite3.connect(place)) as connection, connection:
        connection.execute("UPDATE tree SET seen = 7")
    assert paths(look(shop, "The VAT rate of a country", later=60))[0] == "shop/money.py"
    with closing(sqlite3.connect(place)) as connection, connection:
        assert connection.execute("SELECT seen FROM tree").fetchone() == (7,)
