"""What speaks for finished work where no test does: little, and it says so."""

from __future__ import annotations

from profile_router.core.policy import WeakKind
from profile_router.values import frozen


@frozen
class WeakCheck:
    """One weak check. `said` tells it as a sentence. `trusted`: the policy takes it for a check.

    `kind`: changed files parse · a linter finds nothing · a file to edit was edited · no unrelated file changed · a
    reviewer accepts the work.
    """

    kind: WeakKind
    passed: bool
    said: str
    trusted: bool = False

    @property
    def proves_it_wrong(self) -> bool:
        """Tell whether the work is wrong whatever a check says: a file that parsed does so no more."""
        return self.kind == "parses" and not self.passed
