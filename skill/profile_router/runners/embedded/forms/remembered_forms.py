"""Which models write their tool calls as text, kept between runs: the next one begins in a form that works."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Protocol

from profile_router.core.profile import Profile
from profile_router.errors import StateError
from profile_router.servers.speeds import model_key
from profile_router.state.json_files import read_state_json, write_state_json
from profile_router.values import frozen

_FILE = "tool-forms.json"
_MOST = 200  # entries


class FormMemory(Protocol):
    """Remembers, by model and endpoint, who writes calls as text."""

    def writes_calls(self, profile: Profile) -> bool:
        """Tell whether the model of *profile*, at its endpoint, wrote its calls as text."""
        ...

    def keep(self, profile: Profile) -> None:
        """Note that the model of *profile* writes calls as text."""
        ...


@frozen(kw_only=False)
class FormsOfThisRun:
    """A memory that ends with the process."""

    _known: set[str] = field(default_factory=set)

    def writes_calls(self, profile: Profile) -> bool:
        """Tell whether the model of *profile*, at its endpoint, wrote its calls as text."""
        return model_key(profile.endpoint) in self._known

    def keep(self, profile: Profile) -> None:
        """Note that the model of *profile* writes calls as text."""
        self._known.add(model_key(profile.endpoint))


@frozen
class RememberedForms:
    """A memory in the folder *state*. `clock` tells seconds since 1970; what is older than `max_age_s` is forgotten."""

    state: Path
    max_age_s: float
    clock: Callable[[], float]

    def writes_calls(self, profile: Profile) -> bool:
        """Tell whether the model of *profile*, at its endpoint, wrote its calls as text."""
        at = self._read().get(model_key(profile.endpoint))
        return at is not None and 0 <= self.clock() - at <= self.max_age_s

    def keep(self, profile: Profile) -> None:
        """Note that the model of *profile* writes calls as text.

        A full disk is not a reason to fail: the next run finds it out again.
        """
        known = {**self._read(), model_key(profile.endpoint): self.clock()}
        newest = sorted(known, key=known.__getitem__, reverse=True)[:_MOST]
        try:
            write_state_json(self.state / _FILE, {key: known[key] for key in newest})
        except StateError:
            return

    def _read(self) -> Mapping[str, float]:
        """Return what is remembered; a damaged file counts as nothing."""
        found = read_state_json(self.state / _FILE)
        return {key: float(at) for key, at in found.items() if isinstance(at, int | float) and at is not True}
