"""A 429 of one model at its own provider rests that model alone: the other tier keeps its key."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.command import call
from tests.cli.stage import profile, workspace
from tests.scripted_provider import CHAT, ScriptedProvider, fail, say

KEY = "sk-or-canary-81c2"
UPSTREAM = fail(
    429,
    "Provider returned error",
    metadata={"raw": "strong is temporarily rate-limited upstream", "provider_name": "Nebius", "headers": {}},
)
ACCOUNT = fail(429, "Rate limit exceeded: requests-per-minute", metadata={"provider_name": None, "headers": {}})


def _records(folder: Path) -> dict[str, dict[str, object]]:
    found = json.loads(call("health", "--json", home=folder).out)["records"]
    return {record["name"].partition(" ")[0]: record for record in found}


def test_the_other_tier_with_the_same_key_stays_usable(tmp_path: Path) -> None:
    cwd = workspace(tmp_path / "ws", {"a.py": "a = 1\n"})
    with (
        ScriptedProvider([say("done"), say("done")], models=("scripted",)) as local,
        ScriptedProvider([UPSTREAM, say("done")], models=("strong", "cheap")) as cloud,
    ):
        profile(tmp_path, "coding-local", local.base_url)
        for name, model in (("coding-burst", "strong"), ("review-cheap", "cheap")):
            keyed = {"extra": "  api_key: ${K}\n", "env": f"K={KEY}\n"}
            profile(tmp_path, name, cloud.base_url, model=model, **keyed)
        asked = ("run", "do it", "--json", "--profile")
        limited = call(*asked, "coding-burst", home=tmp_path, cwd=cwd)
        other = call(*asked, "review-cheap", home=tmp_path, cwd=cwd)
        again = call(*asked, "coding-burst", home=tmp_path, cwd=cwd)
        models = [request.body["model"] for request in cloud.to(CHAT)]
    assert limited.json["attempts"][0]["outcome"] == "failed"
    assert "the model is rate limited by its provider" in limited.json["steps"][0]
    assert [one["outcome"] for one in other.json["attempts"]] == ["ok"]
    assert again.json["attempts"][0]["outcome"] == "unavailable"
    assert models == ["strong", "cheap"]
    [(kind, record)] = _records(tmp_path).items()
    assert (kind, record["cause"], record["failures"]) == ("server", "model-limited", 1)
    assert str(record["name"]).endswith(" strong")
    assert 30 < float(str(record["blocked_seconds"])) <= 60
    assert call("health", "--reset", " strong", home=tmp_path).out == "1 record forgotten\n"
    assert _records(tmp_path) == {}


def test_a_limit_of_the_account_rests_the_key_for_a_minute(tmp_path: Path) -> None:
    cwd = workspace(tmp_path / "ws", {"a.py": "a = 1\n"})
    with ScriptedProvider([say("done")]) as local, ScriptedProvider([ACCOUNT], models=("strong",)) as cloud:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", cloud.base_url, model="strong", extra="  api_key: ${K}\n", env=f"K={KEY}\n")
        call("run", "do it", "--json", "--profile", "coding-burst", home=tmp_path, cwd=cwd)
    record = _records(tmp_path)["key"]
    assert record["cause"] == "rate-limited"
    assert 30 < float(str(record["blocked_seconds"])) <= 60
