"""Rows are read within bounds; what is wrong is named with its file and line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.evaluation.made_rows import row, written

from profile_router.errors import UsageError
from profile_router.evaluation.rows import digest_of, read_outcomes, read_rows

COMMIT = "a" * 40


def test_a_row_is_read_with_what_its_truth_knows(tmp_path: Path) -> None:
    data = written(
        tmp_path / "commits.dev.jsonl",
        [row("a", "Fix it", repo="acme/shop", base_commit=COMMIT, hand_lines=7, lines_changed=900, files=["x.py"])],
    )
    (found,) = read_rows([data])
    assert (found.set, found.split, found.repo, found.commit) == ("commits", "dev", "acme/shop", COMMIT)
    assert (found.truth.lines, found.truth.files, found.where) == (7, ("x.py",), f"{data}:1")


def test_fields_that_nobody_knows_are_left_out(tmp_path: Path) -> None:
    one = {**row("a", "Fix it", mood="good"), "license": "MIT", "attachments": [{"kind": "image"}]}
    assert read_rows([written(tmp_path / "x.jsonl", [one])])[0].id == "a"


WRONG: list[tuple[Any, str]] = [
    ({"id": "a", "text": "t", "truth": {"hand_lines": "many"}, "split": "dev"}, "truth.hand_lines is wrong"),
    ({"id": "a", "text": "t", "truth": {"hand_lines": -1}, "split": "dev"}, "truth.hand_lines is wrong"),
    ({"id": "a", "text": "t", "truth": {"hand_lines": True}, "split": "dev"}, "truth.hand_lines is wrong"),
    ({"id": "a", "text": "t", "truth": {}}, "split is wrong"),
    ({"id": "a", "text": "t", "truth": {}, "split": "train"}, "split is wrong"),
    ({"id": "", "text": "t", "truth": {}, "split": "dev"}, "id is wrong"),
    ({"id": "a", "text": 7, "truth": {}, "split": "dev"}, "text is wrong"),
    ({"id": "a", "text": "t", "split": "dev"}, "truth is wrong"),
    ({**row("a", "t"), "repo": "../../etc"}, "repo is wrong"),
    ({**row("a", "t"), "base_commit": "HEAD"}, "base_commit is wrong"),
    ({**row("a", "t"), "base_commit": "--output=/x"}, "base_commit is wrong"),
    ({**row("a", "t"), "models": {"m": {"cost": 1.0}}}, "needs `resolved`"),
    (["no", "object"], "the line is wrong"),
]


@pytest.mark.parametrize(("line", "said"), WRONG, ids=[said + str(number) for number, (_, said) in enumerate(WRONG)])
def test_a_wrong_field_is_named_with_file_and_line(tmp_path: Path, line: Any, said: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(f"{json.dumps(row('first', 'fine'))}\n\n{json.dumps(line)}\n")
    with pytest.raises(UsageError, match=said) as refused:
        read_rows([path])
    assert str(refused.value).startswith(f"{path}:3: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{not json}\n", "rows.jsonl:1: not JSON"),
        (b"[" * 100 + b"]" * 100, "rows.jsonl:1: nested deeper"),
        (b"\n \n", "no rows in"),
    ],
    ids=["no JSON", "too deep", "empty"],
)
def test_what_is_not_a_row_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=said):
        read_rows([path])


def test_absent_data_is_said_clearly(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"the data is absent: .*none\.jsonl"):
        read_rows([tmp_path / "none.jsonl"])


def test_data_is_a_plain_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a plain file"):
        read_rows([tmp_path])


def test_an_id_stands_once_over_all_files(tmp_path: Path) -> None:
    one, two = (written(tmp_path / f"{name}.jsonl", [row("same", "t")]) for name in "ab")
    with pytest.raises(UsageError, match=r"b\.jsonl:1: the id same stands twice, first in .*a\.jsonl:1"):
        read_rows([one, two])


def test_the_digest_follows_the_input_and_not_the_file(tmp_path: Path) -> None:
    rows = [row("a", "one"), row("b", "two")]
    first = digest_of(read_rows([written(tmp_path / "a.jsonl", rows)]))
    assert digest_of(read_rows([written(tmp_path / "b.jsonl", rows[::-1])])) == first
    assert digest_of(read_rows([written(tmp_path / "c.jsonl", [*rows[:1], row("b", "three")])])) != first


def test_outcomes_are_read_by_id(tmp_path: Path) -> None:
    path = tmp_path / "table.jsonl"
    path.write_text(json.dumps({"id": "a", "models": {"m": {"resolved": True, "cost": 0.5, "api_calls": 3}}}) + "\n")
    assert read_outcomes(path)["a"]["m"].solved == 1.0
