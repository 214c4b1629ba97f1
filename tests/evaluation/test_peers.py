"""A peer is asked in a process of its own; what it says is bounded, and its failures are told."""

from __future__ import annotations

import os
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from tests.evaluation.made_rows import shop

from profile_router.errors import UsageError
from profile_router.evaluation.clones import Clones
from profile_router.evaluation.peers import asked
from profile_router.evaluation.peers.asked import Peer
from profile_router.evaluation.peers.catalogue import PEERS, PeerPackage, peers_named
from profile_router.evaluation.peers.environment import NoPeer, python_of

BM25 = PEERS["bm25"]
SAYS = """#!{python}
import json, os, sys
print(json.dumps({{"ready": "9"}}), flush=True)
for line in sys.stdin:
    row = json.loads(line)
    row["environ"] = sorted(os.environ)
    {does}
"""


def python(folder: Path, does: str) -> Path:
    """Return a program that stands for the Python of a peer's environment."""
    path = folder / "env/bin/python"
    path.parent.mkdir(parents=True)
    path.write_text(SAYS.format(python=Path(sys.executable).resolve(), does=does))
    path.chmod(0o755)
    return path


def peer(folder: Path, does: str) -> Peer:
    (folder / "scratch").mkdir(exist_ok=True)
    return Peer(BM25, python(folder, does), folder / "scratch")


@pytest.mark.jail
def test_a_peer_gets_the_tracked_code_and_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none-of-its-business")
    commit = shop(tmp_path / "repos")[0]
    (tmp_path / "scratch").mkdir()
    tree = Clones(tmp_path / "repos", tmp_path / "scratch").tree("acme/shop", commit)
    (tree.lay_out() / "untracked.py").write_text("")
    one = peer(tmp_path, 'print(json.dumps({"paths": row["files"] + row["environ"]}), flush=True)')
    try:
        paths = one.locate(tree, "the cart").paths
        assert paths[:3] == ["shop/cart.py", "shop/users.py", "tests/test_cart.py"]
        assert not [name for name in paths if "KEY" in name]
        assert one.key == "peer 1 bm25 9"
    finally:
        one.close()


@pytest.mark.jail
@pytest.mark.parametrize(
    ("does", "said"),
    [
        ('print("no json", flush=True)', "not JSON"),
        ('print("[]", flush=True)', "not a JSON object"),
        ('print("{" * 2_000_000, flush=True)', "more than 1,000,000 bytes"),
        ("sys.exit(3)", "exit code 3"),
        ('print(json.dumps({"problem": "a bad row"}), flush=True)', "a bad row"),
    ],
)
def test_a_peer_that_fails_is_told_and_asked_again(tmp_path: Path, does: str, said: str) -> None:
    one = peer(tmp_path, does)
    try:
        for _ in range(2):
            assert said in one.score("text").problem
    finally:
        one.close()


@pytest.mark.jail
def test_a_peer_that_is_silent_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "ANSWER_S", 0.05)
    one = peer(tmp_path, "pass")
    assert "no answer in 0.05 s" in one.score("text").problem
    one.close()


@pytest.mark.jail
def test_what_a_peer_started_ends_with_it(tmp_path: Path) -> None:
    lasts = f"600.{os.getpid()}"
    begin = f"import subprocess; subprocess.Popen(['sleep', '{lasts}'], start_new_session=True); "
    one = peer(tmp_path, f"{begin}print('{{}}', flush=True)")
    assert one.score("text").problem == ""
    assert comes_to_be(lasts, running=True)
    one.close()
    assert comes_to_be(lasts, running=False)


def comes_to_be(word: str, *, running: bool) -> bool:
    """Tell whether a process with *word* runs, or none, within five seconds: the kernel begins and ends them late."""
    for _ in range(500):
        if is_running(word) is running:
            return True
        time.sleep(0.01)
    return False


def is_running(word: str) -> bool:
    """Tell whether a process of this machine has *word* among its arguments."""
    for about in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if word.encode() in about.read_bytes().split(b"\0"):
                return True
    return False


TRIES = {
    "a file of the machine": "open({secret!r}).read()",
    "a key of ours": "open(os.path.expanduser('~/.config/profile-router/key')).read()",
    "the network": "__import__('socket').create_connection(('127.0.0.1', {port}), 1)",
    "the tree": "open({scratch!r} + '/tree.py', 'w')",
    "its package": "open(sys.argv[0].rpartition('/')[0] + '/x', 'w')",
}


@pytest.mark.jail
@pytest.mark.parametrize("trial", TRIES.values(), ids=TRIES)
def test_what_a_package_runs_at_the_start_of_its_python_is_in_the_jail(
    tmp_path: Path, trial: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for file in ("home/.ssh/id", "home/.config/profile-router/key", "scratch/tree.py"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("a secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        does = trial.format(
            secret=str(tmp_path / "home/.ssh/id"), port=server.getsockname()[1], scratch=str(tmp_path / "scratch")
        )
        early = f"try:\n    {does}\n    said = 'it did'\nexcept OSError as error:\n    said = str(error)\n"
        path = python(tmp_path, "print(json.dumps({'paths': [said]}), flush=True)")
        path.write_text(path.read_text().replace('print(json.dumps({"ready"', f'{early}print(json.dumps({{"ready"', 1))
        one = Peer(BM25, path, tmp_path / "scratch")
        said = one.score("text").paths
        one.close()
    assert said, said
    assert said != ["it did"]
    assert (tmp_path / "scratch/tree.py").read_text() == "a secret"


@pytest.mark.parametrize("why", ["no jail", "the home"])
def test_without_a_jail_that_keeps_the_home_no_peer_is_started(
    tmp_path: Path, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if why == "no jail":
        monkeypatch.setattr(asked, "jail_problem", lambda: "this system does not let a jail be made")
    else:
        monkeypatch.setattr(asked, "jail_problem", lambda: None)
        monkeypatch.setattr(sys, "base_prefix", str(Path.home()))
    begun = tmp_path / "begun"
    with pytest.raises(NoPeer, match="no peer r"):
        peer(tmp_path, f"open({str(begun)!r}, 'w')")
    assert not begun.exists()


@pytest.mark.jail
def test_only_numbers_are_signals_and_only_texts_paths(tmp_path: Path) -> None:
    told = '{"signals": {"score": 1, "tier": "x", "odd": None}, "paths": ["a.py", 7]}'
    one = peer(tmp_path, f"print(json.dumps({told}), flush=True)")
    found = one.score("text")
    one.close()
    assert (found.signals, found.paths) == ({"score": 1.0}, ["a.py"])


@pytest.mark.jail
def test_a_package_that_is_not_there_is_no_peer(tmp_path: Path) -> None:
    with pytest.raises(NoPeer, match="bm25 does not start"):
        Peer(BM25, Path(sys.executable), tmp_path)  # this environment has no bm25s


def test_an_unknown_peer_is_refused() -> None:
    with pytest.raises(UsageError, match="no peer is named 'best'; allowed: litellm"):
        peers_named(["best"])


@pytest.mark.nightly
def test_what_cannot_be_installed_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    none = PeerPackage(name="none", requires=(str(tmp_path / "none-1.0-py3-none-any.whl"),), does="scores", about="")
    with pytest.raises(NoPeer, match="none cannot be installed"):
        python_of(none, tmp_path, {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})
    assert not [path for path in (tmp_path / "peers").iterdir() if path.is_dir()]
