"""The policy, the state folder, the tokenizer."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.doctor.scene import Row, Scene, ids

from profile_router.doctor import our_files
from profile_router.doctor.facts import DoctorFacts
from profile_router.prompting.tokens import BPE_RANKS_FILE
from profile_router.resources import data


def bad_policy(scene: Scene) -> DoctorFacts:
    return scene.facts(policy_problem="p.yaml:3: unknown key 'teirs'", policy_file="my p.yaml")


def made(scene: Scene) -> None:
    scene.state.mkdir(mode=0o700)


def open_to_all(scene: Scene) -> None:
    scene.state.mkdir()
    scene.state.chmod(0o755)


def taken_by_a_file(scene: Scene) -> DoctorFacts:
    scene.state.write_text("")
    scene.state.chmod(0o755)
    return scene.facts(state=scene.state / "deep" / "er")


def damaged(scene: Scene) -> DoctorFacts:
    path = scene.root / "ranks.xz"
    scene.put({"ranks.xz": data(BPE_RANKS_FILE).read_bytes()[:-400]})
    return scene.facts(ranks=path)


def other_ranks(scene: Scene) -> DoctorFacts:
    import lzma

    scene.put({"ranks.xz": lzma.compress(b"aGk= 0\n")})
    return scene.facts(ranks=scene.root / "ranks.xz")


ROWS = [
    Row(
        rule="a policy that reads is fine",
        check=our_files.policy,
        given=lambda scene: None,
        level="pass",
        says="8 rules",
    ),
    Row(
        rule="a refused policy fails with file and line",
        check=our_files.policy,
        given=bad_policy,
        level="fail",
        says="p.yaml:3: unknown key 'teirs'",
        fix="profile-router policy check 'my p.yaml'",
    ),
    Row(
        rule="a state folder that is not there yet is fine",
        check=our_files.state_folder,
        given=lambda scene: None,
        level="pass",
        says="made on first use",
    ),
    Row(rule="a state folder of one's own is fine", check=our_files.state_folder, given=made, level="pass"),
    Row(
        rule="a state folder that others may read is a warning",
        check=our_files.state_folder,
        given=open_to_all,
        level="warn",
        says="0755",
        fix="chmod 700",
    ),
    Row(
        rule="a file in the place of the state folder fails",
        check=our_files.state_folder,
        given=taken_by_a_file,
        level="fail",
        says="is not a folder",
        fix="PROFILE_ROUTER_STATE",
    ),
    Row(rule="the shipped ranks are whole", check=our_files.tokenizer, given=lambda scene: None, level="pass"),
    Row(rule="cut ranks fail", check=our_files.tokenizer, given=damaged, level="fail", says="damaged", fix="install"),
    Row(rule="other ranks fail", check=our_files.tokenizer, given=other_ranks, level="fail", says="damaged"),
    Row(
        rule="missing ranks fail",
        check=our_files.tokenizer,
        given=lambda scene: scene.facts(ranks=scene.root / "nothing"),
        level="fail",
        says="missing",
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=ids(ROWS))
def test_what_is_our_own(row: Row, tmp_path: Path) -> None:
    assert row.holds(tmp_path)


def test_looking_at_the_state_folder_makes_nothing(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    list(our_files.state_folder(scene.facts()))
    assert not scene.state.exists()
