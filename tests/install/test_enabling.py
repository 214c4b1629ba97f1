"""Our name on `plugins.enabled`: text put in, nothing else touched, and refused where that cannot be."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from tests.install.configs import PLUGINS, with_plugins

from profile_router.install.changes import Insertion, inserted, without
from profile_router.install.enabling import PLUGIN_BEGIN, PLUGIN_END, disable, enable, is_disabled

NAME = "profile-router"


def read(text: str) -> dict[str, Any]:
    return yaml.safe_load(text) or {}


def plugins_of(text: str) -> tuple[set[str], dict[str, Any], dict[str, Any]]:
    """Return what is enabled, the rest of `plugins`, and the rest of the file."""
    config = read(text)
    plugins = dict(config.pop("plugins", None) or {})
    return set(plugins.pop("enabled", None) or []), plugins, config


def enabled_in(text: str) -> str:
    edit = enable(text, NAME)
    assert edit is not None
    return inserted(text, edit)


@given(with_plugins())
def test_enabling_adds_our_name_and_leaves_every_byte_where_it_was(text: str) -> None:
    edit = enable(text, NAME)
    assert edit is not None
    after = inserted(text, edit)
    enabled, plugins, rest = plugins_of(text)
    assert plugins_of(after) == (enabled | {NAME}, plugins, rest)
    assert without(after, edit) == text
    assert enable(after, NAME) == ()


@given(with_plugins(), st.sampled_from(("", "# added\n", "added: 1\n")))
@example("\ufeffplugins: {disabled: [x], enabled: [a]}   # why\n", "")
@example("\ufeffa: |\n  no end", "")
def test_a_file_that_was_edited_since_loses_our_name_and_nothing_else(text: str, more: str) -> None:
    after = enabled_in(text)
    edited = f"{after}\n{more}" if not after.endswith("\n") else after + more
    taken_out = disable(edited, NAME)
    assert taken_out is not None
    enabled, plugins, rest = plugins_of(edited)
    assert plugins_of(taken_out) == (enabled - {NAME}, plugins, rest)
    assert {line.strip() for line in text.splitlines() if "#" in line} <= {
        line.strip() for line in taken_out.splitlines()
    }


@pytest.mark.parametrize("plugins", PLUGINS)
def test_what_is_put_in_is_marked(plugins: str) -> None:
    after = enabled_in(plugins)
    assert (PLUGIN_BEGIN in after and PLUGIN_END in after) or ">>> profile-router <<<" in after


def test_a_list_of_the_users_keeps_its_order_and_comments() -> None:
    text = "plugins:\n  enabled:\n    # first\n    - b  # why\n    - a\n"
    assert enabled_in(text) == (
        "plugins:\n  enabled:\n    # first\n"
        f"    {PLUGIN_BEGIN}\n    - {NAME}\n    {PLUGIN_END}\n"
        "    - b  # why\n    - a\n"
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "{model: {default: x}}\n",
        "plugins: [a]\n",
        "plugins: all\n",
        "plugins:\n  enabled: all\n",
        "common: &names [a]\nplugins:\n  enabled: *names\n",
        "common: &names\n  - a\nplugins:\n  enabled: *names\n",
        "plugins:\n  enabled: &names\n    - a\nothers: *names\n",
        "base: &base {enabled: [a]}\nplugins:\n  <<: *base\n",
        "a: [\n",
        "just words\n",
        "- a\n",
        "a: 1\n---\nb: 2\n",
    ],
)
def test_what_cannot_be_edited_safely_is_refused(text: str) -> None:
    assert enable(text, NAME) is None


@pytest.mark.parametrize(
    "text", [f"plugins: {{enabled: [{NAME}]}}\n", f"plugins:\n  enabled:\n    - a\n    - '{NAME}'\n"]
)
def test_a_name_that_is_there_already_is_not_put_in_again(text: str) -> None:
    assert enable(text, NAME) == ()


def test_our_name_can_be_taken_off_where_the_user_has_lost_the_marks() -> None:
    assert disable(f"plugins:\n  enabled:\n  - {NAME}\n  - a\nb: 1\n", NAME) == "plugins:\n  enabled:\n  - a\nb: 1\n"
    assert disable(f"plugins: {{enabled: [{NAME}, a]}}\n", NAME) == "plugins: {enabled: [a]}\n"
    assert disable("plugins: {enabled: [a]}\n", NAME) is None
    assert disable("a: [", NAME) is None


def test_the_users_own_no_is_seen() -> None:
    assert is_disabled(f"plugins: {{disabled: [{NAME}]}}\n", NAME)
    assert not is_disabled("plugins:\n", NAME)


@given(
    st.text(max_size=60),
    st.lists(
        st.tuples(st.integers(0, 60), st.text(min_size=1, max_size=5)), max_size=4, unique_by=lambda pair: pair[0]
    ),
)
@example("abc", [(0, "x"), (3, "y")])
def test_insertions_are_undone_exactly(text: str, places: list[tuple[int, str]]) -> None:
    insertions = tuple(
        Insertion(at=min(at, len(text)), text=put)
        for at, put in {min(at, len(text)): (at, put) for at, put in places}.values()
    )
    assert without(inserted(text, insertions), insertions) == text


def test_insertions_that_are_not_there_any_more_are_not_cut_out() -> None:
    assert without("abXcd", (Insertion(at=2, text="Y"),)) is None
