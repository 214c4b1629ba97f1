"""The fixed part of every prompt is small, and `route` knows its size without counting it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import BURST, CHEAP, an_order
from tests.runners.embedded.a_runner import local, run
from tests.scripted_provider import ScriptedProvider

from profile_router.prompting.tokens import PROMPT_CHARS, PROMPT_TOKENS, exact_tokens

MOST = 900  # o200k tokens


def fixed_part(tmp_path: Path, asks: tuple[str, ...], **profile: Any) -> str:
    """Return the system prompt and the schemas as they were sent, as JSON with blanks, as chat templates print it."""
    with ScriptedProvider(["done"]) as provider:
        run(local(provider.base_url, **profile), an_order(asks=asks), workspace=tmp_path)
    body = provider.chats[0]
    return json.dumps({"messages": body["messages"][:1], "tools": body["tools"]}, ensure_ascii=False)


LONGEST: dict[str, Any] = {"toolsets": ("file", "terminal"), "tool_use_enforcement": "on"}


# From 3.13 on Python takes the indentation out of docstrings, and with it a part of the tools' descriptions.
CLOSE = 0.95 if sys.version_info < (3, 13) else 0.9


def test_the_figures_that_route_uses_are_upper_bounds_within_five_percent(tmp_path: Path) -> None:
    text = fixed_part(tmp_path, (BURST, CHEAP), **LONGEST)
    assert PROMPT_TOKENS * CLOSE <= exact_tokens(text) <= PROMPT_TOKENS
    assert PROMPT_CHARS * CLOSE <= len(text) <= PROMPT_CHARS


@pytest.mark.parametrize("profiles", [0, 2, 20, 500])
def test_prompt_and_schemas_take_at_most_900_tokens_however_many_profiles_there_are(
    profiles: int, tmp_path: Path
) -> None:
    asks = tuple(f"coding-profile-{number:03}" for number in range(profiles))
    text = fixed_part(tmp_path, asks, **LONGEST)
    assert exact_tokens(text) <= MOST
    assert ("more" in text.split("call ask_for_profile once")[1][:400]) is (profiles > 10)
