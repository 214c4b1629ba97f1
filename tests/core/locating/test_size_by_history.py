"""How large tasks like this one were, by commits alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.cases import CANDIDATES, POLICY

from profile_router.core.evidence import Evidence
from profile_router.core.locating.located import Band, Located, LocatedFile, SizeGuess
from profile_router.core.locating.past import PackedPast, PastCommit, alike, changed_by, packed
from profile_router.core.locating.size_by_history import FEWEST_COMMITS, centrality, guess_size
from profile_router.core.locating.task_terms import task_terms
from profile_router.core.locating.terms import number_of, plain_parts
from profile_router.core.policy.rules import SizeClass, SmallChangeRule
from profile_router.core.routing.decide import decide
from profile_router.core.routing.route import Route
from profile_router.core.task import Task
from profile_router.core.telling.figures import evidence_figures, evidence_of
from profile_router.core.telling.located import explain_lines, located_json, spans_text


def commit(title: str, lines: int, *files: str) -> PastCommit:
    return PastCommit([number_of("part", part) for part in plain_parts(title)], lines, files)


PAST = packed(
    [commit(f"Fix the tax of country {at}", 4, "tax.py") for at in range(40)]
    + [commit(f"Rewrite the export pipeline {at}", 900, *(f"export/{n}.py" for n in range(12))) for at in range(20)]
    + [commit("Export without known lines", -1, "export/1.py")]
)


def guessed(text: str, past: PackedPast = PAST, large_from: float = 0.5) -> SizeGuess | None:
    task = task_terms(text)
    return guess_size(task, past, alike(task, past), large_from)


@pytest.mark.parametrize(
    ("text", "size"),
    [("The tax of Norway is wrong", "small"), ("Move the export pipeline to streams", "large")],
)
def test_a_task_is_as_large_as_commits_like_it_were(text: str, size: str) -> None:
    found = guessed(text)
    assert found is not None
    assert found.size == size


def test_what_counts_as_large_is_the_policys() -> None:
    found = guessed("Move the export pipeline to streams", large_from=1.0)
    assert found is not None
    assert (found.size, found.files_low, found.files_high) == ("medium", 12, 12)


@pytest.mark.parametrize("text", ["", "Quite another matter", "…"])
def test_a_task_that_no_commit_is_like_has_no_size(text: str) -> None:
    assert guessed(text) is None


def test_a_short_history_tells_no_size() -> None:
    few = packed([commit("Fix the tax", 4, "tax.py")] * (FEWEST_COMMITS - 1))
    assert guessed("Fix the tax", few) is None
    assert guessed("Fix the tax", packed([])) is None


def test_a_small_verb_makes_a_task_smaller_and_a_big_one_larger() -> None:
    small, plain, big = (guessed(f"{verb} tax of country") for verb in ("Fix", "The", "Implement"))
    assert small is not None
    assert plain is not None
    assert big is not None
    assert small.score < plain.score < big.score


def test_files_of_small_commits_count_more_than_those_of_large_ones() -> None:
    found = changed_by([(1.0, ("a.py",)), (1.0, tuple(f"b{n}.py" for n in range(16))), (1.0, ("c.py",) * 61)])
    assert found["a.py"] > found["b1.py"] > 0
    assert "c.py" not in found


def test_centrality_is_the_share_of_files_that_have_less() -> None:
    assert centrality([2], {"lines": [1, 2, 3]}) == 1.0
    assert centrality([0, 2], {"lines": [1, 2, 3]}) == 0.5
    assert centrality([], {"lines": [1]}) is None


FIRST = LocatedFile(path="src/auth.py", confidence="sure", score=3.0, terms={"part": 3.0})


def located(size: SizeClass | None, *, centrality: float = 0.2, files: tuple[LocatedFile, ...] = (FIRST,)) -> Located:
    guess = None if size is None else SizeGuess(
        size=size, score=0.5, share=0.5, neighbours=3, files_low=1, files_high=2
    )  # fmt: skip
    return Located(files=files, tests=("tests/test_auth.py",), size=guess, centrality=centrality, ratio=0.5)


def routed(found: Located | None, **rule: Any) -> Route:
    small = next(one for one in POLICY.rules if isinstance(one, SmallChangeRule))
    rules = tuple(replace(one, **rule) if one is small else one for one in POLICY.rules)
    decision = decide(Task(goal="x"), Evidence(located=found), replace(POLICY, rules=rules), CANDIDATES)
    assert isinstance(decision, Route)
    return decision


def test_a_route_says_where_the_task_probably_works() -> None:
    assert routed(located("small")).reasons == (
        "probably src/auth.py, tests/test_auth.py (sure)",
        "small by 3 commits like it: no sign of a large change",
    )


@pytest.mark.parametrize("found", [None, located(None), located(None, files=())])
def test_that_there_is_no_sign_of_a_large_change_is_said_only_where_history_agrees(found: Located | None) -> None:
    decision = routed(found)
    assert decision.rule == "small-change"
    assert decision.reasons[-1] == "nothing tells its size: local first"


def test_what_history_calls_large_goes_to_the_probe_as_the_policy_says() -> None:
    assert (routed(located("large")).rule, routed(located("large")).needs_probe) == ("borderline", True)
    assert "large by 3 commits like it" in routed(located("large")).reasons
    assert routed(located("large"), unless_like=()).rule == "small-change"
    assert routed(located("medium")).rule == "small-change"
    assert routed(located("medium"), unless_like=("large", "medium")).rule == "borderline"


def test_central_files_go_to_the_probe_only_where_the_policy_says_so() -> None:
    assert routed(located(None, centrality=1.0)).rule == "small-change"
    assert routed(located(None, centrality=0.95), below_centrality=0.9).reasons[-1] == "its files are busy (0.95)"


def scored(*scores: float, confidence: Band = "sure") -> tuple[LocatedFile, ...]:
    return tuple(LocatedFile(path=f"{at}.py", confidence=confidence, score=score) for at, score in enumerate(scores))


@pytest.mark.parametrize(
    ("found", "read", "edited", "told"),
    [
        (located("small", files=scored(4.0, 2.0, 1.9)), (1, 2), (1, 2), "probably reads 1–2 files, edits 1–2"),
        (located("small", files=scored(4.0, 3.0, 2.5, 2.0)), (1, 4), (1, 2), "probably reads 1–4 files, edits 1–2"),
        (located("small", files=scored(4.0)), (1, 2), (1, 2), "probably reads 1–2 files, edits 1–2"),
        (located(None, files=scored(4.0)), (1, 1), None, "probably reads 1 file"),
        (located(None, files=scored(4.0, 3.0)), (1, 2), None, "probably reads 1–2 files"),
        (located("large", files=scored(4.0, confidence="guess")), (1, 2), (1, 2), "probably edits 1–2 files"),
        (located(None, files=scored(4.0, confidence="guess")), (1, 1), None, ""),
        (located("small", files=()), None, (1, 2), "probably edits 1–2 files"),
        (Located(), None, None, ""),
    ],
)
def test_how_many_files_are_read_and_edited_goes_by_scores_and_history(
    found: Located, read: tuple[int, int] | None, edited: tuple[int, int] | None, told: str
) -> None:
    spans = (found.files_to_read, found.files_to_edit)
    assert tuple(span and (span.low, span.high) for span in spans) == (read, edited)
    assert spans_text(found) == told
    said = located_json(found)
    assert said["files_to_read"] == (read and {"low": read[0], "high": read[1]})
    assert said["files_to_edit"] == (edited and {"low": edited[0], "high": edited[1]})
    assert any("score half of the first" in line for line in explain_lines(found)) is (read is not None)


@given(
    scores=st.lists(st.floats(0.01, 40.0), min_size=1, max_size=20),
    ends=st.tuples(st.integers(1, 9), st.integers(0, 9)),
)
def test_no_fewer_files_are_read_than_edited(scores: list[float], ends: tuple[int, int]) -> None:
    low, more = ends
    size = SizeGuess(size="small", score=0.5, share=0.5, neighbours=3, files_low=low, files_high=low + more)
    found = Located(files=scored(*sorted(scores, reverse=True)), size=size)
    assert found.files_to_read is not None
    assert 1 <= low == found.files_to_read.low <= low + more <= found.files_to_read.high <= max(20, low + more)


def test_how_many_files_a_task_reads_and_edits_decides_nothing() -> None:
    size = SizeGuess(size="small", score=0.5, share=0.5, neighbours=3, files_low=60, files_high=90)
    many = Located(files=scored(*[4.0] * 20), size=size)
    assert routed(many).rule == routed(located("small")).rule == "small-change"


def test_a_guess_is_not_told_as_a_reason() -> None:
    assert routed(located(None, files=(replace(FIRST, confidence="guess"),))).reasons == (
        "nothing tells its size: local first",
    )


@pytest.mark.parametrize("size", ["small", "large", None])
def test_the_figures_of_a_located_task_decide_as_it_did(size: SizeClass | None) -> None:
    found = Evidence(located=located(size))
    again = evidence_of(evidence_figures(found))
    for evidence in (found, again):
        decision = decide(Task(goal="x"), evidence, POLICY, CANDIDATES)
        assert decision.rule == ("borderline" if size == "large" else "small-change")
    assert "auth" not in str(evidence_figures(found))


def test_what_each_sign_gave_is_told_in_json_and_as_a_table() -> None:
    told = located_json(located("small"))
    assert told["candidates"][0]["terms"] == {"part": 3.0}
    assert told["size_class"] == "small"
    table = "\n".join(explain_lines(located("small")))
    assert "src/auth.py (sure)" in table
    assert "3.00" in table
    assert "small: 0.50 of 3 commits" in table


@pytest.mark.parametrize(
    ("named", "seconds", "why"),
    [
        (True, 1.0, "the task names its files"),
        (False, 0.0, "repository.route_seconds of the policy is 0"),
        (False, 1.0, "this folder is not in a git repository; name it: --workspace ."),
    ],
)
def test_where_nothing_was_searched_for_it_says_why(named: bool, seconds: float, why: str) -> None:
    assert explain_lines(None, named=named, seconds=seconds) == [f"no files were searched for: {why}"]


@pytest.mark.parametrize(
    ("ratio", "indexed", "why"),
    [
        (0.0, 3, ": guess, for among fewer than 8 files, or by fewer than 3 signs, one stands out by chance"),
        (0.0, 2, ": guess, for not every file was looked into"),
        (0.9, 3, ": guess"),
    ],
)
def test_a_guess_that_stands_out_has_its_reason(ratio: float, indexed: int, why: str) -> None:
    file = LocatedFile(path="a.py", confidence="guess", score=1.0, terms={"part": 1.0})
    told = explain_lines(Located(files=(file,), ratio=ratio, indexed=indexed, rankable=3))
    assert f"the second scores {ratio:.2f} of the first{why}" in told


def test_a_table_without_a_file_says_why() -> None:
    looked, why = explain_lines(replace(located("small"), files=()))
    assert "were looked into" in looked
    assert why == "no file is likelier than another: no word of the task is in a path, a definition or a commit"
