"""How much of many cases is met with each change, and how much by night.

Of a property it is a share of its profile's examples (conftest.py), of a table each *nth* row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import Phase, settings


def examples(share: int, *, shrunk: bool = True) -> settings:
    """Decorate a Hypothesis test: *share* examples for each 100 of the profile, at least 2.

    What is slow is not *shrunk*: an example that fails is shown as it was found.
    """
    phases = [Phase.explicit, Phase.reuse, Phase.generate, *([Phase.shrink] if shrunk else [])]
    profile = settings.get_profile(settings.get_current_profile_name())
    return settings(max_examples=max(2, profile.max_examples * share // 100), phases=phases)


def each(nth: int, rows: Iterable[Any], name: Callable[[Any], str]) -> list[Any]:
    """Return *rows* as parameters, each *nth* for each change and the others for the night; *name* tells them apart."""
    return [
        by_night(row, name=name(row)) if number % nth else pytest.param(row, id=name(row))
        for number, row in enumerate(rows)
    ]


def by_night(*values: Any, name: str | None = None) -> Any:
    """Return parameters that are met with `--nightly` only."""
    return pytest.param(*values, id=name, marks=pytest.mark.nightly)
