"""The way of a proposal: outcomes propose it, a person reviews and replays it, the next report shows it."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest
from tests.api.forms import unlike
from tests.cli.command import call
from tests.ledger.many_runs import fill

from profile_router.policies.file import SHIPPED


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    fill(folder / "state", 400, now=time.time(), days=20)
    return folder


def test_a_proposal_taken_through_replay_shows_in_the_next_report(home: Path) -> None:
    proposed = call("calibrate", "--write", "new.yaml", home=home)
    assert proposed.code == 0, proposed.err
    assert "rules.small-change.below_lines: 200 → 130" in proposed.out
    assert "-    below_lines: 200\n+    below_lines: 130\n" in proposed.out
    assert call("policy", "check", "new.yaml", home=home).code == 0
    assert "proposal" not in call("report", home=home).out
    moved = call("replay", "--policy", "new.yaml", "--json", home=home)
    assert moved.code == 0, moved.err
    assert moved.json["later"] == ["early"]
    assert unlike("replay", moved.json) == []
    report = call("report", "--html", "report.html", "--json", home=home)
    said = report.json["answers"]["change"]["advice"][0]["said"]
    assert said.startswith(f"a proposal is at hand: new.yaml moves {len(moved.json['moved'])} of 400 tasks, costs ≈ $")
    assert said in (home / "report.html").read_text()
    assert str(home) not in report.out
    screen = " ".join(call("report", home=home).out.split())
    assert f"profile-router policy check {home / 'new.yaml'}" in screen
    (home / "same.yaml").write_bytes(SHIPPED.read_bytes() + b"# a comment\n")
    assert call("replay", "--policy", "same.yaml", home=home).code == 0
    assert "proposal" not in call("report", home=home).out  # it moves nothing: that is not a proposal
    assert call("replay", "--policy", "new.yaml", home=home).code == 0
    in_force = call("report", "--json", home=home, extra={"PROFILE_ROUTER_POLICY": str(home / "new.yaml")})
    assert in_force.json["replayed"] is None  # it is taken: no proposal any more


@pytest.mark.nightly
def test_the_difference_is_a_patch_that_gives_what_is_written(home: Path, tmp_path: Path) -> None:
    diff = call("calibrate", "--write", str(tmp_path / "new.yaml"), "--json", home=home).json["diff"]
    (tmp_path / "policy.yaml").write_bytes(SHIPPED.read_bytes())
    done = subprocess.run(
        ["patch", "policy.yaml"], input=diff, text=True, cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "policy.yaml").read_bytes() == (tmp_path / "new.yaml").read_bytes()


def test_too_few_outcomes_are_refused_with_how_many_are_missing(tmp_path: Path) -> None:
    fill(tmp_path / "state", 12, now=time.time(), days=2)
    done = call("calibrate", "--write", "new.yaml", home=tmp_path)
    assert done.code == 3
    told = call("calibrate", "--json", home=tmp_path).json
    assert unlike("calibrate", told) == []
    [weights] = [one["now"] for one in told["findings"] if one["place"] == "early.weights"]
    assert len(weights) > 3  # each by its name
    assert "refused: too few outcomes" in done.out
    assert "more outcomes are needed" in done.out
    assert not (tmp_path / "new.yaml").exists()
