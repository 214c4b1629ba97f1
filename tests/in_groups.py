"""Which worker runs a test: the next one that is free, but each real program is met by one worker alone."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

# The servers of llama.cpp start once for a session, and two Hermes never slow each other down.
_GROUPS = {"tests/llama/": "llama.cpp", "tests/runners/hermes/": "Hermes", "tests/hermes_plugin/": "Hermes"}


class InGroups(LoadScopeScheduling):  # type: ignore[misc]  # xdist tells no types
    """Hand out the groups first, and then test by test."""

    def _split_scope(self, nodeid: str) -> str:
        return next((group for folder, group in _GROUPS.items() if nodeid.startswith(folder)), nodeid)
