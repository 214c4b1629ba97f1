"""A peer is asked in a process of its own; what it says is bounded, and its failures are told."""

from __future__ import annotations

import sys
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
print(json.dumps({{"ready": "9", "offline": True}}), flush=True)
for line in sys.stdin:
    row = json.loads(line)
    row["environ"] = sorted(os.environ)
    {does}
"""


def python(folder: Path, does: str) -> Path:
    """Return a program that stands for the Python of a peer's environment."""
    path = folder / "python"
    path.write_text(SAYS.format(python=sys.executable, does=does))
    path.chmod(0o755)
    return path


def peer(folder: Path, does: str) -> Peer:
    return Peer(BM25, python(folder, does), folder)


def test_a_peer_gets_the_tracked_code_and_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none-of-its-business")
    commit = shop(tmp_path / "repos")[0]
    tree = Clones(tmp_path / "repos", tmp_path).tree("acme/shop", commit)
    (tree.lay_out() / "untracked.py").write_text("")
    one = peer(tmp_path, 'print(json.dumps({"paths": row["files"] + row["environ"]}), flush=True)')
    try:
        paths = one.locate(tree, "the cart").paths
        assert paths[:3] == ["shop/cart.py", "shop/users.py", "tests/test_cart.py"]
        assert not [name for name in paths if "KEY" in name]
        assert one.key == "peer 1 bm25 9"
    finally:
        one.close()


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


def test_a_peer_that_is_silent_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "ANSWER_S", 0.05)
    one = peer(tmp_path, "pass")
    assert "no answer in 0.05 s" in one.score("text").problem
    one.close()


def test_what_a_peer_started_ends_with_it(tmp_path: Path) -> None:
    started = tmp_path / "started"
    begin = "import subprocess; p = subprocess.Popen(['sleep', '600']); "
    one = peer(tmp_path, f"{begin}open({str(started)!r}, 'w').write(str(p.pid)); print('{{}}', flush=True)")
    one.score("text")
    number = int(started.read_text())
    one.close()
    assert not is_running(number)


def is_running(number: int) -> bool:
    """Tell whether a process is there, and more than a name that nobody asked for yet."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


def test_only_numbers_are_signals_and_only_texts_paths(tmp_path: Path) -> None:
    told = '{"signals": {"score": 1, "tier": "x", "odd": None}, "paths": ["a.py", 7]}'
    one = peer(tmp_path, f"print(json.dumps({told}), flush=True)")
    found = one.score("text")
    one.close()
    assert (found.signals, found.paths) == ({"score": 1.0}, ["a.py"])


def test_a_package_that_is_not_there_is_no_peer(tmp_path: Path) -> None:
    with pytest.raises(NoPeer, match="bm25 does not start"):
        Peer(BM25, Path(sys.executable), tmp_path)  # this environment has no bm25s


def test_an_unknown_peer_is_refused() -> None:
    with pytest.raises(UsageError, match="no peer 'best'; allowed: litellm"):
        peers_named(["best"])


@pytest.mark.nightly
def test_what_cannot_be_installed_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    none = PeerPackage(name="none", requires=(str(tmp_path / "none-1.0-py3-none-any.whl"),), does="scores", about="")
    with pytest.raises(NoPeer, match="none cannot be installed"):
        python_of(none, tmp_path, {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})
    assert not [path for path in (tmp_path / "peers").iterdir() if path.is_dir()]
