"""What a check printed that read a withheld file is told to no parent: it may be elsewhere."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.fakes import a_policy

from profile_router.core.attempt.failed_work import verification_failure
from profile_router.core.ladder.check_words import UNTOLD, before_line, weak_points
from profile_router.core.ladder.difference import Difference
from profile_router.core.ladder.receipt import CheckBefore, CheckResult, Verified
from profile_router.core.privacy.taint import Taint
from profile_router.core.telling.work import verified_json, verified_lines
from profile_router.hermes_plugin.process import Ran
from profile_router.hermes_plugin.results import entry_of

READ = (Taint(path="secrets/plan.txt", why="is private"),)
SECRET = "launch"
TEST = (f"t.py::test[{SECRET}]",)
IDS = Difference(fixed=TEST, broke=TEST, still=TEST, others=TEST, flaky=TEST)
PRINTED = CheckResult(
    command="make test", exit_code=0, seconds=0.1, last_line=SECRET, tail=SECRET, taints=READ, difference=IDS
)


@pytest.mark.parametrize("code", [0, 1])
@pytest.mark.parametrize("stage", ["after", "before"])
def test_nothing_of_it_is_in_what_a_run_tells(code: int, stage: str) -> None:
    check = replace(PRINTED, exit_code=code, why=f"broke t.py::test[{SECRET}]")
    before = CheckBefore(check=check)
    after = check if stage == "after" else replace(check, taints=(), difference=None, why="", last_line="2 passed")
    verified = Verified(check=after, before=before, unverified=tuple(weak_points(after)))
    failure = verification_failure(verified, a_policy())
    told = [
        json.dumps(verified_json(verified)),
        *(one.line for one in verified_lines(verified)),
        before_line("make test", before),
    ]
    told += [failure.message] if failure else []
    result = {"status": "ok", "verified": json.loads(told[0]), "attempts": []}
    told.append(json.dumps(entry_of(0, Ran(result=result), "t", seconds=1.0)))
    assert not [line for line in told if SECRET in line]
    assert UNTOLD in told[0]
    assert (failure is None) is (code == 0)


def test_ids_that_the_check_before_alone_printed_are_not_told_either() -> None:
    after = replace(PRINTED, taints=(), last_line="", difference=Difference(fixed=IDS.fixed))
    told = verified_json(Verified(check=after, before=CheckBefore(check=PRINTED)))
    assert told["check"]["difference"]["fixed"] == [UNTOLD]
    assert SECRET not in json.dumps(told)


def test_what_a_check_printed_that_read_nothing_private_is_told() -> None:
    verified = Verified(check=replace(PRINTED, taints=()), before=CheckBefore())
    assert verified_json(verified)["check"]["last_line"] == SECRET
    assert SECRET in verified_lines(verified)[1].line


NAMED_BY_THE_WORK = Taint(path="launch.txt", why="is the file that was plan.txt, which is private")


@pytest.mark.parametrize(
    ("read", "told"),
    [
        (READ, "not told: it read secrets/plan.txt, which is private"),
        ((*READ, NAMED_BY_THE_WORK), "not told: it read secrets/plan.txt, which is private"),
        ((NAMED_BY_THE_WORK,), UNTOLD),
        ((Taint(path="a.pyc", why="holds a private key"),), "not told: it read a.pyc, which holds a private key"),
    ],
)
def test_the_line_for_a_person_names_what_was_read_but_no_name_that_the_work_gave(
    read: tuple[Taint, ...], told: str
) -> None:
    check = replace(PRINTED, taints=read)
    assert before_line("make test", CheckBefore(check=check)).endswith(f"passed · {told}")
    assert verified_json(Verified(check=check))["check"]["last_line"] == UNTOLD
