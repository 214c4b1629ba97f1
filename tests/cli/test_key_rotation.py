"""A profile with several keys: after a refusal the next one is asked, but none that rests. None is ever shown."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.cli.command import Done, call
from tests.cli.stage import profile, workspace
from tests.examples import by_night
from tests.scripted_provider import CHAT, Answer, ScriptedProvider, fail, say

KEYS = ("sk-canary-one-51f0", "sk-canary-two-9ab2")
LIMITED = Answer(status=429, body={"error": {"message": "slow down"}}, headers={"Retry-After": "3600"})


class Stage:
    """A local and a burst server. The burst profile has its first key in its .env, the second in its own pool."""

    def __init__(self, folder: Path, local: ScriptedProvider, burst: ScriptedProvider) -> None:
        self.folder, self.burst = folder, burst
        self.cwd = workspace(folder / "ws", {"a.py": "a = 1\n"})
        profile(folder, "coding-local", local.base_url)
        profile(folder, "coding-burst", burst.base_url, extra="  api_key: ${K}\n", env=f"K={KEYS[0]}\n")
        self.pool({"access_token": KEYS[1], "label": "two"})

    def pool(self, *entries: dict[str, Any]) -> None:
        place = {"auth_type": "api_key", "base_url": self.burst.base_url}
        pool = {"custom:burst": [{**place, **entry} for entry in entries]}
        path = self.folder / "hermes" / "profiles" / "coding-burst" / "auth.json"
        path.write_text(json.dumps({"version": 1, "credential_pool": pool}))

    def run(self, *more: str) -> Done:
        done = call("run", "do it", "--files-to-edit", "60", "--json", *more, home=self.folder, cwd=self.cwd)
        files = [path.read_bytes() for path in (self.folder / "state").rglob("*") if path.is_file()]
        assert not any(key.encode() in text for key in KEYS for text in (done.out.encode(), done.err.encode(), *files))
        return done

    @property
    def asked_with(self) -> list[str]:
        return [request.headers["authorization"].removeprefix("Bearer ") for request in self.burst.to(CHAT)]


def steps(done: Done) -> list[tuple[str, str, str]]:
    return [(receipt["profile"], receipt["step"], receipt["outcome"]) for receipt in done.json["attempts"]]


def servers(answers: Sequence[Answer]) -> ScriptedProvider:
    return ScriptedProvider(answers=list(answers), models=("scripted",))


@pytest.mark.parametrize("refusal", [by_night(fail(401)), by_night(fail(402)), by_night(fail(403)), LIMITED])
def test_the_next_key_of_the_server_is_asked_and_the_next_run_remembers_the_first(
    refusal: Answer, tmp_path: Path
) -> None:
    with servers([]) as local, servers([refusal, say("done"), say("again")]) as burst:
        stage = Stage(tmp_path, local, burst)
        first, second = stage.run(), stage.run()
        asked = stage.asked_with
    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert asked == [KEYS[0], KEYS[1], KEYS[1]]
    assert steps(first) == [("coding-burst", "route", "failed"), ("coding-burst", "next-key", "ok")]
    assert "coding-burst by custom#two, once" in "".join(first.json["steps"])
    assert steps(second) == [("coding-burst", "route", "unavailable"), ("coding-burst", "next-key", "ok")]


def test_with_every_key_used_up_the_local_profile_does_it(tmp_path: Path) -> None:
    with servers([say("done here")]) as local, servers([fail(402), fail(402)]) as burst:
        stage = Stage(tmp_path, local, burst)
        done = stage.run()
        asked = stage.asked_with
    assert done.code == 0, done.err
    assert asked == list(KEYS)
    assert [step for _, step, _ in steps(done)] == ["route", "next-key", "fallback"]


def test_a_key_that_rests_by_hermes_account_is_not_asked_with(tmp_path: Path) -> None:
    with servers([]) as local, servers([say("done")]) as burst:
        stage = Stage(tmp_path, local, burst)
        rest = {"last_status": "exhausted", "last_status_at": time.time(), "last_error_code": 402}
        stage.pool({"access_token": KEYS[0], **rest}, {"access_token": KEYS[1], "label": "two"})
        done = stage.run()
        asked = {request.headers.get("authorization") for request in burst.requests}
    assert done.code == 0, done.err
    assert steps(done) == [("coding-burst", "route", "ok")]
    assert asked == {f"Bearer {KEYS[1]}"}


def test_where_all_rest_nobody_is_asked_and_the_time_left_is_said(tmp_path: Path) -> None:
    with servers([say("done here")]) as local, servers([]) as burst:
        stage = Stage(tmp_path, local, burst)
        rest = {"last_status": "exhausted", "last_status_at": time.time(), "last_error_code": 402}
        stage.pool(*({"access_token": key, "label": f"n{n}", **rest} for n, key in enumerate(KEYS)))
        done = stage.run()
        asked = stage.asked_with
    assert (done.code, asked) == (0, [])
    assert steps(done)[-1] == ("coding-local", "fallback", "ok")
    assert "min" in done.json["attempts"][0]["error"]
    assert "by Hermes' auth.json" in done.json["attempts"][0]["error"]


def test_a_private_task_meets_no_key_of_a_cloud(tmp_path: Path) -> None:
    with servers([fail(402)]) as local, servers([]) as burst:
        stage = Stage(tmp_path, local, burst)
        done = stage.run("--local-only")
        assert burst.requests == []
    assert done.code == 1
    assert [name for name, _, _ in steps(done)] == ["coding-local"]


def test_profiles_and_doctor_tell_how_many_keys_there_are_and_none_of_them(tmp_path: Path) -> None:
    with servers([]) as local, servers([]) as burst:
        Stage(tmp_path, local, burst)
        said = call("profiles", home=tmp_path)
        rows = call("profiles", "--json", home=tmp_path).json["profiles"]
        doctor = call("doctor", home=tmp_path)
    assert " · 2 keys" in said.out
    assert {row["name"]: row.get("keys") for row in rows}["coding-burst"] == 2
    assert "coding-burst pool" in doctor.out
    assert not any(key in text for key in KEYS for text in (said.out, doctor.out, doctor.err, json.dumps(rows)))
