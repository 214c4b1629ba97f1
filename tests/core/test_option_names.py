"""Whoever gave a task as JSON is told of its fields, and not of options that stand for them."""

from __future__ import annotations

import pytest

from profile_router.api.task_fields import ROUTED_FIELDS, RUN
from profile_router.core.option_names import in_fields


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("--file 'new.py' does not exist", "files 'new.py' does not exist"),
        ("no --file names one; give it by --workspace (`--workspace .`)",
         'no files names one; give it by workspace (`"workspace": "."`)'),
        ("name its material: `--file FILE`", 'name its material: `"files": ["FILE"]`'),
        ("stay here: `--local-only`", 'stay here: `"local_only": true`'),
        ("--thread 'a b' is not a thread name", "thread 'a b' is not a thread name"),
        ("--max-cost is too much", "max_cost is too much"),
        ("go on: `profile-router run --thread t TASK`", "go on: `profile-router run --thread t TASK`"),
        ("--file-name, --tasks-json, --bogus", "--file-name, --tasks-json, --bogus"),
    ],
)  # fmt: skip
def test_an_option_is_told_as_its_field(said: str, told: str) -> None:
    assert in_fields(said) == told


def test_every_option_that_is_a_field_is_known() -> None:
    for field in (*ROUTED_FIELDS, *RUN):
        if field.option.startswith("--"):
            assert in_fields(f"{field.option} is wrong") == f"{field.key} is wrong"


def test_a_whole_task_as_json_is_told_of_its_fields(
    capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    from profile_router.cli.app import main

    file = tmp_path_factory.mktemp("task") / "task.json"
    file.write_text('{"goal": "fix it", "files": ["absent.py"]}')
    assert main(["run", "--task-json", str(file)]) == 2
    assert "profile-router: files 'absent.py' does not exist; " in capsys.readouterr().err
    assert main(["run", "fix it", "--file", "absent.py"]) == 2
    assert "profile-router: --file 'absent.py' does not exist; " in capsys.readouterr().err
