"""What travels between two attempts of a run: who gets a handoff, what it holds, where it may not go."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples
from tests.fakes import (
    BURST,
    CHEAP,
    LOCAL,
    Fails,
    FakeBackends,
    FakeMeasurer,
    FakePurse,
    FakeRunner,
    FakeVerifier,
    a_policy,
    a_task,
    candidates,
    evidence,
    with_second,
    without_repair,
)
from tests.graphs.a_run import Rig

from profile_router.core.attempt.handoff import FileDiff
from profile_router.core.conversation import Turn
from profile_router.core.evidence import TokenCount, Window
from profile_router.core.policy import Promotion

TOKEN = "gh" + "p_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
LEAK = (FileDiff(path="conf.py", text=f"+TOKEN = '{TOKEN}'\n"),)
CLEAN = without_repair(promotion=Promotion(tree="clean"))


def handoffs(rig: Rig) -> list[Any]:
    return [order.handoff for order in rig.runner.orders]


def test_a_promoted_attempt_knows_what_was_tried_what_failed_and_what_changed() -> None:
    verifier = FakeVerifier(1, 0, tail="E  boom")
    rig = Rig(runner=FakeRunner("half done", "done"), verifier=verifier, policy=without_repair())
    final = rig.run(a_task(check="make check"))
    first, second = handoffs(rig)
    assert first is None
    assert second.tried == ("coding-local (scripted), 1 turn: the verification failed. It said: half done",)
    assert second.errors == ("make check ended with exit 1:\nE  boom",)
    assert (second.diff, second.tree) == ("diff --git a/a.py b/a.py\n-1\n+2\n", "keep")
    assert rig.verifier.set_backs == []
    assert final["handoff"] is None


@pytest.mark.parametrize(
    ("ends", "changes", "profiles"),
    [
        ([Fails(cause="turn-limit"), "done"], {}, [LOCAL, BURST]),
        ([Fails(cause="server-error"), "done"], {}, [LOCAL, BURST]),
        ([Fails(cause="over-window"), "done"], {"larger": True}, [LOCAL, BURST]),
        ([Fails(cause="asked-for-profile", asked=CHEAP), "done"], {}, [LOCAL, CHEAP]),
        ([Fails(cause="payment-required"), "done"], {"profile": BURST}, [BURST, LOCAL]),
        ([Fails(cause="server-error"), "done"], {"profile": BURST, "second": True}, [BURST, BURST]),
    ],
)
def test_every_step_after_an_attempt_that_ran_carries_the_handoff(
    ends: list[Any], changes: dict[str, Any], profiles: list[str]
) -> None:
    found = evidence()
    if changes.get("larger"):
        sizes = {LOCAL: 16_384, CHEAP: 8_192, BURST: 65_536}
        windows = tuple(Window(profile=name, tokens=size, source="config") for name, size in sizes.items())
        found = evidence(windows=windows, fixed=TokenCount(1_000, 1_000, "counted"))  # nothing to condense
    rig = Rig(
        runner=FakeRunner(*ends),
        measurer=FakeMeasurer(found),
        candidates=with_second(candidates(), BURST) if changes.get("second") else candidates(),
    )
    assert rig.run(a_task(profile=changes.get("profile")))["status"] == "ok"
    assert rig.runner.profiles == profiles
    assert [handoff is None for handoff in handoffs(rig)] == [True, False]
    assert profiles[0] in handoffs(rig)[1].tried[0]


def test_a_server_that_was_down_leaves_no_handoff() -> None:
    rig = Rig(backends=FakeBackends(down={LOCAL: "refused"}))
    rig.run(a_task())
    assert handoffs(rig) == [None]


@pytest.mark.parametrize(
    ("sets_back", "tree", "told"),
    [(True, "clean", ("kept", "kept elsewhere")), (False, "keep", ("back", "left as it is"))],
)
def test_with_a_clean_tree_the_work_is_taken_back_right_before_the_next_attempt(
    sets_back: bool, tree: str, told: tuple[str, str]
) -> None:
    verifier = FakeVerifier(1, 0, sets_back=sets_back)
    rig = Rig(runner=FakeRunner("half", "done"), verifier=verifier, policy=CLEAN)
    final = rig.run(a_task(check="make check"))
    assert verifier.set_backs == [("mark-1", "mark-2", None, 1)]
    assert handoffs(rig)[1].tree == tree
    assert told[1] in final["notes"]
    assert [(one["event"], one["line"]) for one in rig.events if one["event"] in ("kept", "back")] == [told]


@pytest.mark.parametrize("refusal", ["down", "budget"])
def test_where_no_attempt_follows_the_files_stay(refusal: str) -> None:
    rig = Rig(
        runner=FakeRunner("half"),
        verifier=FakeVerifier(1, 0),
        policy=CLEAN,
        backends=FakeBackends(keyless=[BURST] if refusal == "down" else []),
        purse=FakePurse(refuses="over-budget") if refusal == "budget" else FakePurse(),
    )
    final = rig.run(a_task(check="make check"))
    assert (final["status"], final["summary"], rig.verifier.set_backs) == ("failed", "half", [])
    assert final["verified"].check.exit_code == 1


@pytest.mark.parametrize("policy", [without_repair(), CLEAN])
def test_a_handoff_found_private_goes_to_no_model_elsewhere(policy: Any) -> None:
    rig = Rig(runner=FakeRunner("half"), verifier=FakeVerifier(1, work=LEAK), policy=policy)
    final = rig.run(a_task(check="make check"))
    assert (final["status"], rig.runner.profiles, rig.verifier.set_backs) == ("failed", [LOCAL], [])
    step = final["steps"][-1]
    assert (step.profile, step.cause) == (None, "not-local")
    assert "the diff of conf.py: token of GitHub" in step.reason
    assert final["private_thread"]
    assert any("local models only" in note for note in final["notes"])
    assert TOKEN not in f"{final['steps']}{final['notes']}{rig.events}"


def test_a_handoff_found_private_goes_on_to_another_local_model_which_then_is_private() -> None:
    asked = Fails(cause="asked-for-profile", asked="expert")
    found = candidates("expert", expert="http://127.0.0.1:8080/v1")
    policy = a_policy(local_endpoints=("http://127.0.0.1:8080/v1",))
    rig = Rig(runner=FakeRunner(asked, "done"), verifier=FakeVerifier(work=LEAK), candidates=found, policy=policy)
    assert rig.run(a_task())["status"] == "ok"
    assert [(order.profile, order.private) for order in rig.runner.orders] == [(LOCAL, False), ("expert", True)]
    assert TOKEN in handoffs(rig)[1].diff


def test_a_secret_in_the_summary_or_the_checks_output_counts_too() -> None:
    for verifier, said in (
        (FakeVerifier(1, 1), f"I used {TOKEN}"),
        (FakeVerifier(1, 1, tail=f"got {TOKEN}"), "half"),
        (FakeVerifier(1, 1, tail="FROM THE PRIVATE FILE"), "half"),
    ):
        rig = Rig(runner=FakeRunner(said, "half"), verifier=verifier)
        rig.run(a_task(check="make check"))
        assert rig.runner.profiles == [LOCAL, LOCAL]


@pytest.mark.parametrize("elsewhere", ["none", "turns"])
def test_the_words_of_a_model_that_read_private_turns_stay_here(elsewhere: Literal["none", "turns"]) -> None:
    said = (Turn("user", f"our token is {TOKEN}"), Turn("assistant", "I see"))
    asked = Fails(cause="asked-for-profile", asked=BURST, message="because OF THE TOKEN")
    rig = Rig(runner=FakeRunner(asked, "done"), measurer=FakeMeasurer(elsewhere=elsewhere))
    assert rig.run(a_task(conversation=said, sessions=("s",)))["status"] == "ok"
    handoff = handoffs(rig)[1]
    assert "OF THE TOKEN" not in str(handoff)
    assert handoff.errors == ()


def test_a_window_without_room_gets_none_and_it_is_said() -> None:
    found = evidence(tokens=22_600, window=32_768)
    rig = Rig(runner=FakeRunner(Fails(cause="truncated"), "done"), measurer=FakeMeasurer(found))
    final = rig.run(a_task(profile=LOCAL))
    assert (final["status"], handoffs(rig)) == ("ok", [None, None])
    assert any("no room" in note for note in final["notes"])


def test_the_summary_and_the_check_of_the_first_are_reported_where_the_second_fails() -> None:
    rig = Rig(runner=FakeRunner("half", Fails(cause="truncated")), verifier=FakeVerifier(1), policy=without_repair())
    final = rig.run(a_task(check="make check"))
    assert (final["status"], final["summary"]) == ("failed", "half")
    assert final["verified"].check.exit_code == 1
    assert "no check command was named" not in final["verified"].unverified


PARTS = st.sampled_from(["a\n", f"+{TOKEN}\n", "ok", "-----BEGIN PRIVATE KEY-----\nMIIE\n", "\n"])


@examples(40)
@given(
    texts=st.lists(PARTS, min_size=1, max_size=6),
    private=st.booleans(),
    said=PARTS,
    tail=PARTS,
    ends=st.lists(st.sampled_from(["stream-error", "server-error", "turn-limit", "rate-limited"]), max_size=3),
    tree=st.sampled_from(["keep", "clean"]),
    repairs=st.booleans(),
)
def test_no_order_to_a_model_elsewhere_ever_holds_a_secret(
    texts: list[str], private: bool, said: str, tail: str, ends: list[Any], tree: Any, repairs: bool
) -> None:
    form: Any = "private" if private else "text"
    work = tuple(FileDiff(path=f"f{number}", text=text) for number, text in enumerate(texts))
    hidden = FileDiff(path="secrets/x", form=form, holds="path (policy: secrets/**)" if private else "")
    rig = Rig(
        runner=FakeRunner(said, *[Fails(cause=cause) for cause in ends], "done", endless=True),
        verifier=FakeVerifier(1, repairs, *[0] * 9, work=(*work, hidden), tail=tail),
        policy=(a_policy if repairs else without_repair)(promotion=Promotion(tree=tree)),
    )
    rig.run(a_task(check="make check"))
    secret = private or any(TOKEN in text or "KEY" in text for text in (*texts, said, tail))
    elsewhere = [order for order in rig.runner.orders if not order.local]
    assert not (secret and elsewhere)
    assert secret or elsewhere or repairs  # a repair that fails otherwise has steps of its own


@pytest.mark.parametrize("said", [f"I need {TOKEN} for that", "it says FROM THE PRIVATE FILE"])
def test_the_error_of_a_held_handoff_repeats_nothing_of_it(said: str) -> None:
    asked = Fails(cause="asked-for-profile", asked=BURST, message=said)
    rig = Rig(runner=FakeRunner(asked))
    final = rig.run(a_task())
    assert rig.runner.profiles == [LOCAL]
    told_of = str((final["attempt"], final["receipts"], final["steps"], final["notes"]))
    assert "what was said is withheld, as it holds" in told_of
    assert TOKEN not in told_of
    assert "FROM THE PRIVATE FILE" not in told_of
