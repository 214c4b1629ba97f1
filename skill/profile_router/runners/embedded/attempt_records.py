"""What an attempt of the embedded runner did, as its records tell, by a process before this one too."""

from __future__ import annotations

from profile_router.core.privacy.taint import Taint
from profile_router.runners.embedded.steps_taken import WRITING
from profile_router.threads.records import Records, Scoped
from profile_router.threads.traces import edits_of, marked_spans
from profile_router.values import frozen

_TAINT = "taint "


@frozen(kw_only=False)
class AttemptRecords:
    """What the *records* of one attempt tell."""

    records: Records

    def wrote(self) -> tuple[str, ...]:
        """Return the files that the attempt's tools wrote."""
        return tuple(sorted({path for path, _ in edits_of(self.records)}))

    def around(self) -> tuple[tuple[str, str], ...]:
        """Return marks around the attempt's commands: those may have written any file."""
        return marked_spans(self.records)

    def in_vain(self) -> bool:
        """Tell whether the attempt's tools were to write files, and none of them came to it."""
        tools = (self.records.find(name) for name in self.records.names("tool "))
        return not self.records.names("edit ") and any(getattr(result, "name", "") in WRITING for result in tools)

    def taints(self) -> tuple[Taint, ...]:
        """Return what the attempt was shown that is withheld elsewhere."""
        found = Scoped(self.records, _TAINT)
        return tuple(Taint(path=path, why=found.find(path)) for path in sorted(found.names("")))

    def note_taint(self, path: str, why: str) -> None:
        """Keep that the attempt is about to be shown the file *path*, and *why* that is withheld elsewhere."""
        Scoped(self.records, _TAINT).keep(path, why)
