"""Which worker runs a test: the next free one, but only one worker meets each real program."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

# The servers of llama.cpp start once for a session, and two Hermes never slow each other down.
_GROUPS = {"tests/llama/": "llama.cpp", "tests/runners/hermes/": "Hermes", "tests/hermes_plugin/": "Hermes"}


class InGroups(LoadScopeScheduling):  # type: ignore[misc]  # xdist tells no types
    """Hand out the groups first, and then test by test.

    Of a test that is done nothing is kept, and its place is looked up. For each of many thousand tests xdist would go
    through all before it again.
    """

    _places: dict[str, int] | None = None

    def mark_test_complete(self, node: WorkerController, item_index: int, duration: float = 0) -> None:
        nodeid = self.registered_collections[node][item_index]
        scope = self._split_scope(nodeid)
        unit = self.assigned_work[node][scope]
        del unit[nodeid]
        if not unit:
            del self.assigned_work[node][scope]
        self._reschedule(node)

    def _assign_work_unit(self, node: WorkerController) -> None:
        if self._places is None:
            self._places = {nodeid: place for place, nodeid in enumerate(self.collection)}
        scope, unit = self.workqueue.popitem(last=False)
        self.assigned_work[node][scope] = unit
        node.send_runtest_some([self._places[nodeid] for nodeid in unit])

    def _split_scope(self, nodeid: str) -> str:
        return next((group for folder, group in _GROUPS.items() if nodeid.startswith(folder)), nodeid)
