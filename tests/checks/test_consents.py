"""Consent is for one folder and one command line, and is kept where no workspace can write it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from profile_router.checks.consents import CONSENTS_FILE, Consents
from profile_router.core.found_check import FoundCheck

CHECK = FoundCheck(runner="make", words=("make", "test"), whole=("make", "test"), source="Makefile has the target test")
ROOT = Path("/src/shop")


@pytest.mark.parametrize("agreed", [True, False])
def test_an_answer_is_remembered_for_its_folder_and_command_line_alone(tmp_path: Path, agreed: bool) -> None:
    consents = Consents(tmp_path / "state")
    assert consents.of(ROOT, CHECK) is None
    consents.keep(ROOT, CHECK, agreed=agreed)
    narrowed = FoundCheck(runner="make", words=("make", "test", "T=a"), whole=CHECK.whole, source="")
    other = FoundCheck(runner="make", words=("make", "test"), whole=("make", "check"), source="")
    inner = FoundCheck(runner="make", words=("make", "test"), whole=CHECK.whole, source="", folder="pay")
    assert (consents.of(ROOT, CHECK), consents.of(ROOT, narrowed)) == (agreed, agreed)
    assert (consents.of(ROOT, other), consents.of(ROOT, inner), consents.of(ROOT.parent, CHECK)) == (None,) * 3


def test_a_later_answer_takes_the_place_of_the_first(tmp_path: Path) -> None:
    consents = Consents(tmp_path)
    consents.keep(ROOT, CHECK, agreed=False)
    consents.keep(ROOT, CHECK, agreed=True)
    assert [one.agreed for one in consents.all()] == [True]


def test_only_the_owner_reads_what_was_agreed_to(tmp_path: Path) -> None:
    Consents(tmp_path / "state").keep(ROOT, CHECK, agreed=True)
    assert (tmp_path / "state" / CONSENTS_FILE).stat().st_mode & 0o777 == 0o600


def test_forgetting_a_workspace_leaves_the_others(tmp_path: Path) -> None:
    consents = Consents(tmp_path)
    for place in ("/src/shop", "/src/shop/pay", "/src/shop-2"):
        consents.keep(Path(place), CHECK, agreed=True)
    assert consents.forget(ROOT) == 2
    assert [one.folder for one in consents.all()] == ["/src/shop-2"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[]",
        '{"checks": 1}',
        '{"checks": [1, {"folder": "/src/shop", "command": "make test", "agreed": true}]}',
        '{"checks": [{"folder": "/src/shop", "command": ["make", "test"], "agreed": "yes"}]}',
    ],
)
def test_a_file_that_cannot_be_read_agrees_to_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / CONSENTS_FILE).write_text(text)
    assert Consents(tmp_path).of(ROOT, CHECK) is None


@pytest.mark.parametrize("how", ["open", "link"])
def test_a_file_that_another_could_have_written_agrees_to_nothing(tmp_path: Path, how: str) -> None:
    said = {"checks": [{"folder": str(ROOT), "command": list(CHECK.whole), "agreed": True}]}
    path = tmp_path / ("elsewhere" if how == "link" else CONSENTS_FILE)
    path.write_text(json.dumps(said))
    path.chmod(0o600)
    if how == "link":
        (tmp_path / CONSENTS_FILE).symlink_to(path)
    else:
        assert Consents(tmp_path).of(ROOT, CHECK) is True
        path.chmod(0o666)
    assert Consents(tmp_path).of(ROOT, CHECK) is None
