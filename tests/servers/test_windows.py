"""`route` is offline: it takes what a server said within the last day, else the profile's figure, and says which."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from profile_router.core.profile import Profile, ProviderEndpoint
from profile_router.servers.windows import known_windows, remember_window

DAY = 86_400.0


def profile(window: int | None, base_url: str = "http://127.0.0.1:8080/v1") -> Profile:
    return Profile(name="p", endpoint=ProviderEndpoint(provider="custom", base_url=base_url, model="m"), window=window)


def known(found: Profile, state: Path, now: float = 1_000.0) -> tuple[int, str]:
    (window,) = known_windows((found,), state, now=now, max_age_s=DAY)
    return window.tokens, window.source


def test_a_measurement_of_the_last_day_wins_over_the_profile(tmp_path: Path) -> None:
    remember_window(profile(8_192), 2_048, tmp_path, now=0.0)
    assert known(profile(8_192), tmp_path, now=DAY) == (2_048, "measured")
    assert known(profile(8_192), tmp_path, now=DAY + 1) == (8_192, "config")


@pytest.mark.parametrize(("stated", "told"), [(1_536, 1_536), (None, 0)])
def test_what_the_profile_asks_for_as_an_answer_goes_along_however_the_window_is_known(
    tmp_path: Path, stated: int | None, told: int
) -> None:
    remember_window(profile(8_192), 2_048, tmp_path, now=0.0)
    profiles = [replace(one, max_tokens=stated) for one in (profile(8_192), profile(4_096, "http://x/v1"))]
    unstated = replace(profile(None, "http://y/v1"), max_tokens=stated)
    found = known_windows((*profiles, unstated), tmp_path, now=1.0, max_age_s=DAY)
    assert [(one.source, one.reply) for one in found] == [("measured", told), ("config", told), ("assumed", told)]


def test_a_measurement_from_the_future_does_not_count(tmp_path: Path) -> None:
    remember_window(profile(8_192), 2_048, tmp_path, now=2_000.0)
    assert known(profile(8_192), tmp_path, now=1_000.0) == (8_192, "config")


def test_another_model_or_address_was_not_measured(tmp_path: Path) -> None:
    remember_window(profile(8_192), 2_048, tmp_path, now=0.0)
    assert known(profile(8_192, "http://127.0.0.1:9999/v1"), tmp_path) == (8_192, "config")


@pytest.mark.parametrize(("base_url", "tokens"), [("http://127.0.0.1:1/v1", 8_192), ("https://x.example/v1", 128_000)])
def test_an_unstated_window_is_assumed_and_said_so(tmp_path: Path, base_url: str, tokens: int) -> None:
    assert known(profile(None, base_url), tmp_path) == (tokens, "assumed")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"http://127.0.0.1:8080/v1 m": 3}', '{"http://127.0.0.1:8080/v1 m": {"tokens": true, "at": 0}}'],
)
def test_a_damaged_memory_counts_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "windows.json").write_text(text)
    assert known(profile(8_192), tmp_path) == (8_192, "config")


def test_the_memory_is_readable_by_its_owner_only_and_holds_no_key(tmp_path: Path) -> None:
    remember_window(profile(8_192), 2_048, tmp_path / "new", now=0.0)
    path = tmp_path / "new" / "windows.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text()) == {"http://127.0.0.1:8080/v1 m": {"at": 0.0, "tokens": 2_048}}


def test_a_folder_that_cannot_be_written_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    remember_window(profile(8_192), 2_048, tmp_path / "file", now=0.0)
