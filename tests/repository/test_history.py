"""What commits of the past say of a task: which files, and how large."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.git.git_repository import run_git, write_files
from tests.repository.a_shop import look, paths


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
    named_as = {run_git(shop, "rev-parse", "HEAD").strip(): "x\n", "5\tx\ty.py": "y = 1\n", "5\t7\tz.py": "z = 1\n"}
    write_files(shop, {"shop/mail.py": "def send_receipt(): ...\n", **named_as})
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
    assert (found.commits, found.missing) == (1, ())
    assert set(paths(found)[:3]) >= {"shop/mail.py", "5\tx\ty.py"}
    assert "changed by commits like it" in found.files[0].why


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


def test_blobs_and_commits_that_are_known_are_not_read_again(shop: Path) -> None:
    look(shop, "anything")
    place = next((shop.parent / "cache").glob("*.sqlite"))
    run_git(shop, "mv", "shop/mail.py", "shop/post.py")
    assert paths(look(shop, "`send_receipt`"))[0] == "shop/post.py"
    with closing(sqlite3.connect(place)) as connection, connection:
        assert connection.execute("SELECT count(*) FROM blob").fetchone()[0] == 4
