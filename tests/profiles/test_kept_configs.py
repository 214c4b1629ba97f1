"""A config.yaml is read as YAML once, and what is kept of it holds no value of it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples

from profile_router.profiles import files, kept_configs
from profile_router.profiles.files import read_config
from profile_router.resources import shipped

KEY = "sk-canary-7f3a9c51d2"
SPELLED = [
    *(path.read_text() for path in sorted(shipped("profiles").glob("*/config.yaml"))),
    f"model:\n  api_key: {KEY}\n  default: \"a b\"\n  name: 'c'\n",
    "a: [1, 2.5, true, False, null, ~, {b: c}]\nd:\ne: -3\n",
    "a: &x {b: 1}\nc: *x\n",
    "über: größe  # a comment\nleer: ''\n",
    "a: 1\na: 2\n",
    "a: 0o17\nb: 1_000\n",
]
NOT_SPELLED = [
    *("a: 'it''s'\n", 'a: "tab\\t"\n', "a: one\n  two\n", "a: |\n  text\n", "a: 2026-11-29\n", "a: 017\n"),
    *("a: .inf\n", "a: yes\n", "a: !!str 5\n", "a: &x text\nb: *x\n", "a: &m {b: 1}\nc: {<<: *m}\n"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "configs"


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows with each text that is read as YAML."""
    seen: list[str] = []
    parse = files.parse_config

    def counted(text: str, path: Path) -> dict[str, Any]:
        seen.append(text)
        return parse(text, path)

    monkeypatch.setattr(files, "parse_config", counted)
    return seen


def _config(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("text", SPELLED)
def test_the_second_call_reads_the_same_without_yaml(
    text: str, tmp_path: Path, folder: Path, parses: list[str]
) -> None:
    path = _config(tmp_path, text)
    first, second = read_config(path, folder), read_config(path, folder)
    assert repr(first) == repr(second) == repr(read_config(path))
    assert len(parses) == 2  # the first, and the last, which is told of no folder


@pytest.mark.parametrize("text", NOT_SPELLED)
def test_a_value_that_its_text_does_not_spell_is_read_as_yaml_each_time(
    text: str, tmp_path: Path, folder: Path, parses: list[str]
) -> None:
    path = _config(tmp_path, text)
    assert repr(read_config(path, folder)) == repr(read_config(path, folder)) == repr(yaml.safe_load(text))
    assert len(parses) == 2
    assert not folder.exists()


def test_no_value_of_a_config_is_kept(tmp_path: Path, folder: Path) -> None:
    read_config(_config(tmp_path, SPELLED[3]), folder)
    (file,) = folder.iterdir()
    assert KEY not in file.read_text()
    assert set(file.read_text().partition("\n")[2]) <= set('[]",0123456789mapstrseqintfloatruelnul')


def test_a_change_of_one_letter_is_read_again(tmp_path: Path, folder: Path, parses: list[str]) -> None:
    for letter in "ab":
        assert read_config(_config(tmp_path, f"model: {letter}\n"), folder) == {"model": letter}
    assert len(parses) == 2


HOSTILE = ["", "{}", "null", "[]", '["map"]x', '["map", ["str", 0, 5]]', '["str", 0, 5]', '["map", 1]', "[" * 9_000]


@pytest.mark.parametrize("content", HOSTILE)
def test_whatever_is_wrong_with_what_is_kept_counts_as_nothing_kept(content: str, tmp_path: Path, folder: Path) -> None:
    path = _config(tmp_path, "model: a\n")
    read_config(path, folder)
    (file,) = folder.iterdir()
    signed = hashlib.sha256(file.stem.encode() + content.encode()).hexdigest()
    file.write_text(f"{signed}\n{content}")
    assert read_config(path, folder) == {"model": "a"}


def test_an_error_is_told_the_same_with_a_folder_to_keep_in(tmp_path: Path, folder: Path) -> None:
    path = _config(tmp_path, "a: [1\n")
    with pytest.raises(Exception, match="not valid YAML") as alone:
        read_config(path)
    with pytest.raises(type(alone.value)) as again:
        read_config(path, folder)
    assert str(again.value) == str(alone.value)


PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12)
CONFIGS = st.dictionaries(
    st.text(max_size=6),
    st.recursive(PLAIN, lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=4), one, max_size=3)),
    max_size=4,
)


@examples(60)
@given(CONFIGS, st.booleans())
def test_what_is_recalled_is_what_yaml_reads_or_nothing(
    tmp_path_factory: pytest.TempPathFactory, config: dict[str, Any], flow: bool
) -> None:
    folder = tmp_path_factory.mktemp("any") / "configs"
    text = yaml.safe_dump(config, allow_unicode=True, default_flow_style=flow)
    read = yaml.safe_load(text)
    kept_configs.keep_config(folder, text, read)
    assert repr(kept_configs.recall_config(folder, text)) in (repr(read), "None")


def test_a_config_of_plain_values_is_kept(folder: Path) -> None:
    text = yaml.safe_dump(
        {"model": {"default": "a", "context_length": 8192, "temperature": 0.2, "on": True}, "x": None}
    )
    kept_configs.keep_config(folder, text, yaml.safe_load(text))
    assert kept_configs.recall_config(folder, text) == yaml.safe_load(text)
