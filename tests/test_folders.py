"""Each of our folders is where the XDG base directory specification puts it."""

from pathlib import Path

import pytest

from profile_router.folders import our_folder
from profile_router.hermes_plugin import setup

USUAL = [("CONFIG", ".config"), ("STATE", ".local/state"), ("CACHE", ".cache"), ("DATA", ".local/share")]


@pytest.mark.parametrize(("kind", "usual"), USUAL)
def test_a_folder_is_the_usual_one_unless_a_variable_names_another(kind: str, usual: str) -> None:
    assert our_folder(kind, {"HOME": "/home/ada"}) == Path("/home/ada", usual, "profile-router")
    assert our_folder(kind, {"HOME": "/home/ada", f"XDG_{kind}_HOME": "/x"}) == Path("/x/profile-router")
    assert our_folder(kind, {"HOME": "/home/ada", f"XDG_{kind}_HOME": ""}) == our_folder(kind, {"HOME": "/home/ada"})


@pytest.mark.parametrize(
    "environ",
    [
        {"HOME": home, **data}
        for home in ("/home/ada", "", "~/in")
        for data in ({}, {"XDG_DATA_HOME": "/x"}, {"XDG_DATA_HOME": ""})
    ],
)
def test_the_plugin_which_lies_alone_in_hermes_finds_the_same_folder(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert setup._environment_folder() == our_folder("DATA", environ) / "env"
