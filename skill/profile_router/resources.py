"""Where the files that ship with the program lie: beside the source in a checkout, else in the installed package."""

from __future__ import annotations

from pathlib import Path

from profile_router.errors import DataError

# Of a clone, never of a name: the program is published in no package index.
AGAIN = "install it again from a clone of the repository: `pipx install --force CLONE`"
_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parents[1]
_INSTALLED = _PACKAGE / "shipped"  # where a wheel has them: apart from our own packages, which have such names too


def checkout() -> Path | None:
    """Return the clone that this program runs from, None where it is installed. A checkout is where SKILL.md is."""
    return _CHECKOUT if (_CHECKOUT / "SKILL.md").is_file() else None


def shipped(name: str) -> Path:
    """Return the folder *name* (`prompts` or `profiles`) that ships with the program: in a checkout it lies at the top.

    Raises DataError where neither place has it.
    """
    for root in (checkout() or _INSTALLED, _INSTALLED):
        if (root / name).is_dir():
            return root / name
    raise DataError(f"the folder '{name}' is missing from {_INSTALLED}: {AGAIN}")


def data(name: str) -> Path:
    """Return the data file *name*, for example the tokenizer's rank file."""
    path = Path(__file__).resolve().parent / "data" / name
    if not path.is_file():
        raise DataError(f"the data file '{name}' is missing from {path.parent}: {AGAIN}")
    return path
