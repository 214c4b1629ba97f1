"""Whatever the router finds private looks private to the plugin too, which has no router to ask."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.privacy.secret_samples import KEYS, NAMED, SPREAD, TOKENS
from tests.core.privacy.test_secrets import disguised
from tests.examples import examples

from profile_router.core.privacy.findings import private_glob, private_text
from profile_router.core.privacy.readings import _ALIKE
from profile_router.hermes_plugin.private import looks_private

SAMPLES = [*TOKENS.values(), *KEYS, *NAMED, *SPREAD]


@pytest.mark.parametrize("secret", SAMPLES)
def test_every_secret_looks_private(secret: str) -> None:
    assert looks_private({"goal": f"use {secret} here"}, ())


@pytest.mark.parametrize("secret", [*TOKENS.values()])
def test_what_is_told_of_a_secret_holds_nothing_of_it(secret: str) -> None:
    assert looks_private({"goal": secret}, ()) == "it holds what looks like a secret"


@pytest.mark.parametrize("broken", ["\n", " \\\n  ", "\\ \n", "\t\\\r\n> "])
def test_a_token_over_two_lines_looks_private(broken: str) -> None:
    token = TOKENS["token of AWS"]
    assert looks_private({"goal": f"use {token[:9]}{broken}{token[9:]} here"}, ())


@examples(300)
@given(st.data(), st.sampled_from([*TOKENS.values()]))
def test_what_the_router_finds_through_any_trick_looks_private(data: st.DataObject, token: str) -> None:
    text = f"use {data.draw(disguised(token, wrapped=True))} here"
    assert private_text(text) is None or looks_private({"goal": text}, ())


@examples(300)
@given(st.data(), st.sampled_from([".env", "deploy/.env", "id_rsa", ".aws/credentials", "secrets/db.yaml"]))
def test_a_path_looks_private_through_any_trick(data: st.DataObject, path: str) -> None:
    assert looks_private({"goal": f"read {data.draw(disguised(path))} now"}, ())


@given(st.text(alphabet=[*"=: \n-_.'\"", *"aZ09", *_ALIKE], max_size=60))
def test_what_is_private_to_the_router_looks_private(text: str) -> None:
    found = private_text(text) or private_glob(text.strip(), (".env", "secrets/**"))
    assert not found or looks_private({"goal": text}, ())


@pytest.mark.parametrize(
    "goal",
    ["fix the typo in README.md", "rename getUserById in src/components/v2/users.ts", "prüfe die Tests in core/",
     "the tokenizer drops 3 tokens", "почини тесты, пожалуйста", "修复测试", "add 2 tests for café.py"],
)  # fmt: skip
def test_an_ordinary_task_does_not_look_private(goal: str) -> None:
    assert looks_private({"goal": goal}, ()) == ""
