"""The peers that can be asked: published packages in fixed versions, at the settings that they come with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from profile_router.errors import UsageError
from profile_router.values import frozen


@frozen
class PeerPackage:
    """A peer: what it is called, what pip installs for it, and whether it scores a text or ranks files."""

    name: str
    requires: tuple[str, ...]
    does: Literal["scores", "ranks"]
    about: str


PEERS: Mapping[str, PeerPackage] = {
    peer.name: peer
    for peer in (
        PeerPackage(
            name="litellm",
            requires=("litellm==1.110.2",),
            does="scores",
            about="LiteLLM's complexity router, its rules and its tier",
        ),
        PeerPackage(
            name="cascadeflow",
            requires=("cascadeflow==1.2.0",),
            does="scores",
            about="cascadeflow's pre-router: its complexity and its confidence",
        ),
        PeerPackage(
            name="bm25",
            requires=("bm25s==0.3.16", "numpy>=2,<3"),
            does="ranks",
            about="BM25 over paths and contents, by bm25s",
        ),
        PeerPackage(
            name="aider",
            requires=("aider-chat==0.86.2",),
            does="ranks",
            about="aider's repository map, ranked by what the text mentions",
        ),
    )
}


def peers_named(names: tuple[str, ...] | list[str]) -> list[PeerPackage]:
    """Return the peers of *names*, each once. Raises UsageError for one that is not known."""
    found: dict[str, PeerPackage] = {}
    for name in names:
        if name not in PEERS:
            raise UsageError(f"no peer is named '{name}'; allowed: {', '.join(PEERS)}")
        found[name] = PEERS[name]
    return list(found.values())
