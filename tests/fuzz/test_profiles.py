"""Whatever stands in a profile's files: a profile comes of it, or one line; and a key is never in that line."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples
from tests.fuzz.mutations import octets, trees
from tests.profiles.home_on_disk import Home

from profile_router.core.profile import Profile
from profile_router.errors import ProfileError
from profile_router.profiles.agreement import agreed, may_read, record_path
from profile_router.profiles.pools import pool_size

SHIPPED = Path(__file__).parents[2] / "profiles"
CONFIGS = {name: (SHIPPED / name / "config.yaml").read_bytes() for name in ("coding-local", "coding-burst")}
KEY = "sk-or-v1-0a1b2c3d4e5f60718293a4b5c6d7e8f9"
ENV = f"# keys\nOPENROUTER_API_KEY={KEY}\nexport OTHER='a b'\nMORE=\"x\\ny\" # why\n".encode()
AUTH: dict[str, Any] = {
    "version": 1,
    "credential_pool": {
        "openrouter": [
            {
                "id": "a1",
                "auth_type": "api_key",
                "priority": 0,
                "access_token": KEY,
                "base_url": "https://openrouter.ai/api/v1",
                "last_status": "exhausted",
                "last_error_reset_at": 1e9,
                "last_status_at": "2026-01-01T00:00:00Z",
                "last_error_code": 402,
            },
            {"auth_type": "oauth", "access_token": KEY, "last_status": "ok"},
        ]
    },
}
AGREED = {"version": 1, "agreed": {"openrouter": ["p"]}}


def is_one_line(error: ProfileError) -> None:
    assert str(error).isprintable()
    assert len(str(error)) < 1_200
    assert KEY[9:] not in str(error)


def loaded(config: bytes, env: bytes = ENV, auth: bytes = b"{}", record: bytes = b"{}") -> Profile | None:
    """Return the profile, None where it was refused as it must be."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder, "hermes"))
        home.write("p", config, env)
        (home.root / "auth.json").write_bytes(auth)
        place = record_path(home.root)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(record)
        try:
            profile = home.load()
        except ProfileError as error:
            is_one_line(error)
            return None
        agreed(home.root)
        may_read(profile, home.root)
        pool_size(home.root, profile.endpoint.provider)
        assert KEY[9:] not in repr(profile)
        return profile


@pytest.mark.parametrize("name", CONFIGS)
@examples(60)
@given(data=st.data())
def test_a_damaged_config_is_a_profile_or_a_refusal(name: str, data: st.DataObject) -> None:
    tree = trees(yaml.safe_load(CONFIGS[name])).map(lambda found: yaml.safe_dump(found, sort_keys=False).encode())
    loaded(data.draw(st.one_of(octets(CONFIGS[name]), tree)))


@examples(80)
@given(octets(ENV))
def test_a_damaged_env_is_a_profile_or_a_refusal_without_its_key(env: bytes) -> None:
    loaded(CONFIGS["coding-burst"], env)


@examples(100)
@given(
    auth=st.one_of(octets(json.dumps(AUTH).encode()), trees(AUTH).map(lambda tree: json.dumps(tree).encode())),
    record=st.one_of(st.just(json.dumps(AGREED).encode()), octets(json.dumps(AGREED).encode())),
)
def test_whatever_stands_in_the_credential_pool_the_profile_loads(auth: bytes, record: bytes) -> None:
    assert loaded(CONFIGS["coding-burst"], b"", auth, record) is not None
