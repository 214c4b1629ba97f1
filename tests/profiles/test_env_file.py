"""A profile's .env: its values, what a reference may take, and the lines that are refused with their number."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profile_router.errors import ProfileError
from profile_router.profiles.env_file import read_env

CANARY = "sk-canary-0123456789"
AROUND = {"HOME": "/home/me", "USER": "me", "TOKEN": CANARY, "PATH": "/bin"}


def read(folder: Path, text: str | bytes) -> dict[str, str]:
    file = folder / ".env"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_env(file, AROUND)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("K=v", "v"),
        ("  K = v  ", "v"),
        ("export K=v", "v"),
        ("K='a b#c'", "a b#c"),
        ('K="a b"  # comment', "a b"),
        (r'K="a\"b"', 'a"b'),
        (r"K='a\nb'", r"a\nb"),
        (r'K="a\nb"', "a\nb"),
        ("K='a\n  b'", "a\nb"),  # Hermes trims the lines of the file first
        ("K=v # comment", "v"),
        ("K=v#no-comment", "v#no-comment"),
        ("K=a=b==", "a=b=="),
        ("K=$(echo x)`y`", "$(echo x)`y`"),
        ("# K=no\nK=v", "v"),
        ("K=first\nK=last", "last"),
        ("\ufeffK=v", "v"),
        ("A=1\r\nK=v\r\nB=2\r\n", "v"),
        ("A=1\rK=v\rB=2", "v"),
        ("K=v\0w", "vw"),
        ("K=ü", "ü"),
        ("K=", ""),
        ("O='${A}'\nA=1\nK=${A}-${O}", "1-"),
        ("K=${NONE:-else}", "else"),
        ("K=$A", "$A"),
        ("K=${HOME}/x", "/home/me/x"),
        ("HOME=/other\nK=${HOME}", "/other"),
    ],
)
def test_a_line_has_its_value_and_nothing_is_run(tmp_path: Path, line: str, value: str) -> None:
    assert read(tmp_path, line)["K"] == value


@pytest.mark.parametrize("name", ["TOKEN", "PATH"])
def test_a_reference_takes_no_secret_of_the_environment(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, CANARY)
    assert read(tmp_path, f"K=${{{name}}}\nL=${{{name}:-else}}\n") == {"K": "", "L": "else"}


@pytest.mark.parametrize("text", ["", "\n\n", "# K=v\n", "K\n", "K=v\nK\n"])
def test_a_name_without_a_value_is_not_set(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == {}


def test_what_is_around_the_file_is_not_in_it(tmp_path: Path) -> None:
    assert read(tmp_path, "K=v\n") == {"K": "v"}
    assert read_env(tmp_path / "absent", AROUND) == {}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"A=1\n\n\nbroken {CANARY}\nB=2\n", 4),
        (f"A='{CANARY}\nB=2\n", 1),
        (f'A="1"\nB="{CANARY}\n', 2),
        (f"# a\r\nA: {CANARY}\r\n", 2),
        (f'A="{CANARY}" x\n', 1),
        (f"={CANARY}\n", 1),
        (f"A=1\nB={CANARY}{'${A}' * 101}\n", 2),
        (f"A={'x' * 20_000}\nB={'${A}' * 100}\n", 2),
        (f"A={CANARY}{' ' * 400_000}\nB=x{' ' * 400_000}x\n", 2),
    ],
)
def test_a_line_that_cannot_be_read_is_refused_with_its_number_and_not_shown(
    tmp_path: Path, text: str, line: int
) -> None:
    with pytest.raises(ProfileError) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path}/.env:{line}: the line ")
    assert CANARY not in repr(caught.value)


WORDS = st.text(st.sampled_from("aB1_ '\"\\=#$`()\t"), max_size=12)


@given(st.dictionaries(st.from_regex(r"[A-Z_][A-Z0-9_]{0,8}", fullmatch=True), WORDS, max_size=5))
def test_what_is_quoted_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, str]
) -> None:
    escaped = {name: value.replace("\\", "\\\\").replace("'", "\\'") for name, value in values.items()}
    text = "".join(f"{name}='{value}'\n" for name, value in escaped.items())
    assert read(tmp_path_factory.mktemp("home"), text) == values


@given(st.text(st.sampled_from("AB=$#{}:-'\"\\ \n\r\x85"), max_size=60))
def test_any_text_is_variables_or_a_refusal_of_one_line(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    try:
        found = read(tmp_path_factory.mktemp("home"), text)
    except ProfileError as refused:
        assert str(refused).isprintable()  # noqa: PT017
    else:
        assert all(isinstance(value, str) for value in found.values())
