"""Where a task works, by an index of a repository that was made for it."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
from pathlib import Path

import pytest
from tests.git.git_repository import repository, run_git, write_files
from tests.repository.a_shop import SHOP, WEIGHTS, look, paths

from profile_router.core.telling.located import explain_lines, located_json
from profile_router.repository.locate import locate
from profile_router.repository.sources import CommitFiles


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


ALIKE = {
    **{f"src/{name}.py": f"def total_of_lines(): ...\n\nNAME = '{name}'\n" for name in ("cart", "order", "till")},
    **{f"src/{name}.py": "def nothing(): ...\n" for name in ("tax", "mail", "log", "user", "stock", "ship")},
}


@pytest.mark.parametrize(
    ("tests", "found"),
    [
        ({"tests/test_a.py": "from src.cart import something\n"}, ["tests/test_a.py"]),
        ({"tests/test_order.py": "x = 1\n"}, ["tests/test_order.py"]),
        ({"tests/test_a.py": "import src.till\n"}, ["tests/test_a.py"]),
        (
            {"tests/test_a.py": "import src.till\n", "tests/test_cart.py": "x = 1\n", "test/orderTest.java": "x\n"},
            ["test/orderTest.java", "tests/test_a.py", "tests/test_cart.py"],
        ),
        ({"tests/test_mail.py": "import src.mail, src.log\n"}, []),
        ({"src/sum.py": "import src.cart\n"}, []),
    ],
)
def test_where_all_files_are_guesses_the_tests_that_touch_the_first_three_are_told(
    tmp_path: Path, tests: dict[str, str], found: list[str]
) -> None:
    located = look(repository(tmp_path / "alike", ALIKE | tests), "`total_of_lines` is slow")
    assert {file.confidence for file in located.files} == {"guess"}
    assert sorted(located.tests) == found
    assert any("a guess as they are" in line for line in explain_lines(located)) is bool(found)


@pytest.mark.parametrize(("names", "touches"), [("src.tax", True), ("src.cart", False), ("src.mail", False)])
def test_where_the_first_file_is_sure_only_its_own_tests_are_told(tmp_path: Path, names: str, touches: bool) -> None:
    files = {"src/tax.py": "def give_back(order): ...\n", "tests/test_a.py": f"import {names}\n"}
    located = look(repository(tmp_path / "sure", ALIKE | files), "`give_back` fails, or its order")
    assert (paths(located)[0], located.confidence) == ("src/tax.py", "sure")
    assert located.tests == (("tests/test_a.py",) if touches else ())


def test_a_package_has_the_tests_that_are_named_after_its_folder(tmp_path: Path) -> None:
    files = {"shop/__init__.py": "def give_back(): ...\n", "tests/test_shop.py": "x = 1\n"}
    assert look(repository(tmp_path / "p", files), "`give_back` fails").tests == ("tests/test_shop.py",)


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


@pytest.mark.parametrize("error", [ValueError("x"), OverflowError("x"), sqlite3.OperationalError("x")])
def test_what_others_wrote_and_nobody_can_read_stops_no_task(
    shop: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    look(shop, "Invoices to Norway", later=60)
    place = next((shop.parent / "cache").glob("*.sqlite"))
    inode = place.stat().st_ino
    monkeypatch.setattr("profile_router.repository.locate.past_changes", broken)
    (said,) = look(shop, "Invoices to Norway").missing
    assert said.startswith(f"its index or its history cannot be read ({type(error).__name__})")
    assert place.stat().st_ino == inode  # what git says costs no index


def test_a_repository_without_a_commit_is_indexed(tmp_path: Path) -> None:
    root = tmp_path / "empty"
    write_files(root, SHOP)
    run_git(root, "init", "-q")
    found = look(root.resolve(), "The VAT rate of a country")
    assert paths(found)[0] == "shop/money.py"
    assert found.missing == ("the repository has no commit yet",)


@pytest.mark.parametrize("damage", ["its objects are gone", "its head leads out"])
def test_a_repository_whose_commits_cannot_be_read_is_not_told_to_have_none(shop: Path, damage: str) -> None:
    if damage == "its head leads out":
        (shop / ".git/HEAD").write_text("ref: refs/heads/../../../../etc/passwd")
    else:
        commit = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=shop, check=True, capture_output=True, text=True
        ).stdout.strip()
        (shop / ".git/objects" / commit[:2] / commit[2:]).unlink()
    found = look(shop, "The VAT rate of a country")
    assert not any("no commit yet" in said for said in found.missing)
    assert any("git" in said for said in found.missing)


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


def test_a_listing_that_takes_too_long_is_told(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("profile_router.repository.locate._LEAST_LISTING", 0.0)
    for git in (True, False):
        (said,) = look(shop, "vat_rate", seconds=0.0, git=git).missing
        assert "took more than 0.1 s" in said or "were not listed in the time" in said


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
