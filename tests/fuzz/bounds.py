"""How much is fuzzed: a fixed seed and a small bound in the normal run, more and by chance where it is asked for.

`PROFILE_ROUTER_FUZZ=50 python -m pytest tests/fuzz` tries fifty times as many examples, other ones each time.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, settings

TIMES = max(1, int(os.environ.get("PROFILE_ROUTER_FUZZ", "1")))


def examples(number: int, *, shrunk: bool = True) -> Callable[[Any], Any]:
    """Decorate a Hypothesis test: *number* examples, always the same ones unless more are asked for.

    What is slow is not *shrunk*: an example that fails is shown as it was found.
    """
    return settings(
        max_examples=number * TIMES,
        derandomize=TIMES == 1,
        phases=[Phase.explicit, Phase.reuse, Phase.generate, *([Phase.shrink] if shrunk else [])],
        deadline=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
