"""What speaks for finished work where no test does: little, and it says so."""

from __future__ import annotations

from profile_router.core.policy import WeakKind
from profile_router.values import frozen


@frozen
class WeakCheck:
    """One weak check: that changed files parse, that a linter finds nothing, that a file to edit was edited, that no
    unrelated one changed. `said` tells it as a sentence. `trusted`: the policy takes it for a check.
    """

    kind: WeakKind
    passed: bool
    said: str
    trusted: bool = False

    @property
    def proves_it_wrong(self) -> bool:
        """Tell whether the work is wrong whatever a check says: a file that parsed does so no more."""
        return self.kind == "parses" and not self.passed
