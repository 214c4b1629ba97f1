"""Run the checks of one workspace, where the user stands, and watch which withheld files they open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from functools import partial
from pathlib import Path

from profile_router.core.found_check import FoundCheck
from profile_router.core.ladder.receipt import CheckResult
from profile_router.core.policy import Terminal
from profile_router.values import frozen
from profile_router.verify.checking.check import run_check
from profile_router.verify.checking.jailed import JailedChecks
from profile_router.withheld.watch import WithheldWatch
from profile_router.withheld.whole_scan import Secrets
from profile_router.workspace.folder import Workspace


@frozen
class CheckRuns:
    """Runs checks in *folder*; None: at the root of *workspace*. *private* and *secrets* are what is withheld. What
    was found runs within the limits of *jail*; *original* is what the workspace is a copy of, if it is one."""

    workspace: Workspace | None
    folder: Path | None
    environ: Mapping[str, str]
    private: Sequence[str]
    secrets: Secrets
    jail: Terminal = field(default_factory=Terminal)
    original: Path | None = None

    @property
    def root(self) -> Path:
        """Return the root of the workspace; without one, the folder that checks run in."""
        return self.workspace.root if self.workspace else self.place

    @property
    def place(self) -> Path:
        """Return the folder that checks run in."""
        return self.folder or (self.workspace.root if self.workspace else Path.cwd())

    def jailed(self, root: Path) -> JailedChecks:
        """Return what runs checks that were found in the workspace *root*."""
        return JailedChecks(
            root=root,
            options=self.jail,
            confidential=self.secrets.confidential,
            watch=partial(WithheldWatch, root, self.private, self.secrets),
            original=self.original,
        )

    async def run(self, check: str | FoundCheck, seconds: float, more: Mapping[str, str] | None = None) -> CheckResult:
        """Return how *check* ended after at most *seconds*; *more* is added to its environment, if it is not jailed."""
        root = self.workspace.root if self.workspace else None
        if isinstance(check, FoundCheck):
            return await self.jailed(self.root).run(check, seconds=seconds)
        result = await run_check(
            check,
            self.place,
            {**self.environ, **(more or {})},
            seconds=seconds,
            confidential=self.secrets.confidential,
            watch=None if root is None else partial(WithheldWatch, root, self.private, self.secrets),
        )
        if root is not None and self.place != root:
            result = replace(result, folder=self.place.relative_to(root).as_posix())
        return result
