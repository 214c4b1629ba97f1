"""Our state folder: any text that names one gives a path, or one line that says why not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from profile_router.errors import StateError
from profile_router.state.folder import state_dir

LONG = "/" + "w" * 5_000


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        (
            {"PROFILE_ROUTER_STATE": LONG},
            "PROFILE_ROUTER_STATE names '/www.*…', which is too long; name another folder",
        ),
        ({"PROFILE_ROUTER_STATE": "/" + "w/" * 5_000}, "which is too long"),
        ({"HOME": LONG}, "XDG_STATE_HOME, or HOME, names"),
        ({"XDG_STATE_HOME": LONG, "HOME": "/"}, "XDG_STATE_HOME, or HOME, names"),
        ({"PROFILE_ROUTER_STATE": "/a\0b"}, "which is not a possible name"),
        ({"PROFILE_ROUTER_STATE": "/a\ud800"}, "which is not a possible name"),
    ],
    ids=["name", "path", "home", "XDG", "NUL", "half a character"],
)
def test_what_can_name_no_folder_is_refused_in_one_line(environ: Mapping[str, str], said: str) -> None:
    with pytest.raises(StateError, match=said) as raised:
        state_dir(environ)
    assert len(str(raised.value)) < 500


def test_a_folder_that_is_not_there_yet_is_named(tmp_path: Path) -> None:
    assert state_dir({"PROFILE_ROUTER_STATE": str(tmp_path / "a" / "b")}) == tmp_path / "a" / "b"
    assert state_dir({"HOME": str(tmp_path)}) == tmp_path / ".local" / "state" / "profile-router"
