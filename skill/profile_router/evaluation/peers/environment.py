"""Make the environment of a peer: a venv below our cache that holds its package alone, made once.

It is made only for a peer that was asked for. What pip needs of the user's environment goes along, keys do not.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from profile_router.errors import RouterError
from profile_router.evaluation.peers.catalogue import PeerPackage
from profile_router.jail.process import without_secrets
from profile_router.state.copy_folders import remove
from profile_router.state.folder import locked_file, private_folder
from profile_router.state.whole_files import write_whole

_MAKE_S = 1_800.0
_READY = "ready"
_LAST = 300  # characters of what pip said


class NoPeer(RouterError):
    """A peer cannot be installed or started. The message says why; the rest of the run goes on."""


def python_of(peer: PeerPackage, cache: Path, environ: Mapping[str, str]) -> Path:
    """Return the Python of *peer*'s environment below *cache*, made first if need be. Raises NoPeer."""
    wanted = "\n".join((*peer.requires, sys.version))
    place = private_folder(cache / "peers") / f"{peer.name}-{hashlib.sha256(wanted.encode()).hexdigest()[:12]}"
    with locked_file(place.with_suffix(".lock")):
        if not (place / _READY).exists():
            remove(place)
            _make(peer, place, without_secrets(environ))
            write_whole(place / _READY, wanted.encode())
    return place / "bin" / "python"


def _make(peer: PeerPackage, place: Path, environ: Mapping[str, str]) -> None:
    _said(peer, [sys.executable, "-m", "venv", str(place)], environ)
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "-q"]
    try:
        _said(peer, [*pip, "--only-binary", ":all:", "--", *peer.requires], environ)
    except NoPeer:
        remove(place)
        raise


def _said(peer: PeerPackage, words: list[str], environ: Mapping[str, str]) -> None:
    try:
        done = subprocess.run(
            words, env=dict(environ), stdin=subprocess.DEVNULL, capture_output=True, timeout=_MAKE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoPeer(f"{peer.name} cannot be installed: {error}") from None
    if done.returncode:
        said = " ".join(done.stderr.decode("utf-8", "replace").split())[-_LAST:]
        raise NoPeer(f"{peer.name} cannot be installed ({', '.join(peer.requires)}): {said}")
