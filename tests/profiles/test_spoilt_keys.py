"""A key that was spoilt on its way into the .env: file, line and variable are told, never the key."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.profiles.home_on_disk import Home, key_of

from profile_router.errors import ProfileError

KEY = "sk-or-v1-canary0123456789"
HEAD, TAIL = KEY[:9], KEY[9:]
BY_NAME = "model: {provider: openrouter, default: m}\n"
BY_REFERENCE = "model: {provider: openrouter, default: m, api_key: '${OPENROUTER_API_KEY}'}\n"
BY_KEY_ENV = "model: {provider: custom, base_url: 'https://a.example/v1', default: m, key_env: OPENROUTER_API_KEY}\n"

SPOILT = {
    "quotes within quotes": (f"""OPENROUTER_API_KEY="'{KEY}'"\n""", "holds a quotation mark"),
    "curly quotes": (f"OPENROUTER_API_KEY=“{KEY}”\n", "holds a quotation mark"),
    "an apostrophe at its end": (f"OPENROUTER_API_KEY={KEY}'\n", "holds a quotation mark"),
    "a blank": (f"OPENROUTER_API_KEY={HEAD} {TAIL}\n", "holds a blank"),
    "a tab in quotes": (f"OPENROUTER_API_KEY='{HEAD}\t{TAIL}'\n", "holds a blank"),
    "a blank that does not break": (f"OPENROUTER_API_KEY={HEAD}\u00a0{TAIL}\n", "holds a blank"),
    "the word Bearer": (f"OPENROUTER_API_KEY=Bearer {KEY}\n", "holds a blank"),
    "a carriage return": (f"OPENROUTER_API_KEY={HEAD}\r{TAIL}\n", "goes on in the next line"),
    "a second line": (f"OPENROUTER_API_KEY={HEAD}\n{TAIL}\n", "goes on in the next line"),
    "a second line in quotes": (f"OPENROUTER_API_KEY='{HEAD}\n{TAIL}'\n", "holds a line break"),
    "an escaped line break": (f'OPENROUTER_API_KEY="{HEAD}\\n{TAIL}"\n', "holds a line break"),
    "a blank of no width": (f"OPENROUTER_API_KEY={HEAD}\u200b{TAIL}\n", "holds an invisible character"),
    "a byte order mark": (f"OPENROUTER_API_KEY=\ufeff{KEY}\n", "holds an invisible character"),
    "a mark of direction": (f"OPENROUTER_API_KEY={KEY}\u202e\n", "holds an invisible character"),
    "an escape": (f"OPENROUTER_API_KEY={HEAD}\x1b{TAIL}\n", "holds an invisible character"),
    "a dash that is none": (f"OPENROUTER_API_KEY={HEAD}–{TAIL}\n", "holds a letter beyond ASCII"),
}


@pytest.mark.parametrize(("env", "said"), SPOILT.values(), ids=SPOILT)
@pytest.mark.parametrize("config", [BY_NAME, BY_REFERENCE, BY_KEY_ENV], ids=["by name", "by reference", "by key_env"])
def test_a_spoilt_key_is_blamed_on_its_line_of_the_env_file(config: str, env: str, said: str, tmp_path: Path) -> None:
    home = Home(tmp_path / "hermes")
    with pytest.raises(ProfileError) as caught:
        home.config(config, env=f"# mine\nA=1\n{env}")
    file = home.root / "profiles" / "p" / ".env"
    assert str(caught.value).startswith(f"{file}:3: OPENROUTER_API_KEY {said}; write the key there on one line: ")
    assert "config.yaml" not in str(caught.value)
    assert not any(part in repr(caught.value) for part in (HEAD, TAIL, "canary"))


@pytest.mark.parametrize(
    "env",
    [
        f"OPENROUTER_API_KEY={KEY}\r\nB=2\r\n",
        f"OPENROUTER_API_KEY=' {KEY} '\n",
        f"OPENROUTER_API_KEY={KEY}\n\nbare\n",
        f"OPENROUTER_API_KEY={KEY}\n# note\nbare\n",
        f"B=v\nbare\nOPENROUTER_API_KEY={KEY}\n",
        f"B='a b'\nOPENROUTER_API_KEY={KEY}\n",
    ],
)
def test_what_spoils_no_key_is_let_be(env: str, tmp_path: Path) -> None:
    assert key_of(Home(tmp_path / "hermes").config(BY_NAME, env=env)) == KEY


def test_a_spoilt_key_of_the_environment_is_blamed_on_the_environment(tmp_path: Path) -> None:
    with pytest.raises(
        ProfileError, match=r"the variable OPENROUTER_API_KEY of the environment holds a blank; .*export"
    ):
        Home(tmp_path / "hermes").config(BY_NAME, OPENROUTER_API_KEY=f"{HEAD} {TAIL}")


def test_a_spoilt_address_says_which_line_it_comes_from(tmp_path: Path) -> None:
    config = "model: {provider: custom, base_url: '${WHERE}', default: m}\n"
    with pytest.raises(ProfileError, match=r"model\.base_url is .*; WHERE is set in .*/p/\.env:1"):
        Home(tmp_path / "hermes").config(config, env="WHERE='127.0.0.1:8080'\n")
