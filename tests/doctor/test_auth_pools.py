"""Hermes' pools of keys: which rest, and for how long. The rules are those of Hermes 0.19."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.doctor.scene import NOW, Row, Scene, ids
from tests.examples import examples
from tests.fakes import BURST

from profile_router.doctor import keys
from profile_router.doctor.finding import Level
from profile_router.profiles.pools import POOLS_FILE

FRESH: dict[str, Any] = {"last_status": None}


def spent(code: int = 429, ago: float = 60.0, **more: Any) -> dict[str, Any]:
    return {"last_status": "exhausted", "last_error_code": code, "last_status_at": NOW - ago, **more}


def pool(*entries: dict[str, Any], **where: Any) -> Callable[[Scene], None]:
    return lambda scene: scene.pool(*entries, **where)


def own_hides_the_homes(scene: Scene) -> None:
    scene.pool(FRESH)
    scene.pool(spent(), profile=BURST)
    scene.pool(FRESH, profile="review-cheap")


def garbage(scene: Scene) -> None:
    (scene.home.root / "auth.json").write_text('{"credential_pool": {"openrouter": [1, ')


def row(rule: str, given: Callable[[Scene], object], level: Level | None, says: str = "", fix: str = "") -> Row:
    return Row(rule=rule, check=keys.pools, given=given, level=level, says=says, fix=fix)


ROWS = [
    row("a pool without a cooldown is fine", pool(FRESH, FRESH), "pass", "openrouter: 2 keys, none on cooldown"),
    row("without a pool there is nothing to say", lambda scene: None, None),
    row("another provider's pool is nothing", pool(spent(), provider="anthropic"), None),
    row(
        "all keys at rest fail, with the time left",
        pool(spent(), spent(ago=600)),
        "fail",
        "2 of 2 on cooldown after 429, the first for 50 min 00 s more",
        f"hermes -p {BURST} auth reset openrouter",
    ),
    row(
        "some keys at rest are a warning",
        pool(FRESH, spent()),
        "warn",
        "1 of 2 on cooldown after 429, the first for 59 min 00 s more",
    ),
    row("a 401 rests for five minutes", pool(spent(401)), "fail", "after 401, the first for 4 min 00 s more"),
    row("a 402 rests for an hour", pool(spent(402)), "fail", "for 59 min 00 s more"),
    row("a rest that is over counts no more", pool(spent(ago=3_601)), "pass", "none on cooldown"),
    row(
        "the server's own moment comes first",
        pool(spent(last_error_reset_at=NOW + 7_260)),
        "fail",
        "for 2 h 01 min more",
    ),
    row(
        "a moment in milliseconds is understood",
        pool(spent(last_error_reset_at=(NOW + 120) * 1_000)),
        "fail",
        "for 2 min 00 s",
    ),
    row(
        "a moment as a date is understood",
        pool(spent(last_error_reset_at=datetime.fromtimestamp(NOW + 90, UTC).isoformat())),
        "fail",
        "for 1 min 30 s",
    ),
    row("a dead key does not come back", pool({"last_status": "dead"}), "fail", "do not come back"),
    row(
        "a profile's own entries hide the home's",
        own_hides_the_homes,
        "fail",
        f"{BURST} pool  openrouter: 1 of 1 on cooldown",
    ),
    row("a broken auth.json lists nothing", garbage, None),
    Row(rule="a broken auth.json fails", check=keys.damaged, given=garbage, level="fail", says="is damaged", fix="mv "),
    Row(rule="a whole auth.json is nothing", check=keys.damaged, given=pool(FRESH), level=None),
]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ('{"credential_pool": {"openrouter": [1, ', "it is not whole JSON"),
        ("", "it is empty"),
        ("null", "it is empty"),
        ("[]", "its credential_pool is not an object"),
        ('{"credential_pool": []}', "its credential_pool is not an object"),
        (b"\xff\xfe{", "it is not whole JSON"),
        ('{"version": 1}', ""),
        ('{"credential_pool": {}}', ""),
    ],
)
@pytest.mark.parametrize("profile", [BURST, None])
def test_a_damaged_auth_json_is_told_apart_from_a_logout(
    content: str | bytes, why: str, profile: str | None, tmp_path: Path
) -> None:
    scene = Scene(tmp_path)
    folder = scene.home.root / "profiles" / profile if profile else scene.home.root
    (folder / POOLS_FILE).write_bytes(content if isinstance(content, bytes) else content.encode())
    found = list(keys.damaged(scene.facts()))
    assert [line.level for line in found] == (["fail"] if why else [])
    for line in found:
        assert f"{folder / POOLS_FILE} is damaged ({why})" in line.measured
        assert line.fix.endswith(f"hermes -p {BURST} auth add openrouter" if profile else "hermes auth add PROVIDER")
        assert f"mv {folder / POOLS_FILE} " in line.fix
    facts = scene.facts()
    loaded = {subject.name: one for subject, one in facts.loaded()}[BURST]
    assert bool(loaded.pool_damage) is bool(why)


@pytest.mark.parametrize("row", ROWS, ids=ids(ROWS))
def test_a_pool_tells_which_keys_rest(row: Row, tmp_path: Path) -> None:
    assert row.holds(tmp_path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8), st.lists, max_leaves=4
)


@examples(60)
@given(
    entry=st.fixed_dictionaries(
        {},
        optional={
            name: JSON | st.just("exhausted")
            for name in ("last_status", "last_status_at", "last_error_code", "last_error_reset_at")
        },
    )
)
def test_no_entry_breaks_it(entry: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    scene = Scene(tmp_path_factory.mktemp("pool"))
    scene.pool(json.loads(json.dumps(entry)))
    assert all(line.level in {"pass", "fail"} for line in keys.pools(scene.facts()))
