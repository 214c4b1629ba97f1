"""Judge a check by what is different since before the work: which tests turned red, and which turned green. Pure.

An exit code tells neither who made a test red nor how many ran. So tests are compared by their ids where both reports
have them all. A test that was red before is held against the work only where it touches the files of the task.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from profile_router.core.ladder.places_of_tests import FilesOfTests
from profile_router.core.ladder.report import CheckReport
from profile_router.core.text import shown, some_of
from profile_router.expressions import expression
from profile_router.values import frozen

_NAMED = 3  # tests in one line
# They report what is red alone, Maven with -q. A test that ends its process fails their build.
_SILENT_WHEN_GREEN = frozenset({"gradle", "maven"})
_LONGEST = 120  # characters of an id that is told
# One command alone: of several, an exit code may be another's than the test runner's.
_SEVERAL = expression(r"[|;&\n`]|\$\(")
_GOES_TO = expression(r"\s*cd\s+[^|;&\s]+\s*&&")


@frozen
class Difference:
    """What became of the tests: ids as the runner writes them.

    `fixed` were red before; `broke` were not. `still` are red as before and touch the task's files; `others` are red
    as before and do not. `flaky` ended in two ways on the same files. `ran` counts the tests now, `ran_before` those
    before the work; None: not known. `uncovered`: no test touches the files that were changed. `elsewhere`: what broke
    is among all tests, not among those that the check was narrowed to.
    """

    fixed: tuple[str, ...] = ()
    broke: tuple[str, ...] = ()
    still: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    flaky: tuple[str, ...] = ()
    ran: int | None = None
    ran_before: int | None = None
    uncovered: bool = False
    elsewhere: bool = False

    @property
    def words(self) -> str:
        """Return the difference in words, such as `fixed 1, broke 0`."""
        broke = "broke elsewhere" if self.elsewhere else "broke"
        said = [f"fixed {len(self.fixed)}", _told(broke, self.broke)]
        if self.still:
            said.append(_told("still red", self.still))
        if self.others:
            said.append(f"{len(self.others)} red as before")
        if self.flaky:
            said.append(_told("flaky", self.flaky))
        return ", ".join(said)


@frozen
class Judgement:
    """What a check comes to. `held` None: what its exit code says. `why` says what decided in its place."""

    held: bool | None = None
    why: str = ""
    difference: Difference | None = None


def compared(
    before: CheckReport | None,
    after: CheckReport | None,
    *,
    touching: Collection[str] | None,
    far: Collection[str] = (),
    again: CheckReport | None = None,
) -> Difference | None:
    """Return the difference of two reports, None where one is not known whole.

    *touching* are the test files that touch the task's files, None where nobody knows: then each red test may.
    *far* are those that do not. A red test is excused where its id tells one of those, and none of *touching*.
    *again* is the report of a second run on the same files as *after*.
    """
    if before is None or after is None or not (before.whole and after.whole):
        return None
    red, was = set(after.failed), set(before.failed)
    second = set(again.failed) if again is not None and again.whole and again.ran == after.ran else red
    flaky = red ^ second
    both = [name for name in after.failed if name in was - flaky]
    by_near, by_far = FilesOfTests(touching or ()), FilesOfTests(far)
    mine = [name for name in both if touching is None or by_near.have(name) or not by_far.have(name)]
    return Difference(
        fixed=tuple(name for name in before.failed if name not in red | flaky),
        broke=tuple(name for name in after.failed if name not in was | flaky),
        still=tuple(mine),
        others=tuple(name for name in both if name not in mine),
        flaky=tuple(name for name in dict.fromkeys((*after.failed, *(again.failed if again else ()))) if name in flaky),
        ran=after.ran,
        ran_before=before.ran,
        uncovered=touching is not None and not touching,
    )


def broken_elsewhere(red: Sequence[str], again: CheckReport | None, before: CheckReport | None) -> tuple[str, ...]:
    """Return those of the tests *red* that are red *again* in a copy and were not *before*; none if unknown."""
    if again is None or before is None:
        return ()
    return tuple(name for name in red if name in again.failed and name not in before.failed)


def judged_check(
    command: str,
    exit_codes: tuple[int | None, int | None],
    report: CheckReport | None,
    before: CheckReport | None,
    difference: Difference | None,
    *,
    fewer_are_meant: bool,
    again: int | None = None,
) -> Judgement:
    """Return what a check by *command* comes to. *exit_codes* are those before the work and now.

    *again* is the exit code of a second run, where there was one. *fewer_are_meant*: the task asks for other tests, or
    to remove something; else no test may be missing.
    """
    code = exit_codes[1]
    if report is None or code is None:
        silent = "" if code is None else _fell_silent(command, before)
        return Judgement(held=False, why=silent) if silent else Judgement()
    ran, ran_before = report.ran, before.ran if before is not None and before.whole else None
    if ran == 0:
        was = f", {ran_before} before" if ran_before else ""
        return Judgement(held=False, why=f"no test was run{was}", difference=difference)
    if ran is not None and ran_before is not None and ran < ran_before and report.whole and not fewer_are_meant:
        why = f"{ran} tests were run, {ran_before} before"
        return Judgement(held=False, why=why, difference=difference)
    if difference is None:
        return Judgement()
    if difference.broke or difference.still:
        return Judgement(held=False, why=difference.words, difference=difference)
    same = exit_codes[0] == code or (bool(difference.flaky) and again is not None and again == exit_codes[0])
    explained = (difference.others or difference.flaky) and same and not _several(command)
    if code != 0 and explained:
        return Judgement(held=True, why=difference.words, difference=difference)
    return Judgement(difference=difference)


def _fell_silent(command: str, before: CheckReport | None) -> str:
    """Return that no test is reported any more, by the report *before* the work; empty where none was then either.

    Empty too where *command* does not name the runner: a script may print the report of red tests alone.
    """
    if before is None or before.runner in _SILENT_WHEN_GREEN or _several(command):
        return ""
    if before.runner.casefold() not in command.casefold():
        return ""
    was = before.ran or len(before.failed)
    return f"it reported no test, {was} before" if was else ""


def silent_since(
    before: CheckReport | None, report: CheckReport | None, exit_codes: tuple[int | None, int | None]
) -> str:
    """Return that a check reports no test any more, though it did when it was green; empty where that is not so.

    Its command may be a script or a target: whatever it runs, it tells what was green. *exit_codes* are those before
    the work and now.
    """
    if before is None or report is not None or before.failed or not before.ran or exit_codes != (0, 0):
        return ""
    return "" if before.runner in _SILENT_WHEN_GREEN else f"it reported no test, {before.ran} before"


def _several(command: str) -> bool:
    return bool(_SEVERAL.search(_GOES_TO.sub("", command, count=1)))


def _told(what: str, tests: Sequence[str]) -> str:
    names = some_of([shown(name, _LONGEST) for name in tests], _NAMED)
    return f"{what} {len(tests)}: {names}" if tests else f"{what} 0"
