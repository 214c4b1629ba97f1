"""A check that the chat's model wants is a model's command: jailed, agreed to by a person, never replacing theirs."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from tests.cli.command import call
from tests.cli.stage import profile, workspace
from tests.cli.test_found_check import FILES, FIX, GOAL, Somebody, allow, policy
from tests.scripted_provider import ScriptedProvider, say

from profile_router.checks.consents import Consents
from profile_router.checks.proposed import proposed_check
from profile_router.core.found_check import FoundCheck
from profile_router.core.task import Task
from profile_router.runs.own_check.consent import settled
from profile_router.runs.route import quote
from profile_router.runs.setup import prepare

WANTED = "python3 -c 'import calc'"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A workspace with a check of its own."""
    return workspace(tmp_path / "ws", FILES)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    return workspace(tmp_path / "bare", {"calc.py": FILES["calc.py"]})


def taken(
    home: Path, root: Path, says: bool | None, *, check: str = "ask", wanted: str = WANTED
) -> tuple[FoundCheck, list[str]]:
    """Return the check that a task gets whose model wants *wanted*, and what somebody who *says* so was asked."""
    somebody = Somebody(says)
    environ = {"HOME": str(home), "PROFILE_ROUTER_STATE": str(home / "state")}
    setup = prepare(Task(goal=GOAL, workspace=str(root), proposed_check=wanted), policy(home, check), environ, root)
    found = asyncio.run(settled(setup.task, setup, somebody))
    assert found is not None
    return found, [str(question) for question in somebody.asked]


@pytest.mark.jail
@pytest.mark.parametrize(("says", "refused"), [(True, ""), (False, "it was declined"), (None, "nobody agreed to it")])
def test_a_person_is_asked_once_and_the_answer_is_kept_outside_of_the_workspace(
    tmp_path: Path, bare: Path, says: bool | None, refused: str
) -> None:
    found, asked = taken(tmp_path, bare, says)
    assert refused in found.refused
    assert bool(found.refused) == bool(refused)
    assert (found.words, found.proposed) == (("python3", "-c", "import calc"), True)
    [question] = asked
    assert "a check that the model wants" in question
    assert "`python3 -c 'import calc'`" in question
    assert [one.agreed for one in Consents(tmp_path / "state").all()] == ([] if says is None else [says])
    assert len(taken(tmp_path, bare, says)[1]) == (1 if says is None else 0)


@pytest.mark.jail
def test_a_policy_that_allows_none_allows_no_models_either(tmp_path: Path, bare: Path) -> None:
    found, asked = taken(tmp_path, bare, True, check="off")
    assert (found.refused.startswith("the policy says `check: off`"), asked) == (True, [])


@pytest.mark.jail
def test_a_policy_that_allows_every_workspaces_own_still_leaves_a_models_to_a_person(
    tmp_path: Path, bare: Path
) -> None:
    found, asked = taken(tmp_path, bare, None, check="auto")
    assert (found.proposed, found.refused, len(asked)) == (
        True,
        "nobody agreed to it; a terminal chat of Hermes asks for that",
        1,
    )
    assert taken(tmp_path, bare, True, check="auto")[0].refused == ""


@pytest.mark.jail
@pytest.mark.parametrize(("check", "agreed"), [("auto", False), ("auto", True), ("ask", True)])
@pytest.mark.parametrize("wanted", ["true", "python3 -c 'import calc'", "sh -c 'exit 0'", "pytest --co -q"])
def test_what_a_model_wants_never_takes_the_place_of_the_workspaces_own(
    tmp_path: Path, repository: Path, check: str, agreed: bool, wanted: str
) -> None:
    if check == "ask":
        allow(tmp_path, repository)
    if agreed:
        Consents(tmp_path / "state").keep(repository, proposed_check(wanted, ""), agreed=True)
    found, asked = taken(tmp_path, repository, None, check=check, wanted=wanted)
    assert (found.runner, found.proposed, found.refused, asked) == ("unittest", False, "", [])
    assert "was asked for and not run: " in found.source
    assert ("the workspace's own judges" in found.source) is agreed


@pytest.mark.jail
@pytest.mark.parametrize(
    ("says", "questions"),
    [
        (True, ["this repository's own check"]),
        (None, ["this repository's own check"]),
        (False, ["this repository's own check", "a check that the model wants"]),
    ],
)
def test_a_person_is_asked_about_the_workspaces_own_before_a_models(
    tmp_path: Path, repository: Path, says: bool | None, questions: list[str]
) -> None:
    found, asked = taken(tmp_path, repository, says, wanted="true")
    assert [text in question for text, question in zip(questions, asked, strict=True)] == [True] * len(asked)
    assert (found.proposed, bool(found.refused)) == (says is False, says is not True)
    assert ("the check `true` was asked for and not run" in found.source) is (says is True)


@pytest.mark.jail
def test_a_check_that_nobody_agreed_to_does_not_take_the_place_of_one_that_somebody_did(
    tmp_path: Path, repository: Path
) -> None:
    allow(tmp_path, repository)
    found, asked = taken(tmp_path, repository, None, wanted="true")
    assert (found.runner, found.refused, asked) == ("unittest", "", [])
    assert "the check `true` was asked for and not run" in found.source


@pytest.mark.jail
@pytest.mark.parametrize("said", [None, "agreed"])
def test_a_quote_says_what_a_person_is_to_be_asked_and_nothing_once_that_was_answered(
    tmp_path: Path, bare: Path, said: str | None
) -> None:
    for name in ("coding-local", "coding-burst"):
        profile(tmp_path, name, "http://127.0.0.1:9/v1")
    if said:
        taken(tmp_path, bare, True)
    environ = {
        "HOME": str(tmp_path),
        "HERMES_HOME": str(tmp_path / "hermes"),
        "PROFILE_ROUTER_STATE": str(tmp_path / "state"),
    }
    task = Task(goal=GOAL, workspace=str(bare), proposed_check=WANTED)
    asks = quote(task, None, environ, bare).asks
    assert ("a check that the model wants" in asks) is (said is None)


@pytest.mark.jail
@pytest.mark.parametrize(
    ("wanted", "passed"),
    [("python3 -c 'import calc; assert calc.add(1, 2) == 3'", True), ("cat ~/secret || touch ../out; false", False)],
)
def test_it_decides_over_the_work_from_within_the_jail(tmp_path: Path, bare: Path, wanted: str, passed: bool) -> None:
    (tmp_path / "secret").write_text("the secret of the home\n")
    task = {"goal": GOAL, "proposed_check": wanted, "profile": "coding-local"}
    Consents(tmp_path / "state").keep(bare, proposed_check(wanted, ""), agreed=True)
    answers = [FIX, say("I fixed it."), *(say("I fixed it.") for _ in range(3))]
    with ScriptedProvider(answers) as local:
        for name in ("coding-local", "coding-burst"):
            profile(tmp_path, name, local.base_url)
        done = call(
            "run", "--task-json", "-", "--json", "--policy", policy(tmp_path, "auto"),
            home=tmp_path, cwd=bare, stdin=json.dumps(task).encode(),
        )  # fmt: skip
    check = done.json["verified"]["check"]
    assert (check["passed"], done.code == 0) == (passed, passed), done.out
    assert "the secret of the home" not in done.out
    assert not (tmp_path / "out").exists()
