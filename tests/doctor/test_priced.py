"""The doctor prices a profile as a run does."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from tests.fakes import CHEAP, a_policy, a_profile

from profile_router.core.profile import Profile
from profile_router.core.routing.rate import rate_at
from profile_router.doctor.facts import doctor_subject
from profile_router.prices.book import PriceBook
from profile_router.profiles.home import HermesHome
from profile_router.runs.setup import _candidate


class OneProfile:
    """A home that has one profile under any name."""

    root = None

    def __init__(self, profile: Profile) -> None:
        self.load = lambda name, asked_by="": profile


@pytest.mark.parametrize(
    "url", ["https://no-such-provider.example/v1", "https://openrouter.ai/api/v1"], ids=["host", "model"]
)
def test_a_model_that_the_table_does_not_know_costs_the_highest_figure(url: str, tmp_path: Path) -> None:
    profile, policy = a_profile(url, name=CHEAP, model="no-such-model", provider="openrouter"), a_policy()
    book = PriceBook(folder=tmp_path, looks_up=True)
    rate = doctor_subject("cheap", CHEAP, cast("HermesHome", OneProfile(profile)), policy, book).rate
    assert rate == rate_at(_candidate(profile, book, {}), 0, policy)
    assert rate.source == "highest"
