"""A tool's answer to a model elsewhere holds no secret. What was masked cannot be asked for or overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.core.privacy.secret_samples import KEYS, TOKENS

from profile_router.runners.tools import editing, listing, reading, search
from profile_router.runners.tools.answer_shape import ToolRefusal
from profile_router.runners.tools.fence import Fence

TOKEN = TOKENS["token of GitHub"]
TEXT = f'def connect():\n    return Client(token="{TOKEN}")\n\n\nretries = 3\n'
ROOM = 6_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "client.py").write_text(TEXT)
    return tmp_path


@pytest.fixture
def fence(root: Path) -> Fence:
    return Fence(root)


def test_a_token_is_masked_where_it_is_read_and_its_line_keeps_its_number(fence: Fence) -> None:
    page = reading.read_page(fence, "client.py", 1, 200, ROOM)
    assert '2\t    return Client(token="[secret: token of GitHub]")' in page
    assert "5\tretries = 3" in page
    assert page.startswith("[note: [secret: …] stands for what only a local profile may read]")
    assert TOKEN not in page


def test_a_local_profile_reads_it_as_it_is(root: Path) -> None:
    fence = Fence(root, allow_private=True)
    assert TOKEN in reading.read_page(fence, "client.py", 1, 200, ROOM)
    assert TOKEN in search.search_files(fence, "Client", "**/*", ROOM)


def test_a_token_over_two_lines_is_masked_in_each_page_of_one(fence: Fence, root: Path) -> None:
    (root / "client.py").write_text(f"a\n{TOKEN[:20]}\n{TOKEN[20:]}\n")
    pages = "".join(reading.read_page(fence, "client.py", line, 1, ROOM) for line in (1, 2, 3))
    assert TOKEN[:20] not in pages
    assert TOKEN[20:] not in pages


def test_a_file_too_large_to_mask_is_withheld(fence: Fence, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_COUNTED_WHOLE", 20)
    with pytest.raises(ToolRefusal, match=r"withheld: client.py holds a token of GitHub"):
        reading.read_page(fence, "client.py", 1, 200, ROOM)


@pytest.mark.parametrize("behind", [3, 15, 30])
def test_a_token_that_begins_in_the_last_line_of_a_page_of_a_large_file_is_not_shown(
    behind: int, fence: Fence, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_COUNTED_WHOLE", 199)
    monkeypatch.setattr(reading, "_PAGE_BYTES", 200)
    monkeypatch.setattr(reading, "_CHUNK", 200)
    (root / "client.py").write_text(" " * (200 - behind) + TOKEN + "\n" + "x\n" * 900)
    with pytest.raises(ToolRefusal, match=r"withheld: client\.py holds a token of GitHub"):
        reading.read_page(fence, "client.py", 1, 1, ROOM)


@pytest.mark.parametrize("key", KEYS)
def test_a_file_of_key_material_is_withheld_whole(fence: Fence, root: Path, key: str) -> None:
    (root / "notes.txt").write_text(f"first line\n{key}\n")
    with pytest.raises(ToolRefusal, match=r"notes\.txt holds a private key"):
        reading.read_page(fence, "notes.txt", 1, 1, ROOM)
    assert "first line" not in search.search_files(fence, "first", "**/*", ROOM)
    with pytest.raises(ToolRefusal, match="only a local profile may edit it"):
        editing.replace(fence, "notes.txt", "first", "second")


def test_a_search_shows_the_line_without_its_secret(fence: Fence) -> None:
    assert search.search_files(fence, "Client", "**/*", ROOM) == (
        'client.py:2: return Client(token="[secret: token of GitHub]")'
    )


@pytest.mark.parametrize("length", [6, 12, 40])
def test_a_search_cannot_ask_a_secret_for_its_letters(fence: Fence, length: int) -> None:
    assert search.search_files(fence, TOKEN[:length], "**/*", ROOM).startswith("no match")


def test_a_name_that_is_a_secret_is_not_listed(fence: Fence, root: Path) -> None:
    (root / TOKEN).write_text("x")
    assert TOKEN not in listing.list_folder(fence, ".")


def test_the_lines_around_a_secret_can_be_edited(fence: Fence, root: Path) -> None:
    editing.replace(fence, "client.py", "retries = 3", "retries = 5")
    assert (root / "client.py").read_text() == TEXT.replace("3\n", "5\n")


@pytest.mark.parametrize("old", [TOKEN, TOKEN[:7], '"gh', f"Client(token={TOKEN!r}"])
def test_an_edit_cannot_ask_a_secret_for_its_letters(fence: Fence, old: str) -> None:
    with pytest.raises(ToolRefusal, match="does not occur") as refused:
        editing.replace(fence, "client.py", old, "x")
    assert TOKEN not in str(refused.value)


def test_a_mask_is_not_written_over_a_secret(fence: Fence, root: Path) -> None:
    with pytest.raises(ToolRefusal, match="stands for a secret that you were not shown"):
        editing.write_and_count(fence, "client.py", TEXT.replace(TOKEN, "[secret: token of GitHub]"))
    with pytest.raises(ToolRefusal, match="stands for a secret that you were not shown"):
        editing.replace(fence, "client.py", "retries = 3", "retries = [secret: x]")
    assert (root / "client.py").read_text() == TEXT


def test_a_new_file_may_hold_what_the_subagent_writes(fence: Fence, root: Path) -> None:
    editing.write_and_count(fence, "new.py", TEXT)
    assert (root / "new.py").read_text() == TEXT
