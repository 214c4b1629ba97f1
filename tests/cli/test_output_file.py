"""What a user names for a page or a policy is written only where nothing else is lost by it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from tests.cli.command import call

from profile_router.cli.output_file import page_file, policy_file
from profile_router.cli.screens import printable
from profile_router.errors import UsageError
from profile_router.pages.html import PAGE_BEGIN, page_of
from profile_router.pages.report import Report
from profile_router.policies.file import SHIPPED


@pytest.mark.parametrize("to_file", [page_file, policy_file])
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "is empty"), (".", "not a plain file"), ("pipe", "not a plain file"), ("/dev/full", "not a plain file"),
        ("link", "not a plain file"), ("mine.txt", "is there and is not"), ("to-mine", "is there and is not"),
        ("none/x", "its folder is not there"), ("mine.txt/x", "its folder is not there"), ("nul\0", "cannot be used"),
        ("loop", "cannot be used"),
    ],
)  # fmt: skip
def test_what_is_not_ours_to_replace_is_refused(
    to_file: object, name: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.txt").write_text("<!doctype html>my own")
    os.mkfifo("pipe")
    Path("link").symlink_to("/dev/full")
    Path("to-mine").symlink_to("mine.txt")
    Path("loop").symlink_to("loop")
    with pytest.raises(UsageError, match=says):
        to_file(name)  # type: ignore[operator]
    assert Path("mine.txt").read_text() == "<!doctype html>my own"


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
@pytest.mark.parametrize("before", ["", f"{PAGE_BEGIN}old"])
def test_a_page_of_ours_is_replaced_and_keeps_its_mode(before: str, mode: int, tmp_path: Path) -> None:
    path, link = tmp_path / "page.html", tmp_path / "link.html"
    path.write_text(before)
    path.chmod(mode)
    link.symlink_to(path)
    page_file(str(link)).write(page_of(Report(title="t", about={}, run={}, notes=(), sections=())))
    assert path.read_text().startswith(PAGE_BEGIN)
    assert (stat.S_IMODE(path.stat().st_mode), link.is_symlink()) == (mode, True)


def test_a_new_page_can_be_shown_and_a_new_policy_is_private(tmp_path: Path) -> None:
    for to_file, name in ((page_file, "p.html"), (policy_file, "p.yaml")):
        to_file(str(tmp_path / name)).write("x")
    assert stat.S_IMODE((tmp_path / "p.yaml").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "p.html").stat().st_mode) & 0o600 == 0o600


def test_a_policy_is_replaced_by_a_policy(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_bytes(SHIPPED.read_bytes())
    policy_file(str(path)).write("version: 1\n")
    assert path.read_text() == "version: 1\n"


def test_the_page_alone_and_json_exclude_each_other(tmp_path: Path) -> None:
    done = call("report", "--html", "-", "--json", home=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert "--html - prints the page alone" in done.err


def test_a_line_of_history_drives_no_terminal() -> None:
    assert printable("failed\a\x1b[2J") == "failed  [2J"
