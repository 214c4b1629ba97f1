"""What runs of other threads wrote in a workspace since this one began there. It is not told as this run's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from profile_router.core.text import counted, some_of
from profile_router.values import frozen


@frozen
class OthersHere:
    """Runs of other *threads* that worked in this workspace since this one began, before it was resumed perhaps.

    `files` are those that they are known to have written, relative to its root. `unsure`: they ran commands or Hermes,
    so nobody knows all that they wrote.
    """

    threads: tuple[str, ...] = ()
    files: frozenset[str] = frozenset()
    unsure: bool = False

    def theirs(self, paths: Iterable[str], wrote: Collection[str] | None, edited: Collection[str]) -> frozenset[str]:
        """Return those of *paths*, which changed meanwhile, that are not this run's.

        This run *wrote* these, None where nobody knows, and its tools *edited* those.
        """
        if not self.threads:
            return frozenset()
        mine = {*edited, *(wrote or ())}
        known = wrote is not None and self.unsure
        return frozenset(path for path in paths if path not in mine and (known or path in self.files))

    def points(
        self, theirs: Collection[str], mine: Iterable[str], wrote: Sequence[str] | None, *, checked: bool
    ) -> Iterable[str]:
        """Yield what stays open as others worked here. *theirs* and *mine* changed meanwhile, and *wrote* is as above.

        *checked*: a check ran after it.
        """
        both = sorted(self.files.intersection(mine))
        if not (theirs or both or (self.unsure and wrote is None)):
            return
        if len(self.threads) == 1:
            who = f"another run, of thread {self.threads[0]},"
        else:
            who = f"{counted(len(self.threads), 'run')} of other threads, {some_of(self.threads)},"
        said = [f"{who} worked here since this run began"]
        said += [f"not told as this run's: {some_of(sorted(theirs))}"] if theirs else []
        said += [f"both wrote {some_of(both)}"] if both else []
        said += ["nobody knows which of the changes are its"] if len(said) == 1 else []
        yield "; ".join([*said, *(["the check ran on the work of both"] if checked else [])])
