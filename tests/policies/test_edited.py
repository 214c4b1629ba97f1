"""A number of a policy file is changed in its text: all else stays, and it is a policy still."""

from __future__ import annotations

import difflib
from typing import Any

import pytest

from profile_router.core.policy import Policy
from profile_router.outside.strict_yaml import Refused
from profile_router.policies.edited import with_numbers
from profile_router.policies.file import SHIPPED
from profile_router.policies.grammar import policy_in

TEXT = SHIPPED.read_text()
SMALL = ("rules", "small-change")


def value_at(policy: Policy, place: tuple[str, ...]) -> Any:
    found: Any = policy
    for name in place:
        found = (
            found.rule(name)
            if isinstance(found, Policy) and name == "small-change"
            else getattr(found, name)
            if name != "rules"
            else policy
        )
    return found


@pytest.mark.parametrize(
    ("place", "number"),
    [
        ((*SMALL, "below_lines"), 130),
        ((*SMALL, "below_files"), 7),
        ((*SMALL, "below_centrality"), 0.5),
        (("early", "turns"), 6),
        (("early", "weights", "prose"), 0.3),
        (("early", "weights", "no_candidate_read"), 1.25),
        (("repository", "large_from"), 0.6),
        (("prices", "volume", "turns_low"), 6),
    ],
)
def test_one_number_changes_and_one_line(place: tuple[str, ...], number: float) -> None:
    text = with_numbers(TEXT, {place: number})
    changed = [line for line in difflib.ndiff(TEXT.splitlines(), text.splitlines()) if line[0] in "+-"]
    assert len(changed) == 2
    assert value_at(policy_in(text, "new.yaml"), place) == number


def without(*names: str) -> str:
    """Return the shipped text without the keys *names* of the top, and the lines that hold them."""
    lines, leaves = [], False
    for line in TEXT.splitlines(keepends=True):
        if not line.startswith((" ", "#", "\n")):
            leaves = line.split(":")[0] in names
        if not leaves:
            lines.append(line)
    return "".join(lines)


@pytest.mark.parametrize(
    ("text", "place", "number"),
    [
        (without("early"), ("early", "turns"), 6),
        (without("early"), ("early", "weights", "prose"), 0.75),
        (TEXT.replace("  turns: 4\n", ""), ("early", "turns"), 6),
        (TEXT.replace("{no_candidate_read: 0.5, ", "{"), ("early", "weights", "no_candidate_read"), 0.9),
        (TEXT.replace("    below_centrality: 1.01 ", "    #"), (*SMALL, "below_centrality"), 0.5),
        (TEXT.rstrip("\n").replace("\nearly:\n", "\nearly:   # mine\n"), ("early", "turns"), 5),
    ],
)  # fmt: skip
def test_what_the_file_leaves_out_is_put_in(text: str, place: tuple[str, ...], number: float) -> None:
    assert value_at(policy_in(with_numbers(text, {place: number}), "new.yaml"), place) == number


def test_several_numbers_change_at_once() -> None:
    text = with_numbers(TEXT, {(*SMALL, "below_lines"): 90, ("early", "turns"): 7, ("early", "weights", "prose"): 0.1})
    policy = policy_in(text, "new.yaml")
    assert [value_at(policy, one) for one in ((*SMALL, "below_lines"), ("early", "turns"))] == [90, 7]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (TEXT.replace("below_lines: 200\n    unless", "? below_lines\n    : 200\n    unless"), (*SMALL, "below_lines")),
        ("early: 3\n", ("early", "turns")),
        ("- 1\n", ("early", "turns")),
    ],
)
def test_a_form_that_only_its_owner_can_change_is_refused(text: str, place: tuple[str, ...]) -> None:
    with pytest.raises(Refused, match=r"only you can change|write it by hand"):
        with_numbers(text, {place: 5})
