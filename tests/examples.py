"""How many examples a property gets: a share of the profile's number (see conftest.py), so that one place decides."""

from __future__ import annotations

from hypothesis import Phase, settings


def examples(share: int, *, shrunk: bool = True) -> settings:
    """Decorate a Hypothesis test: *share* examples for each 100 of the profile, at least 2.

    What is slow is not *shrunk*: an example that fails is shown as it was found.
    """
    phases = [Phase.explicit, Phase.reuse, Phase.generate, *([Phase.shrink] if shrunk else [])]
    profile = settings.get_profile(settings.get_current_profile_name())
    return settings(max_examples=max(2, profile.max_examples * share // 100), phases=phases)
