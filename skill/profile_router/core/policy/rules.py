"""The rules that decide, one class per rule, and what each reads of the policy file."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from profile_router.values import frozen

SizeClass = Literal["small", "medium", "large"]
Tier = Literal["cheap", "local", "burst"]
TIERS: tuple[Tier, ...] = ("cheap", "local", "burst")


def bounded(minimum: float, maximum: float | None = None) -> dict[str, float | None]:
    """Describe the allowed range of a number, for the reader of the policy file."""
    return {"minimum": minimum, "maximum": maximum}


@frozen
class PrivateRule:
    """Fires on a label or a finding. `paths` are globs whose files stay on this machine."""

    id: Literal["private"]
    route: Literal["local"]
    paths: tuple[str, ...]


@frozen
class VisionRule:
    """Fires on any image."""

    id: Literal["vision"]
    route: Tier


@frozen
class KindsRule:
    """Fires when one of `kinds` is the act asked for."""

    id: Literal["security-or-api-design"]
    route: Tier
    kinds: tuple[str, ...]


@frozen
class Refactor:
    """When a refactor counts as a large change: any one of these.

    `scope_objects` count where they are what is to be refactored, `scope_words` wherever the task uses them.
    """

    files: int = field(metadata=bounded(1))
    lines: int = field(metadata=bounded(1))
    scope_words: tuple[str, ...]
    scope_objects: tuple[str, ...] = ()


@frozen
class LargeChangeRule:
    """Fires above `above_files` files, on one of `kinds`, or on a large refactor."""

    id: Literal["large-change"]
    route: Tier
    above_files: int = field(metadata=bounded(1))
    kinds: tuple[str, ...]
    refactor: Refactor


@frozen
class LightRule:
    """Fires on light `kinds` of work that stay small and fit the profile's window."""

    id: Literal["lint-or-summarize"]
    route: Tier
    kinds: tuple[str, ...]
    below_lines: int = field(metadata=bounded(1))
    up_to_files: int = field(metadata=bounded(1))


@frozen
class LongContextRule:
    """Fires above `above_tokens` prompt tokens, `above_chars` characters, or what the local window really holds."""

    id: Literal["long-context"]
    route: Tier
    above_tokens: int = field(metadata=bounded(1))
    above_chars: int = field(metadata=bounded(1))


@frozen
class SmallChangeRule:
    """Fires below both limits, and where nothing is a sign that the task is large.

    Where no size is known, the repository may be such a sign. A class of `unless_like`, or files as central as
    `below_centrality`, leave the task to the next rule.
    """

    id: Literal["small-change"]
    route: Tier
    below_files: int = field(metadata=bounded(1))
    below_lines: int = field(metadata=bounded(1))
    unless_like: tuple[SizeClass, ...] = ("large",)
    below_centrality: float = field(default=1.01, metadata=bounded(0, 2))


@frozen
class BorderlineRule:
    """Fires on all that is left: known evidence in the band. The probe decides between `route` and `if_complex`."""

    id: Literal["borderline"]
    route: Tier
    if_complex: Tier


Rule = (
    PrivateRule
    | VisionRule
    | KindsRule
    | LargeChangeRule
    | LightRule
    | LongContextRule
    | SmallChangeRule
    | BorderlineRule
)
