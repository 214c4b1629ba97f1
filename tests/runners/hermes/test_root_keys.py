"""A Hermes child sees the root's credential pool only where the user has agreed and the profile has no key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.examples import by_night
from tests.fakes import LOCAL
from tests.runners.hermes.stage import Stage
from tests.scripted_provider import CHAT, ScriptedProvider, say

from profile_router.profiles.agreement import agreement_bytes, record_path

OWN, ROOT = "sk-or-own-0123456789abcdef", "sk-or-root-0123456789abcdef"


def sent(stage: Stage, *, own: str, agreed: bool) -> list[str]:
    """Run an errand under a profile of the provider `openai-api`; return the keys that its server was shown."""
    with ScriptedProvider([say("done")] * 4) as server:
        place = server.base_url
        model = {"provider": "openai-api", "base_url": place, "default": "m", "context_length": 65_536}
        stage.profile(place, LOCAL, model=model)
        (stage.root / "profiles" / LOCAL / ".env").write_text(f"OPENAI_API_KEY={own}\nOPENAI_BASE_URL={place}\n")
        entry = {"id": "1", "label": "k", "auth_type": "api_key", "priority": 0, "source": "manual"}
        pool = {"openai-api": [{**entry, "access_token": ROOT, "base_url": place}]}
        (stage.root / "auth.json").write_text(json.dumps({"version": 1, "providers": {}, "credential_pool": pool}))
        if agreed:
            record_path(stage.root).parent.mkdir()
            record_path(stage.root).write_bytes(agreement_bytes({"openai-api": (LOCAL,)}))
        stage.run()
        return [request.headers["authorization"].removeprefix("Bearer ") for request in server.to(CHAT)]


@pytest.mark.parametrize(
    ("own", "agreed", "key"),
    [by_night(OWN, False, OWN), by_night(OWN, True, OWN), by_night("", True, ROOT), ("", False, None)],
)
def test_the_roots_key_goes_out_only_where_it_was_agreed_on_and_no_other_is_there(
    own: str, agreed: bool, key: str | None, stage: Stage
) -> None:
    assert set(sent(stage, own=own, agreed=agreed)) == ({key} if key else set())
    written = [path for path in stage.root.rglob("*") if path.is_file() and ROOT.encode() in path.read_bytes()]
    assert [path.relative_to(stage.root) for path in written] == [Path("auth.json")]


def test_the_child_uses_the_key_that_was_routed_to_and_no_other_of_the_pool(stage: Stage) -> None:
    with ScriptedProvider([say("done")] * 2, models=("m",)) as server:
        place = server.base_url
        model = {"provider": "openai-api", "base_url": place, "default": "m", "context_length": 65_536}
        stage.profile(place, LOCAL, model=model)
        folder = stage.root / "profiles" / LOCAL
        (folder / ".env").write_text(f"OPENAI_API_KEY={OWN}\nOPENAI_BASE_URL={place}\n")
        entry = {"id": "1", "label": "k", "auth_type": "api_key", "priority": 0, "source": "manual"}
        pool = {"openai-api": [{**entry, "access_token": ROOT, "base_url": place}]}
        (folder / "auth.json").write_text(json.dumps({"version": 1, "providers": {}, "credential_pool": pool}))
        attempt = stage.run()
        shown = {request.headers["authorization"].removeprefix("Bearer ") for request in server.to(CHAT)}
    assert (attempt.failure, shown) == (None, {OWN})
