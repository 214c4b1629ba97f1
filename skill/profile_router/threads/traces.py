"""What a run's records tell of the files that its attempts wrote: edits, and marks around what may write anything."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from profile_router.core.ladder.receipt import Attempt
from profile_router.threads.records import Records, Scoped
from profile_router.values import frozen

_AT_WORK = re.compile(r"(hermes )?(\d+)/")


@frozen
class Traces:
    """What a run's attempts left of themselves.

    `edited` are the files that their own tools wrote, relative to the workspace. `around` are the marks of the work
    tree before and after each command, and each turn of Hermes, in order. `left` are the SHA-256, by path, of what the
    tools of an attempt without an end wrote. `looked` are marks that were taken after attempts.
    """

    edited: frozenset[str]
    around: tuple[tuple[str, str], ...]
    left: Mapping[str, frozenset[str]]
    looked: tuple[str, ...] = ()


def traces_of(records: Records) -> Traces | None:
    """Return the traces of the run of *records*; None where one of its attempts wrote what nobody can tell."""
    ended = {int(name.removeprefix("attempt ")): records.find(name) for name in records.names("attempt ")}
    begun = {(int(found[2]), bool(found[1])) for name in records.names("") if (found := _AT_WORK.match(name))}
    begun = {one for one in begun if one[0] not in ended}
    if not (ended or begun) or any(by_hermes for _, by_hermes in begun):
        return None
    edited: set[str] = set()
    around: list[tuple[str, str]] = []
    left: dict[str, frozenset[str]] = {}
    for number in sorted({*ended, *(number for number, _ in begun)}):
        attempt: Attempt | None = ended.get(number)
        if attempt is not None:
            edited |= {*attempt.edited, *(attempt.wrote or ())}
            spans = attempt.around
        else:
            kept = Scoped(records, f"{number}/")
            edits, spans = edits_of(kept), marked_spans(kept)
            edited |= {path for path, _ in edits}
            for path, after in edits:
                left[path] = left.get(path, frozenset()) | {after}
        if (attempt is not None and attempt.wrote is None and not spans) or not _whole(spans):
            return None
        around += [(before, after) for before, after in spans]
    looked = tuple(str(records.find(name)) for name in records.names("looked after "))
    return Traces(edited=frozenset(edited), around=tuple(around), left=left, looked=looked)


def edits_of(kept: Records) -> list[tuple[str, str]]:
    """Return path and SHA-256 of what the tools of the attempt of *kept* were about to write."""
    return [(path, after) for path, _, after in (kept.find(name) for name in kept.names("edit "))]


def marked_spans(kept: Records) -> tuple[tuple[str, str], ...]:
    """Return the marks before and after each command of the attempt of *kept*, in their order; empty ones are unknown.

    0.1 kept no marks there.
    """
    found = (kept.find(name) for name in kept.names("began "))
    told = sorted(tuple(one) if isinstance(one, list | tuple) else (0, "", "") for one in found)
    return tuple((before, after) for _, before, after in told)


def _whole(spans: Iterable[tuple[str, str]]) -> bool:
    return all(before and after for before, after in spans)
