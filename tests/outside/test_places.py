"""A text that somebody else wrote gets a yes or a no from the disk, and never an error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from profile_router.outside.places import at_home, is_file_named, is_folder_named, is_place_named

ODD = ("", "\0", "a\0b", "x" * 5_000, "/" + "x/" * 5_000, "\ud800", "~nobody-of-that-name", "a\nb", "/dev/null")


@pytest.mark.parametrize("asked", [is_folder_named, is_file_named])
@pytest.mark.parametrize("text", ODD, ids=ascii)
def test_an_odd_text_names_neither_a_folder_nor_a_file(asked: Callable[[str], bool], text: str) -> None:
    assert asked(text) is False


def test_a_link_to_itself_names_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "a")
    assert not is_folder_named(str(tmp_path / "a"))
    assert not is_file_named(str(tmp_path / "a" / "b"))


def test_a_folder_and_a_file_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    assert (is_folder_named(str(tmp_path)), is_file_named(str(tmp_path))) == (True, False)
    assert (is_folder_named(str(tmp_path / "f")), is_file_named(str(tmp_path / "f"))) == (False, True)


def test_a_home_that_is_not_there_stays_as_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert at_home("~/x") == Path("/home/me/x")
    assert at_home("~nobody-of-that-name/x") == Path("~nobody-of-that-name/x")


def test_a_place_is_a_folder_or_a_file_and_an_odd_text_none(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    assert is_place_named(str(tmp_path))
    assert is_place_named(str(tmp_path / "f"))
    assert [text for text in ODD if is_place_named(text)] == ["/dev/null"]
