"""A run that names no check takes the workspace's own, once somebody let its code run; nobody is fooled by a claim."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from tests.cli.command import Done, call
from tests.cli.stage import profile, workspace
from tests.scripted_provider import Answer, ScriptedProvider, say
from tests.scripted_provider import call as tool

from profile_router import run as run_to_end
from profile_router.checks.consents import Consents
from profile_router.cli.caller import Agreed, Pipe
from profile_router.core.found_check import CheckQuestion, FoundCheck
from profile_router.core.locating.located import Located, LocatedFile
from profile_router.core.task import Task
from profile_router.errors import PolicyError
from profile_router.evidence import locating
from profile_router.jail import view
from profile_router.ledger.purse import Nobody
from profile_router.policies.file import SHIPPED
from profile_router.runs.own_check.consent import settled
from profile_router.runs.own_check.workspace_check import LookedUpCheck, look_at_check, question_before_check
from profile_router.runs.route import quote
from profile_router.runs.setup import prepare
from profile_router.workspace.folder import Workspace

FIX = tool("edit_file", {"path": "calc.py", "old": "a - b", "new": "a + b"})
CLAIM = say("I found the mistake in `add` and corrected it.")
TEST = "import unittest\n\nimport calc\n\n\nclass Adds(unittest.TestCase):\n    def test_it(self):\n        self.assertEqual(calc.add(1, 2), 3)\n"
FILES = {"calc.py": "def add(a, b):\n    return a - b\n", "tests/test_calc.py": TEST}
COMMAND = "python3 -m unittest discover -s tests -p test_calc.py"
GOAL = "fix add in calc.py"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return workspace(tmp_path / "ws", FILES)


def policy(folder: Path, said: str) -> str:
    path = folder / "policy.yaml"
    path.write_text(
        SHIPPED.read_text(encoding="utf-8").replace("\ncheck: ask\n", f"\ncheck: {said}\n"), encoding="utf-8"
    )
    return str(path)


def allow(home: Path, root: Path) -> None:
    """Let the check of *root* run, as `profile-router check --allow` does."""
    whole = tuple(COMMAND.removesuffix(" -p test_calc.py").split())
    check = FoundCheck(runner="unittest", words=whole, whole=whole, source="")
    Consents(home / "state").keep(root, check, agreed=True)


def run(home: Path, root: Path, local: list[Answer], burst: list[Answer], *options: str) -> Done:
    with ScriptedProvider(answers=local) as one, ScriptedProvider(answers=burst) as other:
        profile(home, "coding-local", one.base_url)
        profile(home, "coding-burst", other.base_url)
        return call("run", GOAL, *options, home=home, cwd=root)


@pytest.mark.jail
def test_a_model_that_claims_success_and_fixed_nothing_is_caught_repaired_once_and_promoted(tmp_path: Path) -> None:
    red = TEST.replace("import calc\n", "").replace("calc.add(1, 2)", "0")  # red before, and no matter of this task
    repository = workspace(tmp_path / "ws", {**FILES, "tests/test_red.py": red})
    allow(tmp_path, repository)
    claimed = [tool("edit_file", {"path": "calc.py", "old": "return a - b", "new": "return a - b  # fixed"}), CLAIM]
    done = run(tmp_path, repository, [*claimed, CLAIM], [FIX, say("fixed")], "--json")
    result = done.json
    assert (done.code, result["status"]) == (0, "ok")
    assert [one["verdict"] for one in result["attempts"]] == ["verification-failed", "verification-failed", "ok"]
    check = result["verified"]["check"]
    assert (check["command"], check["passed"], result["verified"]["unverified"]) == (COMMAND, True, [])
    assert check["source"] == "tests/test_calc.py is written for unittest"
    assert (check["difference"]["fixed"], check["difference"]["broke"]) == (["test_calc.Adds.test_it"], [])
    assert result["steps"] == [
        "the verification failed → coding-local repairs it, once",
        "the verification failed → coding-burst, once",
    ]
    assert (repository / "calc.py").read_text() == "def add(a, b):\n    return a + b  # fixed\n"


@pytest.mark.jail
def test_unattended_and_without_consent_it_does_not_run_and_how_to_consent_is_said(
    tmp_path: Path, repository: Path
) -> None:
    done = run(tmp_path, repository, [FIX, say("fixed")], [], "--json")
    (point,) = done.json["verified"]["unverified"]
    assert point.startswith("the check `python3 -m unittest discover -s tests` was found and not run: nobody agreed")
    assert f"nobody agreed to it; `profile-router check --allow` in {repository} allows it" in point
    assert (done.code, done.json["verified"]["check"]) == (0, None)


@pytest.mark.jail
def test_the_operators_standing_consent_needs_no_question(tmp_path: Path, repository: Path) -> None:
    done = run(tmp_path, repository, [FIX, say("fixed")], [], "--policy", policy(tmp_path, "auto"))
    assert done.code == 0
    whole = "python3 -m unittest discover -s tests"
    said = (
        f"{COMMAND} · narrowed from `{whole}` · tests/test_calc.py is written for unittest · in a jail, or not at all"
    )
    assert f"● found       {said}" in done.err
    assert done.out.startswith(f"✓ verified    calc.py +1 −1 · {COMMAND}: passed, red before · ")


def look(home: Path, root: Path, said: str) -> LookedUpCheck:
    environ = {"PATH": "/usr/bin:/bin", "PROFILE_ROUTER_STATE": str(home / "state")}
    return look_at_check((), None, policy(home, said), environ, root)


def test_a_policy_or_a_workspace_that_says_off_has_none(tmp_path: Path, repository: Path) -> None:
    assert look(tmp_path, repository, "auto").check is not None
    assert look(tmp_path, repository, "off").none.startswith("the policy says `check: off`")
    (repository / ".profile-router.yaml").write_text("check: off\n")
    assert look(tmp_path, repository, "auto").check is None


@pytest.mark.parametrize("said", ["auto", "on", "[]"])
def test_a_workspace_cannot_let_its_own_code_run(tmp_path: Path, repository: Path, said: str) -> None:
    (repository / ".profile-router.yaml").write_text(f"check: {said}\n")
    with pytest.raises(PolicyError, match=r"allowed: ask, off"):
        look(tmp_path, repository, "ask")


def test_a_workspace_that_holds_the_home_has_no_check_that_runs(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(repository / "home"))
    found = look(tmp_path, repository, "auto").check
    assert found is not None
    assert "which no jail would keep from it" in found.refused


def test_names_of_a_repository_cannot_rewrite_the_question(repository: Path) -> None:
    found = FoundCheck(
        runner="make", words=("make", "test"), whole=("make", "test"), folder="", tests=(), source="\x1b[2K\rok"
    )
    assert question_before_check(found, Workspace(repository, git=True)).for_programs.isprintable()


def test_the_named_check_beats_the_one_that_is_found_and_a_refused_one_is_none() -> None:
    found = FoundCheck(runner="make", words=("make",), whole=("make",), source="")
    assert Task(goal=GOAL, check="true", found=found).to_check == "true"
    assert Task(goal=GOAL, found=found).to_check == found
    assert Task(goal=GOAL, found=replace(found, refused="nobody agreed")).to_check is None


@pytest.mark.jail
def test_a_check_that_cannot_run_in_the_jail_leaves_the_work_unverified(tmp_path: Path) -> None:
    root = workspace(tmp_path / "ws", {**FILES, "tests/test_calc.py": f"import nowhere_installed\n{TEST}"})
    allow(tmp_path, root)
    done = run(tmp_path, root, [FIX, say("fixed")], [])
    assert done.code == 0
    assert done.out.startswith("! unverified  calc.py +1 −1 · `")
    assert "says nothing of the work: the module nowhere_installed is not in the jail" in done.out


@pytest.mark.jail
def test_route_names_the_check_that_would_run_and_how_it_is_allowed(tmp_path: Path, repository: Path) -> None:
    profile(tmp_path, "coding-local", "http://127.0.0.1:9/v1")
    profile(tmp_path, "coding-burst", "http://127.0.0.1:9/v1")
    asked = call("route", GOAL, "--json", home=tmp_path, cwd=repository).json["check"]
    assert (asked["command"], asked["tests"]) == (COMMAND, ["tests/test_calc.py"])
    assert asked["refused"].startswith("nobody agreed to it")
    allowed = call("check", "--allow", "--file", "calc.py", home=tmp_path, cwd=repository)
    assert allowed.out.splitlines()[0] == COMMAND
    assert "  runs      after each attempt of a run that names no check" in allowed.out
    assert Consents(tmp_path / "state").forget(repository) == 1


QUESTION = CheckQuestion(asked="run the tests?", why="why", digest="0")


@dataclass(slots=True)
class Somebody:
    """Answers with what is scripted; `asked` are the questions."""

    says: bool | None
    asked: list[CheckQuestion] = field(default_factory=list)

    async def agrees(self, question: str) -> bool | None:
        raise AssertionError(f"no price is asked for: {question}")

    async def allows(self, question: CheckQuestion) -> bool | None:
        self.asked.append(question)
        return self.says


@pytest.mark.parametrize(
    ("says", "times", "refused"), [(True, 1, ""), (False, 1, "declined"), (None, 2, "nobody agreed")]
)
def test_somebody_is_asked_once_what_runs_where_and_how(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch, says: bool | None, times: int, refused: str
) -> None:
    monkeypatch.setattr(view, "jail_problem", lambda: None)
    profile(tmp_path, "coding-local", "http://127.0.0.1:9/v1")
    profile(tmp_path, "coding-burst", "http://127.0.0.1:9/v1")
    environ = {
        "PATH": "/usr/bin:/bin",
        "HERMES_HOME": str(tmp_path / "hermes"),
        "PROFILE_ROUTER_STATE": str(tmp_path / "state"),
    }
    setup = prepare(Task(goal=GOAL), None, environ, repository)
    somebody = Somebody(says)

    async def twice() -> list[str]:
        both = await asyncio.gather(*(settled(setup.task, setup, somebody) for _ in range(2)))
        return [found.refused for found in both if found is not None]

    for said in asyncio.run(twice()):
        assert refused in said
        assert bool(said) == bool(refused)
    assert len(somebody.asked) == times
    assert f"`python3 -m unittest discover -s tests` in {repository}?" in str(somebody.asked[0])
    assert "jailed: no network" in str(somebody.asked[0])
    consents = Consents(tmp_path / "state").all()
    assert [one.agreed for one in consents] == ([] if says is None else [says])


def test_a_price_asks_about_the_check_that_a_run_takes_and_the_run_looks_for_files_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "jail_problem", lambda: None)
    below = {f"shop/{path}": text for path, text in FILES.items()}
    root = workspace(tmp_path / "ws", {**FILES, **below, "shop/Makefile": "test:\n\ttrue\n"})
    profile(tmp_path, "coding-local", "http://127.0.0.1:9/v1")
    profile(tmp_path, "coding-burst", "http://127.0.0.1:9/v1")
    looks: list[float] = []

    def locate(*_: object, seconds: float, **__: object) -> Located:
        looks.append(seconds)
        return Located(files=(LocatedFile(path="shop/calc.py", confidence="sure"),))

    monkeypatch.setattr(locating, "locate", locate)
    task = Task(goal="the sum comes out wrong")
    environ = {
        "PATH": "/usr/bin:/bin",
        "HERMES_HOME": str(tmp_path / "hermes"),
        "PROFILE_ROUTER_STATE": str(tmp_path / "state"),
        "PROFILE_ROUTER_CACHE": str(tmp_path / "cache"),
    }
    asked = quote(task, None, environ, root).asks
    assert f"in {root}/shop?" in asked
    setup, somebody = prepare(task, None, environ, root, to_run=True), Somebody(None)
    asyncio.run(settled(setup.task, setup, somebody))
    assert [question.for_programs for question in somebody.asked] == [asked]
    looks.clear()
    with ScriptedProvider(answers=[say("It is right as it is.")]) as server:
        profile(tmp_path, "coding-local", server.base_url)
        run_to_end(replace(task, local_only=True), cwd=root, environ=environ)
    assert looks == [5]


def test_a_yes_to_prices_is_not_a_yes_to_running_code() -> None:
    both = Agreed(Nobody())
    assert asyncio.run(both.agrees("it costs $2")) is True
    assert asyncio.run(both.allows(QUESTION)) is None


def test_where_no_jail_can_be_had_it_does_not_run_and_that_is_said(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "jail_problem", lambda: "this is darwin")
    profile(tmp_path, "coding-local", "http://127.0.0.1:9/v1")
    environ = {
        "PATH": "/usr/bin:/bin",
        "HERMES_HOME": str(tmp_path / "hermes"),
        "PROFILE_ROUTER_STATE": str(tmp_path / "state"),
    }
    setup = prepare(Task(goal=GOAL), policy(tmp_path, "auto"), environ, repository)
    somebody = Somebody(True)
    found = asyncio.run(settled(setup.task, setup, somebody))
    assert found is not None
    assert (found.refused, somebody.asked) == ("it runs in a jail only, and this is darwin", [])


def test_in_hermes_its_own_approval_is_asked_and_its_answer_taken() -> None:
    events: list[Mapping[str, object]] = []

    async def asked() -> bool | None:
        pipe = Pipe(events.append)
        answer = asyncio.create_task(pipe.allows(QUESTION))
        await asyncio.sleep(0)
        pipe.heard(b'{"answer": true, "question": "run the tests? (why; 0)"}')
        return await answer

    assert asyncio.run(asked()) is True
    assert events == [{"event": "ask", "line": "run the tests? (why; 0)", "about": "code"}]
