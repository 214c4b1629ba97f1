"""A failed check is repaired once, by the model whose work it is, in a new prompt; what then fails is promoted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import pytest
from tests.fakes import (
    BURST,
    CHEAP,
    LOCAL,
    PRIVATE,
    Fails,
    FakeMeasurer,
    FakeRunner,
    FakeVerifier,
    Reads,
    a_policy,
    a_task,
    all_goal,
    evidence,
    without_repair,
)
from tests.graphs.a_run import Rig, steps

from profile_router.core.attempt.handoff import FileDiff
from profile_router.core.evidence import Window
from profile_router.core.ladder.check_words import NO_CHECK, UNPROVED
from profile_router.core.ladder.receipt import ChangedFile, CheckResult, Verified
from profile_router.core.policy import Promotion
from profile_router.core.privacy.taint import Taint

READ = (Taint(path=".env", why="it was read"),)


def test_work_that_fails_its_check_is_repaired_once_then_promoted_then_stopped() -> None:
    rig = Rig(runner=FakeRunner("half", "still half", "no better"), verifier=FakeVerifier(1, 1, 1))
    final = rig.run(a_task(check="make check"))
    assert steps(final["receipts"]) == [
        (LOCAL, "route", "failed"),
        (LOCAL, "repair", "failed"),
        (BURST, "promote", "failed"),
    ]
    assert [step.step for step in final["steps"]] == ["repair", "promote", "stop"]
    assert final["steps"][0].reason == "the verification failed → coding-local repairs it, once"
    assert final["status"] == "failed"


def test_a_repair_that_passes_ends_the_run_well() -> None:
    rig = Rig(runner=FakeRunner("half", "whole"), verifier=FakeVerifier(1, 0))
    final = rig.run(a_task(check="make check"))
    assert (final["status"], final["summary"], rig.runner.profiles) == ("ok", "whole", [LOCAL, LOCAL])
    assert [one.verdict for one in final["receipts"]] == ["verification-failed", "ok"]
    assert [event["step"] for event in rig.events if event["event"] == "ladder"] == ["repair"]


def test_a_repair_is_told_what_the_check_said_and_no_word_of_the_failed_attempt() -> None:
    rig = Rig(runner=FakeRunner("half done", "done"), verifier=FakeVerifier(1, 0, tail="E  boom"))
    rig.run(a_task(check="make check"))
    told = rig.runner.orders[1].handoff
    assert told is not None
    assert (told.repair, told.tried, told.tree) == (True, (), "keep")
    assert told.errors == ("make check ended with exit 1:\nE  boom",)
    assert told.diff == "diff --git a/a.py b/a.py\n-1\n+2\n"
    assert "half done" not in str(rig.runner.orders[1])


def test_a_repair_that_had_to_wait_is_still_one() -> None:
    busy = Fails(cause="rate-limited", wait=1.0)
    rig = Rig(runner=FakeRunner("half", busy, "done"), verifier=FakeVerifier(1, 0, tail="E  boom"))
    final = rig.run(a_task(check="make check"))
    assert [step.step for step in final["steps"]] == ["repair", "wait"]
    told = rig.runner.orders[2].handoff
    assert told is not None
    assert (told.repair, told.tried) == (True, ())


def test_the_promoted_model_is_told_of_both_attempts_and_the_last_error_first() -> None:
    rig = Rig(runner=FakeRunner("half", "still half", "done"), verifier=FakeVerifier(1, 1, 0, tail="E  boom"))
    rig.run(a_task(check="make check"))
    told = rig.runner.orders[2].handoff
    assert told is not None
    assert not told.repair
    assert [line.partition("It said: ")[2] for line in told.tried] == ["half", "still half"]
    assert told.errors == ("make check ended with exit 1:\nE  boom",)


@pytest.mark.parametrize(
    ("end", "verifier"),
    [
        (Fails(cause="bad-arguments"), FakeVerifier(0)),
        (Fails(cause="unknown-tool"), FakeVerifier(0)),
        (Fails(cause="repeated-call"), FakeVerifier(0)),
        (Fails(cause="calls-as-text"), FakeVerifier(0)),
        (Fails(cause="turn-limit"), FakeVerifier(0)),
        ("I did it", FakeVerifier(changed=())),
        ("see x.py", FakeVerifier(absent=("x.py",))),
    ],
    ids=["arguments", "tools", "repeats", "as text", "turns", "no change", "absent claims"],
)
def test_what_no_check_complained_of_is_promoted_at_once(end: Any, verifier: FakeVerifier) -> None:
    claims = a_policy(promotion=Promotion(absent_claims="promote"))
    rig = Rig(runner=FakeRunner(end, Fails(cause="bad-request")), verifier=verifier, policy=claims)
    final = rig.run(a_task("Fix add in calc.py", files=("calc.py",)))
    assert (rig.runner.profiles, final["steps"][0].step) == ([LOCAL, BURST], "promote")


def test_bad_calls_in_a_repair_are_promoted_at_once() -> None:
    rig = Rig(runner=FakeRunner("half", Fails(cause="unknown-tool"), "done"), verifier=FakeVerifier(1, 0))
    final = rig.run(a_task(check="make check"))
    assert [step.step for step in final["steps"]] == ["repair", "promote"]
    assert final["status"] == "ok"


def test_a_policy_without_the_row_promotes_at_once_as_before() -> None:
    rig = Rig(runner=FakeRunner("half", "done"), verifier=FakeVerifier(1, 0), policy=without_repair())
    final = rig.run(a_task(check="make check"))
    assert steps(final["receipts"]) == [(LOCAL, "route", "failed"), (BURST, "promote", "ok")]


def test_on_burst_nothing_is_repaired() -> None:
    rig = Rig(runner=FakeRunner("half"), verifier=FakeVerifier(1))
    final = rig.run(a_task(check="make check", profile=BURST))
    assert [step.step for step in final["steps"]] == ["stop"]


def test_a_private_task_is_repaired_here_and_not_promoted() -> None:
    rig = Rig(
        runner=FakeRunner("half", "no better"),
        verifier=FakeVerifier(1, 1),
        measurer=FakeMeasurer(evidence(private=(PRIVATE,))),
    )
    final = rig.run(a_task(check="make check", local_only=True))
    assert rig.runner.profiles == [LOCAL, LOCAL]
    assert all(order.private and order.local for order in rig.runner.orders)
    assert [step.step for step in final["steps"]] == ["repair", "stop"]


def test_with_a_clean_tree_a_repair_finds_the_work_and_the_promotion_does_not() -> None:
    verifier = FakeVerifier(1, 1, 0)
    clean = a_policy(promotion=Promotion(tree="clean"))
    rig = Rig(runner=FakeRunner("half", "still half", "done"), verifier=verifier, policy=clean)
    rig.run(a_task(check="make check"))
    assert [(since, number) for since, _, _, number in verifier.set_backs] == [("mark-1", 2)]
    assert [order.handoff and order.handoff.tree for order in rig.runner.orders] == [None, "keep", "clean"]


def test_a_repair_that_costs_is_paid_like_any_attempt() -> None:
    rig = Rig(runner=FakeRunner("half", "done"), verifier=FakeVerifier(1, 0))
    final = rig.run(a_task(check="make check", profile=CHEAP))
    assert steps(final["receipts"]) == [(CHEAP, "route", "failed"), (CHEAP, "repair", "ok")]
    assert [profile for profile, _ in rig.purse.taken] == [CHEAP, CHEAP]


@pytest.mark.parametrize("check_reads", [(), READ])
def test_what_a_check_read_in_a_private_file_is_repaired_on_this_machine_alone(check_reads: Any) -> None:
    for at, repaired in ((LOCAL, True), (CHEAP, not check_reads)):
        rig = Rig(runner=FakeRunner("half", "done"), verifier=FakeVerifier(1, 0, check_reads=check_reads))
        rig.run(a_task(check="make check", profile=at))
        assert rig.runner.profiles == [at, at if repaired else BURST]


def test_a_window_without_room_for_the_error_is_not_a_place_for_a_repair() -> None:
    sizes = {LOCAL: 32_768, BURST: 200_000}
    windows = tuple(Window(profile=name, tokens=size, source="config") for name, size in sizes.items())
    rig = Rig(
        runner=FakeRunner("half", "done"),
        verifier=FakeVerifier(1, 0),
        measurer=FakeMeasurer(all_goal(22_600, windows=windows)),
    )
    final = rig.run(a_task(check="make check", profile=LOCAL))
    assert [step.step for step in final["steps"]][:2] == ["repair", "larger-window"]
    assert "no room for what the check said" in str(final["receipts"][1].error)
    assert final["status"] == "ok"


def test_a_repair_that_is_not_reached_goes_up_the_ladder() -> None:
    rig = Rig(runner=FakeRunner("half", Fails(cause="refused"), "done"), verifier=FakeVerifier(1, 0))
    final = rig.run(a_task(check="make check"))
    assert [step.step for step in final["steps"]] == ["repair", "next-tier"]
    assert (final["status"], rig.runner.profiles) == ("ok", [LOCAL, LOCAL, BURST])
    assert not rig.runner.orders[2].handoff.repair  # type: ignore[union-attr]


def test_a_tainted_attempt_is_repaired_here_and_a_model_elsewhere_hears_nothing_of_either() -> None:
    value = "72-77-AAMAR"
    work = (FileDiff(path=f"{value}.txt", text=f"+{value}\n"),)
    rig = Rig(
        runner=FakeRunner(Reads(end=value), f"again {value}", "done"),
        verifier=FakeVerifier(1, 1, 0, work=work, tail=value),
    )
    final = rig.run(a_task(check="make check"))
    assert rig.runner.profiles == [LOCAL, LOCAL, BURST]
    assert value in str(rig.runner.orders[1].handoff)
    assert value not in str(rig.runner.orders[2])
    assert [bool(one.taints) for one in final["receipts"]] == [True, True, False]
    assert [(since, number) for since, _, _, number in rig.verifier.set_backs] == [("mark-1", 2)]


PROVES_NOTHING = Verified(
    files_changed=(ChangedFile(path="a.py", lines_added=1, lines_removed=1),),
    check=CheckResult(command="pytest", exit_code=0, seconds=0.1, last_line="", source="found"),
    unverified=(UNPROVED,),
    unproved=(UNPROVED,),
)


@pytest.mark.parametrize(
    ("unproved", "private", "profiles"),
    [("keep", (), [LOCAL]), ("promote", (), [LOCAL, BURST]), ("promote", (PRIVATE,), [LOCAL])],
)
def test_work_that_nothing_proves_is_promoted_where_the_policy_says_so_and_somebody_may_be_asked(
    unproved: Literal["keep", "promote"], private: Any, profiles: list[str]
) -> None:
    rig = Rig(
        policy=replace(a_policy(), unproved=unproved),
        runner=FakeRunner(*["done"] * 2),
        verifier=FakeVerifier(verified=PROVES_NOTHING),
        measurer=FakeMeasurer(evidence(private=private)),
    )
    final = rig.run(a_task("Fix f in a.py: it should give 2"))
    assert (final["status"], rig.runner.profiles, final["verified"].unverified) == ("ok", profiles, (UNPROVED,))


@pytest.mark.parametrize(
    ("usual", "affords", "profiles"),
    [(None, True, [LOCAL]), (1, True, [LOCAL]), (0, True, [LOCAL, BURST]), (0, False, [LOCAL])],
    ids=["nothing is usual yet", "not longer", "longer", "longer, and no money"],
)
def test_work_that_nothing_proves_and_that_took_long_is_promoted_if_that_could_go_on_at_once(
    usual: int | None, affords: bool, profiles: list[str]
) -> None:
    rig = Rig(
        runner=FakeRunner(*["done"] * 2),
        verifier=FakeVerifier(verified=PROVES_NOTHING),
        usual=lambda _: usual,
    )
    rig.purse.affords = lambda cost: affords  # type: ignore[method-assign]
    final = rig.run(a_task("Fix f in a.py: it should give 2"))
    assert (final["status"], rig.runner.profiles) == ("ok", profiles)
    if len(profiles) > 1:
        took = "it took 1 turns, where nine of ten that ended well here take at most 0"
        assert final["receipts"][0].error == f"{UNPROVED}; {took}"


TOKEN = "the config has ghp_0123456789abcdefghijklmnopqrstuvwxyz12"  # made up


@pytest.mark.parametrize("unproved", ["long", "promote"])
@pytest.mark.parametrize(
    ("ends", "still", "status"),
    [
        (("done", Fails(cause="refused")), True, "ok"),
        (("done", Fails(cause="no-network")), True, "ok"),
        (("done", Fails(cause="rate-limited")), True, "ok"),
        (("done", Fails(cause="stalled")), True, "ok"),
        (("done", Fails(cause="timeout")), True, "ok"),
        ((TOKEN,), True, "ok"),
        (("done", Fails(cause="stalled")), False, "failed"),  # it changed the files before it ended
        (("done", Fails(cause="interrupted")), True, "failed"),
        ((Fails(cause="turn-limit"), Fails(cause="refused")), True, "failed"),  # nothing was finished
    ],
)
def test_work_that_only_wants_proof_stands_where_nobody_finished_it_after(
    unproved: Literal["long", "promote"], ends: tuple[Any, ...], still: bool, status: str
) -> None:
    rig = Rig(
        policy=replace(a_policy(), unproved=unproved),
        runner=FakeRunner(*ends, *ends[1:] * 3),
        verifier=FakeVerifier(verified=PROVES_NOTHING, still=still),
        usual=lambda _: 0,
    )
    final = rig.run(a_task("Fix f in a.py: it should give 2"))
    assert (final["status"], final["receipts"][0].verdict == "ok") == (status, status == "ok")
    if status == "ok":
        assert (final["summary"], final["verified"].unverified) == (ends[0], (UNPROVED,))
        assert final["notes"][-1].startswith(f"the work of {LOCAL} stands unproved")
        assert [event["line"] for event in rig.events if event["event"] == "stands"] == [final["notes"][-1]]
        assert rig.ledger.checks[-1] == final["verified"]


def test_work_that_a_stronger_model_finished_badly_does_not_stand_again() -> None:
    failed = CheckResult(command="pytest", exit_code=1, seconds=0.1, last_line="", source="found")
    told = iter([PROVES_NOTHING, replace(PROVES_NOTHING, check=failed, unproved=(), unverified=())])

    class Judges(FakeVerifier):
        async def verify(self, *_: Any, **__: Any) -> Verified:
            return next(told)

    rig = Rig(runner=FakeRunner("done", "worse"), verifier=Judges(still=True), usual=lambda _: 0)
    final = rig.run(a_task("Fix f in a.py: it should give 2"))
    assert (final["status"], rig.runner.profiles) == ("failed", [LOCAL, BURST])


def test_work_that_only_wants_proof_stands_after_its_run_was_resumed_too() -> None:
    rig = Rig(
        runner=FakeRunner("done", KeyError("killed")),
        verifier=FakeVerifier(verified=PROVES_NOTHING, still=True),
        usual=lambda _: 0,
    )
    with pytest.raises(KeyError):
        rig.run(a_task("Fix f in a.py: it should give 2"))
    rig.runner = FakeRunner(*[Fails(cause="refused")] * 3)
    final = rig.resume()
    assert (final["status"], final["summary"], [*final["verified"].unverified]) == ("ok", "done", [UNPROVED])


MISSED = Verified(
    files_changed=(ChangedFile(path="b.py", lines_added=1, lines_removed=1),), unverified=(NO_CHECK,), missed=("a.py",)
)
SAID = "a.py was to be edited, and was not; changed instead: b.py"


def test_work_that_leaves_the_file_to_edit_alone_is_repaired_then_promoted_and_the_strongest_tier_has_the_last_word() -> (
    None
):
    rig = Rig(runner=FakeRunner(*["done"] * 3), verifier=FakeVerifier(verified=MISSED))
    final = rig.run(a_task("Fix the loop in a.py"))
    assert [step.step for step in final["steps"]] == ["repair", "promote"]
    assert [order.handoff and order.handoff.errors[-1] for order in rig.runner.orders[1:]] == [SAID, SAID]
    assert (final["status"], final["verified"].unverified) == ("ok", (NO_CHECK,))
    assert final["verified"].weak[0].said == "a.py was not edited"


def test_where_nobody_stronger_may_be_asked_it_has_failed() -> None:
    rig = Rig(
        runner=FakeRunner(*["done"] * 2),
        verifier=FakeVerifier(verified=MISSED),
        measurer=FakeMeasurer(evidence(private=(PRIVATE,))),
    )
    final = rig.run(a_task("Fix the loop in a.py"))
    assert [step.step for step in final["steps"]] == ["repair", "stop"]
    assert (final["status"], final["receipts"][-1].error) == ("failed", SAID)


@pytest.mark.parametrize(("unproved", "profiles"), [((), [LOCAL]), ((UNPROVED,), [LOCAL, LOCAL, BURST])])
def test_a_check_that_says_something_outweighs_a_file_that_was_missed(unproved: Any, profiles: list[str]) -> None:
    check = replace(PROVES_NOTHING, missed=("a.py",), unproved=unproved)
    rig = Rig(runner=FakeRunner(*["done"] * 3), verifier=FakeVerifier(verified=check))
    assert (rig.run(a_task("Fix the loop in a.py"))["status"], rig.runner.profiles) == ("ok", profiles)


RED = replace(PROVES_NOTHING, check=replace(PROVES_NOTHING.check, exit_code=1), unproved=(), unverified=())  # type: ignore[type-var]
MISSED_WITH_A_CHECK = replace(PROVES_NOTHING, missed=("a.py",))
MISSED_ANOTHER_WAY = replace(MISSED, files_changed=(ChangedFile(path="c.py", lines_added=1, lines_removed=1),))


class InTurn(FakeVerifier):
    """Finds each of `found` in turn, after one attempt each."""

    def __init__(self, *found: Verified) -> None:
        super().__init__()
        self._found = iter(found)

    async def verify(self, *words: Any, **named: Any) -> Verified:
        await super().verify(*words, **named)
        return next(self._found)


@pytest.mark.parametrize(
    ("found", "window", "status"),
    [
        ((RED, RED, MISSED_WITH_A_CHECK), 200_000, "failed"),
        ((MISSED, RED, MISSED_WITH_A_CHECK), 200_000, "ok"),
        ((MISSED, MISSED, MISSED_ANOTHER_WAY), 200_000, "ok"),
        ((MISSED, MISSED, replace(MISSED, missed=("d.py",))), 200_000, "failed"),
        ((MISSED, MISSED, MISSED), 2_500, "failed"),
    ],
    ids=["told of a red check", "told before that", "another file changed", "told of another file", "no room to tell"],
)
def test_the_strongest_tier_has_the_last_word_of_a_missed_file_only_where_it_was_told_of_it(
    found: tuple[Verified, ...], window: int, status: str
) -> None:
    sizes = {LOCAL: 32_768, BURST: window}
    windows = tuple(Window(profile=name, tokens=size, source="config") for name, size in sizes.items())
    rig = Rig(
        runner=FakeRunner(*["done"] * 3),
        verifier=InTurn(*found),
        measurer=FakeMeasurer(evidence(windows=windows)),
    )
    final = rig.run(a_task("Fix the loop in a.py"))
    assert ([step.step for step in final["steps"]][:2], final["status"]) == (["repair", "promote"], status)
    if status == "failed":
        assert "was to be edited, and was not" in str(final["receipts"][-1].error)
