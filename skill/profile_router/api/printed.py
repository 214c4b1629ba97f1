"""What each answer carries that a command prints as JSON."""

from __future__ import annotations

from profile_router.api.value import Value


class Printed(Value):
    """`v` is the version of its form, `time` its moment in UTC."""

    v: int
    time: str


class PrintedOfNoRun(Printed):
    """An answer that tells of no single run."""

    run: None
