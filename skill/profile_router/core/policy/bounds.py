"""The range that a number of the policy file may have."""

from __future__ import annotations


def bounded(minimum: float, maximum: float | None = None) -> dict[str, float | None]:
    """Describe the allowed range of a number, for the reader of the policy file."""
    return {"minimum": minimum, "maximum": maximum}
