"""What a child gets of the environment: a list of what is allowed, and nothing else."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profile_router.runners.hermes.child_process import child_environment

HOME = Path("/home/profiles/one")
OURS = {"HERMES_HOME", "HERMES_QUIET", "HERMES_STREAM_RETRIES", "HERMES_DISABLE_LAZY_INSTALLS", "PROFILE_ROUTER_CHILD"}
SECRETS = st.from_regex(r"[A-Z]{1,8}(_API_KEY|_TOKEN|_SECRET|_PASSWORD|_PAT)", fullmatch=True)
HERMES_OWN = st.from_regex(r"(HERMES|TERMINAL|hermes|Terminal)_[A-Z]{1,10}", fullmatch=True)


def given_to_child(environ: dict[str, str], **more: object) -> dict[str, str]:
    return child_environment(environ, HOME, "mark", unattended=bool(more.get("unattended")), also=more.get("also", ()))  # type: ignore[arg-type]


@given(st.dictionaries(st.one_of(SECRETS, HERMES_OWN), st.just("parent's")))
def test_no_key_and_no_setting_of_a_running_hermes_is_inherited(environ: dict[str, str]) -> None:
    passed = given_to_child(environ)
    assert "parent's" not in passed.values()
    assert passed["HERMES_HOME"] == str(HOME)


def test_a_child_finds_its_programs_language_and_proxy() -> None:
    usual = {
        "PATH": "/bin",
        "HOME": "/h",
        "LC_ALL": "C",
        "XDG_CACHE_HOME": "/c",
        "https_proxy": "http://p",
        "GOPATH": "/g",
    }
    assert given_to_child(usual).items() >= usual.items()
    assert set(given_to_child(usual)) == set(usual) | OURS


def test_the_policy_may_hand_down_more_but_never_hermes_own() -> None:
    environ = {"MY_TOOL": "1", "OTHER": "2", "HERMES_YOLO_MODE": "1", "TERMINAL_ENV": "docker"}
    passed = given_to_child(environ, also=("MY_TOOL", "HERMES_YOLO_MODE", "TERMINAL_ENV"))
    assert set(passed) == {"MY_TOOL"} | OURS


@pytest.mark.parametrize("unattended", [True, False])
def test_unattended_approval_is_in_it_only_where_it_is_granted(unattended: bool) -> None:
    assert ("HERMES_YOLO_MODE" in given_to_child({"HERMES_YOLO_MODE": "1"}, unattended=unattended)) is unattended
