"""What a run's records tell of the files that its attempts wrote: edits, and marks around what may write anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from profile_router.core.ladder.receipt import Attempt
from profile_router.expressions import expression
from profile_router.threads.records import Records, Scoped
from profile_router.values import frozen

AROUND_TURN = "around"  # the record of the marks around a turn of Hermes
BY_HERMES = "hermes "  # begins the records of a turn of Hermes
_UNSURE = "unsure"
_AT_WORK = expression(rf"({BY_HERMES})?(\d+)/")


@frozen
class Traces:
    """What a run's attempts left of themselves.

    `edited` are the files that their own tools wrote, relative to the workspace. `around` are the marks of the work
    tree before and after each command, and each turn of Hermes, in order. `unended` are the SHA-256, by path, of what
    the tools of an attempt without an end wrote. `marks_after` are marks that were taken after attempts. `unsure` are
    files that changed between the end of a process and its discovery. Nobody knows who changed them.
    """

    edited: frozenset[str]
    around: tuple[tuple[str, str], ...]
    unended: Mapping[str, frozenset[str]]
    marks_after: tuple[str, ...] = ()
    unsure: frozenset[str] = frozenset()


def traces_of(records: Records) -> Traces | None:
    """Return the traces of the run of *records*; None where one of its attempts wrote what nobody can tell."""
    ended = {int(name.removeprefix("attempt ")): records.find(name) for name in records.names("attempt ")}
    begun = {(int(found[2]), bool(found[1])) for name in records.names("") if (found := _AT_WORK.match(name))}
    begun = {one for one in begun if one[0] not in ended}
    if not (ended or begun):
        return None
    edited: set[str] = set()
    around: list[tuple[str, str]] = []
    unended: dict[str, frozenset[str]] = {}
    for number, by_hermes in sorted({*((number, False) for number in ended), *begun}):
        attempt: Attempt | None = ended.get(number)
        if attempt is not None:
            edited |= {*attempt.edited, *(attempt.wrote or ())}
            spans = attempt.around
        else:
            of_attempt = Scoped(records, f"{BY_HERMES if by_hermes else ''}{number}/")
            edits, spans = edits_of(of_attempt), (spans_of_turn(of_attempt) if by_hermes else marked_spans(of_attempt))
            edited |= {path for path, _ in edits}
            for path, after in edits:
                unended[path] = unended.get(path, frozenset()) | {after}
        unknown = by_hermes if attempt is None else attempt.wrote is None
        if (unknown and not spans) or not _whole(spans):
            return None
        around += [(before, after) for before, after in spans]
    marks_after = tuple(str(records.find(name)) for name in records.names("looked after "))
    unsure = frozenset(records.find(_UNSURE) or ())
    return Traces(
        edited=frozenset(edited), around=tuple(around), unended=unended, marks_after=marks_after, unsure=unsure
    )


def open_spans(records: Records) -> dict[str, str]:
    """Return the marks before what was at work when the process of *records* ended, by the name of their record."""
    found: dict[str, str] = {}
    for name in records.names(""):
        if (at := _AT_WORK.match(name)) and name[at.end() :].startswith(("began ", AROUND_TURN)):
            recorded = records.find(name)
            if isinstance(recorded, list | tuple) and recorded[-2] and not recorded[-1]:  # 0.1 kept no marks there
                found[name] = recorded[-2]
    return found


def close_spans(records: Records, after: str, unsure: Iterable[str]) -> None:
    """Keep the mark *after* as the end of each open span. Keep, too, the files that are *unsure* to be the run's."""
    known = {*(records.find(_UNSURE) or ()), *unsure}
    if known:
        records.keep(_UNSURE, tuple(sorted(known)))
    for name in open_spans(records):
        *rest, _ = records.find(name)
        records.keep(name, (*rest, after))


def spans_of_turn(records: Records) -> tuple[tuple[str, str], ...]:
    """Return the marks before and after the turn of Hermes by its *records*; none where none was taken."""
    found = records.find(AROUND_TURN)
    return () if found is None or not found[0] else ((found[0], found[1]),)


def edits_of(records: Records) -> list[tuple[str, str]]:
    """Return path and SHA-256 of what the tools of an attempt were about to write, by its *records*."""
    return [(path, after) for path, _, after in (records.find(name) for name in records.names("edit "))]


def marked_spans(records: Records) -> tuple[tuple[str, str], ...]:
    """Return the marks before and after each command of an attempt by its *records*, in order; empty ones are unknown.

    0.1 kept no marks there.
    """
    found = (records.find(name) for name in records.names("began "))
    told = sorted(tuple(one) if isinstance(one, list | tuple) else (0, "", "") for one in found)
    return tuple((before, after) for _, before, after in told)


def _whole(spans: Iterable[tuple[str, str]]) -> bool:
    return all(before and after for before, after in spans)
