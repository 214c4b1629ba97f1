"""Which tests an attempt took away: by what its test files define before the work and after. Pure.

A test counts with its cases, if it does anything and is not switched off. It may move to another file, and go on under
another name: then as many are there as before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from profile_router.core.text import counted, shown, some_of
from profile_router.values import frozen

_NAMED = 3
_LONGEST = 80


@frozen
class HeldTest:
    """A test as its file defines it.

    `cases` is how often it runs with other values; `many`: more often than the file tells. `checks` are its assertions
    on something that is not constant. `tests_code`: it does anything with the code. `off`: it is skipped, or may fail.
    """

    name: str
    cases: int = 1
    many: bool = False
    checks: int = 0
    tests_code: bool = True
    off: bool = False

    @property
    def counts(self) -> int:
        """Return how many tests it is."""
        return self.cases if self.tests_code and not self.off else 0


@frozen
class TakenTests:
    """Tests that are gone: `removed` counts those without a successor; `off` and `hollow` are the names of others.

    They were skipped or may fail since; or they check nothing any more. `files` are where they were. `uncompared` are
    files that are too large or too deep to be looked at.
    """

    removed: int = 0
    off: tuple[str, ...] = ()
    hollow: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    uncompared: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether any is gone."""
        return bool(self.removed or self.off or self.hollow)

    def words(self, put_back: Collection[str] = ()) -> str:
        """Return what was done to them, and whether all were put back: *put_back* are the files that were."""
        names = [some_of([shown(name, _LONGEST) for name in one], _NAMED) for one in (self.off, self.hollow)]
        done = (
            f"removed {counted(self.removed, 'test')}" if self.removed else "",
            f"switched off {names[0]}" if self.off else "",
            f"left {names[1]} without a check" if self.hollow else "",
        )
        back = "; what was there is put back" if set(self.files) <= set(put_back) else ""
        return f"it {' and '.join(filter(None, done))} in {some_of([shown(path) for path in self.files], _NAMED)}{back}"


_Held = Mapping[str, Sequence[HeldTest]]


def taken_tests(before: _Held, after: _Held) -> TakenTests:
    """Return which tests of the files *before* are gone in those *after*: both by path, and of the same files."""
    old, new = _by_name(before), _by_name(after)
    removed, off, hollow = dict[str, int](), list[str](), list[str]()
    for name, tests in old.items():
        now = new.get(name, ())
        lost = _count(tests) - _count(now)
        if _checks_nothing(tests, now):
            hollow.append(name)
        elif lost <= 0 or any(one.many for one in now):
            continue
        elif sum(one.off for one in now) > sum(one.off for one in tests):
            off.append(name)
        elif sum(not one.tests_code for one in now) > sum(not one.tests_code for one in tests):
            hollow.append(name)
        else:
            removed[name] = lost
    gained = sum(max(0, _count(tests) - _count(old.get(name, ()))) for name, tests in new.items())
    follows = any(one.many for name, tests in new.items() if name not in old for one in tests)
    left = 0 if follows else max(0, sum(removed.values()) - gained)
    gone = {*off, *hollow, *(removed if left else ())}
    files = tuple(path for path, tests in before.items() if any(one.name in gone for one in tests))
    return TakenTests(removed=left, off=tuple(off), hollow=tuple(hollow), files=files)


def _by_name(held: _Held) -> Mapping[str, Sequence[HeldTest]]:
    found: dict[str, list[HeldTest]] = defaultdict(list)
    for tests in held.values():
        for one in tests:
            found[one.name].append(one)
    return found


def _count(tests: Sequence[HeldTest]) -> int:
    return sum(one.counts for one in tests)


def _checks_nothing(tests: Sequence[HeldTest], now: Sequence[HeldTest]) -> bool:
    """Tell whether *tests* checked something and none of them does *now*, though they are still there."""
    return bool(now) and sum(one.checks for one in tests) > 0 and not any(one.checks or one.off for one in now)
