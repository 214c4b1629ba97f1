"""What was spent on which day, in a file that processes share. Who reserves first has it; a crash gives nothing back.

A row is a reservation until it is settled with what the step really cost. Days are UTC. No row says whose it was: the
column `thread` is empty, as older versions wrote names into it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from profile_router.core.ladder.spending import over
from profile_router.ledger.schema import LEDGER_FILE, day_of, make_ready
from profile_router.state.database import compact, transaction
from profile_router.values import frozen


@frozen
class Held:
    """A reservation that is there already: its number, what it holds, and what was settled so far (0: nothing).

    `cut`: it holds less than it did, as others have taken what is left of the day meanwhile.
    """

    number: int
    reserved: float
    spent: float
    cut: bool = False


@frozen
class Ledger:
    """The ledger in the state folder *state*. `clock` tells seconds since 1970; amounts are USD."""

    state: Path
    clock: Callable[[], float]

    def reserve(
        self, usd: float, *, least: float, limit: float, profile: str, step: str, name: str
    ) -> tuple[int | None, float]:
        """Return the number of a new reservation, and its amount: *usd*, or what is left of the day's *limit*.

        None where that would be less than *least*: the amount is then what was spent or reserved before.
        It is found again under *name*, which no other attempt has.
        """
        with transaction(self.state / LEDGER_FILE, make_ready) as database:
            day = self._day()
            before = _sum(database, day)
            if over(before + least, limit):
                return None, before
            held = usd if not over(before + usd, limit) else max(least, limit - before)
            row = database.execute(
                "INSERT INTO spending (day, thread, profile, step, reserved) VALUES (?, '', ?, ?, ?)",
                (day, profile, step, held),
            )
            number = int(row.lastrowid or 0)
            database.execute("INSERT INTO reservations VALUES (?, ?)", (name, number))
            return number, held

    def taken_up(self, name: str, *, limit: float) -> Held | None:
        """Return the reservation that was made under *name*, open again, or None without one.

        Until it is settled it counts as what it holds, not as what it had spent. It holds what it held, or what the
        day's *limit* leaves for it beside the others, if that is less. It never holds less than it had spent.
        """
        with transaction(self.state / LEDGER_FILE, make_ready) as database:
            said = f"SELECT id, day, reserved, COALESCE(spent, 0), COALESCE(spent, reserved) {_NAMED} name = ?"
            row = database.execute(said, (name,)).fetchone()
            if row is None:
                return None
            number, day, reserved, spent, counted = row
            room = limit - (_sum(database, day) - counted) if day else reserved
            held = max(spent, min(reserved, room))
            database.execute("UPDATE spending SET reserved = ?, spent = NULL WHERE id = ?", (held, number))
        return Held(number=number, reserved=held, spent=spent, cut=held < reserved)

    def spent_by(self, run: str) -> float:
        """Return what the attempts of *run* have been settled with."""
        with transaction(self.state / LEDGER_FILE, make_ready) as database:
            said = f"SELECT COALESCE(SUM(spent), 0) {_NAMED} instr(name, ?) = 1"
            return float(database.execute(said, (f"{run}/",)).fetchone()[0])

    def grow(self, number: int, usd: float, *, limit: float) -> bool:
        """Raise reservation *number* to *usd*, and tell whether the day's *limit* has room for that."""
        with transaction(self.state / LEDGER_FILE, make_ready) as database:
            found = database.execute(
                "SELECT day, COALESCE(spent, reserved) FROM spending WHERE id = ?", (number,)
            ).fetchone()
            day, held = found or (self._day(), 0.0)
            if over(_sum(database, day) - held + usd, limit):
                return False
            database.execute("UPDATE spending SET reserved = ? WHERE id = ?", (usd, number))
            return True

    def settle(self, number: int, usd: float) -> None:
        """Put down what reservation *number* really cost."""
        with transaction(self.state / LEDGER_FILE, make_ready) as database:
            database.execute("UPDATE spending SET spent = ? WHERE id = ?", (usd, number))

    def forget_names(self) -> None:
        """Take out the names of threads that an older version wrote down, of the bytes too; amounts stay."""
        path = self.state / LEDGER_FILE
        if path.exists():
            with transaction(path, make_ready) as database:
                database.execute("UPDATE spending SET thread = '' WHERE thread <> ''")
            compact(path)

    def today(self) -> float:
        """Return what is spent or reserved today."""
        with transaction(self.state / LEDGER_FILE, make_ready) as database:
            return _sum(database, self._day())

    def _day(self) -> str:
        return day_of(self.clock())


_NAMED = "FROM reservations JOIN spending ON id = spending WHERE"


def _sum(database: Any, day: str) -> float:
    return float(
        database.execute(
            "SELECT COALESCE(SUM(COALESCE(spent, reserved)), 0) FROM spending WHERE day = ?", (day,)
        ).fetchone()[0]
    )
