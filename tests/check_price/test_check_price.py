"""What a check is worth is measured on planted bugs: tasks and page are what they say."""

from __future__ import annotations

import asyncio
import os
import pwd
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.check_price import judging
from tests.check_price.__main__ import REPOSITORIES
from tests.check_price.bugs import RIGHT, WRONG, BuggyRepository, Kind, PlantedBug
from tests.check_price.cascade import BURST_COST, EARLY, LONG, ROWS, early, long, outcome, window
from tests.check_price.judging import Saying, at_home, cannot_run, sayings
from tests.check_price.long_page import on_review
from tests.check_price.merged import RULES, merged_counts
from tests.check_price.page import cell, written
from tests.check_price.tally import tally
from tests.check_price.toolchains import lend_go, lend_ruby, on_path
from tests.check_price.truth import untruths
from tests.fakes import a_policy
from tests.git.git_repository import repository as a_repository

from profile_router.checks.find_check import find_check
from profile_router.core.ladder.report import CheckReport
from profile_router.core.operating.share import share_of
from profile_router.core.task import Task
from profile_router.verify.checking.jailed import JailedChecks
from profile_router.workspace.folder import Workspace

PAGE = Path(__file__).parents[2] / "docs" / "checks.md"
TASKS = [(repository, bug) for repository in REPOSITORIES for bug in repository.bugs]
PLAUSIBLE: tuple[Kind, ...] = ("plausible",)
QUICK: tuple[Kind, ...] = ("gold", "reverted")


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    for name in ("PATH", "VIRTUAL_ENV"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    monkeypatch.setenv("HOME", pwd.getpwuid(os.getuid()).pw_dir)  # the jail looks for toolchains there
    environment = tmp_path_factory.mktemp("home") / "env"
    at_home(environment)
    return environment


def called(task: tuple[BuggyRepository, PlantedBug]) -> str:
    return f"{task[0].name}: {task[1].name}"


def test_there_are_enough_repositories_in_enough_languages() -> None:
    assert len(REPOSITORIES) >= 8
    assert len({one.language.partition(" ")[0] for one in REPOSITORIES}) >= 5


@pytest.mark.parametrize("task", TASKS, ids=called)
def test_each_answer_can_be_made_and_is_another(task: tuple[BuggyRepository, PlantedBug]) -> None:
    repository, bug = task
    made = dict(bug.answers(repository.files, covered=False))
    assert set(made) == {*RIGHT, *WRONG}
    texts = [sorted(files.items()) for files in made.values()]
    assert len({str(text) for text in texts}) == len(texts)
    assert len(list(bug.answers(repository.as_found(bug, covered=True), covered=True))) == len(texts) - 1


@pytest.mark.nightly
@pytest.mark.parametrize("task", TASKS, ids=called)
def test_a_hidden_test_tells_right_answers_from_wrong_ones(
    task: tuple[BuggyRepository, PlantedBug], home: Path, tmp_path: Path
) -> None:
    if why := cannot_run(task[0]):
        pytest.skip(why)
    assert list(untruths(*task, tmp_path)) == []


def rerun(
    repository: BuggyRepository,
    bug: PlantedBug,
    folder: Path,
    *,
    only: tuple[Kind, ...] = (),
    covered: tuple[bool, ...] = (True, False),
) -> list[Saying]:
    return [one for way in covered for one in sayings(repository, bug, folder / str(way), covered=way, only=only)]


def cells(page: str, task: str) -> dict[Kind, str]:
    """Return what *page* has of *task*, by the kind of answer."""
    line = next((line for line in page.splitlines() if line.startswith(f"| {task} |")), "")
    if not line:
        pytest.skip(f"the page was made where {task} was not run")
    return dict(zip((*RIGHT, *WRONG), (word.strip() for word in line.split("|")[2:-1]), strict=True))


@pytest.mark.jail
def test_the_page_says_what_a_quick_run_of_a_part_says(home: Path, tmp_path: Path) -> None:
    repository = next(one for one in REPOSITORIES if one.name == "backup")
    bug = repository.bugs[0]
    said = rerun(repository, bug, tmp_path, only=QUICK, covered=(True,))
    there = cells(PAGE.read_text(encoding="utf-8"), called((repository, bug)))
    task = (repository.name, bug.name)
    assert {kind: cell(said, task, kind)[0] for kind in QUICK} == {kind: there[kind][0] for kind in QUICK}


@pytest.mark.nightly
@pytest.mark.jail
@pytest.mark.parametrize("task", TASKS, ids=called)
def test_the_page_says_what_a_whole_run_says(
    task: tuple[BuggyRepository, PlantedBug], home: Path, tmp_path: Path
) -> None:
    repository, bug = task
    if why := cannot_run(repository):
        pytest.skip(why)
    said = rerun(repository, bug, tmp_path)
    there = cells(PAGE.read_text(encoding="utf-8"), called(task))
    assert {kind: cell(said, (repository.name, bug.name), kind) for kind in there} == there


@pytest.mark.nightly
@pytest.mark.jail
@pytest.mark.parametrize(("lender", "name"), [(lend_go, "steps"), (lend_ruby, "stock")], ids=["Go", "Ruby"])
def test_the_check_of_a_repository_runs_in_a_jail_where_its_toolchain_can_be_lent(
    lender: Callable[[Path], str], name: str, home: Path
) -> None:
    if why := lender(home):
        pytest.skip(why)
    assert cannot_run(next(one for one in REPOSITORIES if one.name == name)) == ""


SPEC = 'require_relative "../lib/cart"\nRSpec.describe Cart do\n  it("adds") { expect(Cart.new.total([1, 2])).to eq 3 }\nend\n'
RUBY = {
    ".rspec": "--force-color\n",
    "lib/cart.rb": "class Cart\n  def total(items) = items.sum { |one| -one }\nend\n",
    "spec/cart_spec.rb": SPEC,
    "spec/mail_spec.rb": "raise 'only the spec of the file is run'\n",
}


@pytest.mark.nightly
@pytest.mark.jail
def test_rspec_without_a_rakefile_runs_in_a_jail_narrowed_and_names_what_failed(home: Path, tmp_path: Path) -> None:
    if why := lend_ruby(home) or ("" if shutil.which("rspec") else "rspec is not installed"):
        pytest.skip(why)
    root = a_repository(tmp_path / "ws", RUBY)
    check = find_check(Task(goal="fix total", files=("lib/cart.rb",), folder=""), Workspace(root, git=True), os.environ)
    assert check is not None
    told = asyncio.run(JailedChecks(root=root, options=a_policy().terminal).run(check, seconds=120.0))
    assert told.report == CheckReport(runner="rspec", failed=("./spec/cart_spec.rb Cart adds",), ran=1)


@pytest.mark.parametrize("lender", [lend_go, lend_ruby])
def test_in_ci_no_toolchain_is_fetched(
    lender: Callable[[Path], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(shutil, "which", lambda name, **_: None)
    assert lender(tmp_path) == "no toolchain is fetched in CI"
    assert list(tmp_path.iterdir()) == []


def test_without_debians_packages_ruby_is_not_lent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(shutil, "which", lambda name, **_: None)
    assert lend_ruby(tmp_path) == "Ruby is lent by Debian's packages, and there is no apt-get here"


def test_the_page_says_what_was_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    there = on_path(["python3", "sh", "no-such-program"])
    assert list(there) == ["python3", "sh"]
    assert re.fullmatch(r"3\.\d+\.\d+", there["python3"])
    page = written([], REPOSITORIES, {}, {"mvn": "3.8.7", "prove": ""})
    assert "\nOn the path were mvn 3.8.7 · prove. `--toolchains` lends Go and Ruby.\n" in page


@pytest.mark.parametrize("model", ROWS)
def test_the_early_promotion_meets_its_rows_and_solves_less_with_a_worse_check(model: str) -> None:
    for at, (wanted, cost) in enumerate(EARLY[model]):
        assert (early(model, at / 10).solved, early(model, at / 10).cost) == pytest.approx((wanted, cost))
    solved = [early(model, at / 50).solved for at in range(30)]
    assert solved == sorted(solved, reverse=True)


@pytest.mark.parametrize("model", ROWS)
def test_what_is_long_and_unproved_is_promoted_where_no_test_helps_alone(model: str) -> None:
    rows, rates = ROWS[model], (0.2, 0.4)
    covered, all_refused, none = (
        long(model, 1.0, rates, 1.0),
        long(model, 0.0, rates, 0.0),
        long(model, 0.0, rates, 1.0),
    )
    assert covered == outcome(rows, 0.2, 0.0)
    assert all_refused == outcome(rows, 0.4, 0.0)
    assert (none.solved, none.cost) == pytest.approx(LONG[model][4])
    assert none.solved > all_refused.solved
    assert none.cost > all_refused.cost


def test_what_cannot_run_here_is_told_by_name_and_counts_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, **_: None if name == "go" else f"/usr/bin/{name}")
    steps = next(one for one in REPOSITORIES if one.name == "steps")
    assert judging.cannot_run(steps) == "go is not installed"
    page = written([], REPOSITORIES, {"steps": "go is not installed"})
    assert "| steps | Go | 1 | not run: go is not installed |" in page


def saying(answer: Kind, verdict: judging.Verdict, *, covered: bool = True) -> Saying:
    return Saying(repository="a", bug="b", covered=covered, answer=answer, check="default", verdict=verdict)


def test_what_got_no_verdict_counts_to_no_share() -> None:
    said = [
        saying("gold", "rejected"), saying("gold", "accepted"), saying("syntax", "accepted"), saying("emptied", "rejected"),
        saying("plausible", "silent"), saying("plausible", "accepted", covered=False),
    ]  # fmt: skip
    found = tally(said, "default", covered=True)
    assert (found.accepts, found.rejects, found.silent, found.all) == (0.5, 0.5, 1, 5)
    assert tally(said, "default", kinds=PLAUSIBLE).accepts == 1.0
    assert tally(said, "named").accepts is None


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(0, 0, 0.0, 1.0), (0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0)],
)
def test_an_interval_is_wilsons(count: int, of: int, low: float, high: float) -> None:
    assert share_of(count, of) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize("model", ROWS)
def test_the_planes_go_through_the_measured_rows_and_near_the_other_two(model: str) -> None:
    for row in ROWS[model]:
        found = outcome(ROWS[model], row.accepts, row.rejects)
        assert (found.solved, found.cost) == pytest.approx((row.solved, row.cost))
    local = {"GPT-5 mini": (59.8, 0.035), "Devstral (free)": (56.4, 0.0)}[model]
    burst = outcome(ROWS[model], 0.0, 1.0)  # what a check that refuses all comes to: the weak model's price is added
    alone = outcome(ROWS[model], 1.0, 0.0)
    assert (alone.solved, alone.cost) == pytest.approx(local, abs=0.6)
    assert (burst.solved, burst.cost - local[1]) == pytest.approx((74.4, BURST_COST), abs=1.6)


def test_what_is_wanted_is_had_between_two_rates() -> None:
    assert window(ROWS["GPT-5 mini"], 0.0) == (0.09, 0.24)
    assert window(ROWS["Devstral (free)"], 0.0) == (0.01, 0.22)
    assert window(ROWS["GPT-5 mini"], 0.5) is None


def test_the_page_was_made_by_its_command() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert re.search(r"^Made by `python3 -m tests\.check_price --write docs/checks\.md`", page, re.MULTILINE)
    assert {f"{one.name}: {bug.name}" for one, bug in TASKS} >= {
        line.split("|")[1].strip() for line in page.splitlines() if re.match(r"\| (?!weak)\w+: ", line)
    }


def test_the_page_tells_the_merged_commits_as_they_were_counted() -> None:
    merged = merged_counts()
    commits = merged.faults.commits + merged.others.commits
    assert sum(merged.repositories.values()) == commits
    assert re.fullmatch(r"[0-9a-f]{8}", merged.code)
    assert [path for path in RULES if not (PAGE.parents[1] / path).is_file()] == []
    page = written([], REPOSITORIES, {})
    assert f"so {commits} merged commits were tried" in page
    assert f"with other texts {merged.others.taken}." in page
    assert f"on {merged.day}, by the rules as commit {merged.code} left them." in page


@pytest.mark.parametrize(
    ("rates", "half", "none"), [((0.0, 0.0), "none", "none"), ((0.2, 0.36), "34 to 91 %", "40 to 58 %")]
)
def test_what_a_second_opinion_must_find_follows_from_the_rates(
    rates: tuple[float, float], half: str, none: str
) -> None:
    told = "\n".join(on_review(rates))
    assert f"Where half of the tasks have a test, that is\n{half}. Where none has, it is {none}." in told
