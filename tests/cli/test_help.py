"""The help lists the commands by what they are for, shows an example of each, and completes in a shell."""

import argparse
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from tests.api.on_stage import DONE, stage
from tests.cli.command import environment
from tests.cli.mortal import Moment, live
from tests.evaluation.made_rows import shop, written
from tests.evaluation.test_fit import dated
from tests.examples import by_night
from tests.llama.script import Script
from tests.llama.tiny_gguf import build
from tests.scripted_provider import call as tool
from tests.scripted_provider import say

from profile_router.cli import app
from profile_router.cli.app import parser
from profile_router.cli.commands.completion import SHELLS
from profile_router.cli.examples import EXAMPLES
from profile_router.cli.spelling import COMMANDS, GROUPS
from profile_router.core.telling.layout import width_of
from profile_router.policies.file import SHIPPED
from profile_router.servers.health import HEALTH_FILE, HEALTH_SCHEMA
from profile_router.state.database import transaction

TASK = ("run", "fix add in calc.py", "--file", "calc.py", "--thread", "7f3c", "--check", "true")

ANSWERS = {
    "run": (tool("edit_file", {"path": "src/http.py", "old": "3", "new": "4"}), say("done")),
    "batch": (tool("edit_file", {"path": "README.md", "old": "hree", "new": "here"}), say("done")),
    "resume": DONE,
    "show": DONE,
    "undo": DONE,
    "replay": DONE,
}
TOO_FEW = 3  # `calibrate` proposes nothing from a ledger without outcomes


def run_in_thread(home: Path, root: Path) -> None:
    """Let the thread of the examples have a run."""
    assert live(*TASK, home=home, cwd=root).code == 0


def killed_in_thread(home: Path, root: Path) -> None:
    """Let the run of that thread be killed when its file was edited."""
    assert live(*TASK, home=home, cwd=root, moment=Moment("edit", 1, "after")).code == -9


def policy_to_try(home: Path, root: Path) -> None:
    run_in_thread(home, root)
    (root / "stricter.yaml").write_bytes(SHIPPED.read_bytes())


def failed_server(home: Path, root: Path) -> None:
    """Let a server of OpenRouter's be down by what was noted of it."""
    with transaction(home / "state" / HEALTH_FILE, HEALTH_SCHEMA) as database:
        database.execute(
            "INSERT INTO health VALUES ('server https://openrouter.ai/api/v1 m', 1, 'unavailable', 0, 0, 0)"
        )


def model(home: Path, root: Path) -> None:
    build(root / "gemma.gguf", Script(), feed_forward=32)


def check_of_its_own(home: Path, root: Path) -> None:
    (root / "pyproject.toml").write_text("[tool.pytest.ini_options]\ntestpaths = ['.']\n")
    (root / "test_calc.py").write_text("import calc\n")


def known_rows(home: Path, root: Path) -> None:
    commit = shop(root / "clones")[0]
    of_the_shop = {"repo": "acme/shop", "base_commit": commit}
    written(root / "rows.jsonl", [{**dated(number), **(of_the_shop if number < 2 else {})} for number in range(120)])


SEEDS: Mapping[str, Callable[[Path, Path], None]] = {
    "resume": killed_in_thread,
    "show": run_in_thread,
    "undo": run_in_thread,
    "replay": policy_to_try,
    "health": failed_server,
    "llama-server": model,
    "check": check_of_its_own,
    "evaluate": known_rows,
    "fit": known_rows,
}


def words_of(name: str) -> list[str]:
    """Return the words of the program's call in the example of *name*."""
    words = shlex.split(EXAMPLES[name].replace("$(", " ").replace(')"', " ").replace('eval "', ""))
    return words[words.index("profile-router") + 1 :]


def test_each_command_stands_in_one_group_and_has_an_example() -> None:
    assert set(EXAMPLES) == set(COMMANDS)
    assert len(COMMANDS) == sum(map(len, GROUPS.values()))


@pytest.mark.parametrize("name", COMMANDS)
def test_an_example_is_what_its_command_takes_and_its_help_shows_it(name: str) -> None:
    assert parser(name).parse_args(words_of(name)).command == name
    told = parser(name)._subparsers
    assert told is not None
    epilog = str(told._group_actions[0].choices[name].epilog)  # type: ignore[index]
    assert f"example:\n  {EXAMPLES[name]}\n" in f"{epilog}\n"


@pytest.mark.parametrize(
    ("words", "code"), [(["--help"], 0), (["route", "--help"], 0), (["route", "x", "--no"], 2), (["rout"], 2)]
)
def test_a_command_leaves_argparse_to_others_as_it_was(
    words: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    before = dict(vars(argparse))
    with pytest.raises(SystemExit) as ended:
        app.main(words)
    assert ended.value.code == code
    assert dict(vars(argparse)) == before
    assert "route" in "".join(capsys.readouterr())


@pytest.mark.parametrize("columns", [60, 100])
def test_the_list_of_commands_is_grouped_and_fits_a_terminal(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    with pytest.raises(SystemExit):
        app.main(["--help"])
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if width_of(line) > columns] == []
    assert [line for line in lines if line.strip() == "None"] == []
    assert [line.strip(" :") for line in lines if line.startswith("  ") and line.endswith(":")] == [*GROUPS]
    shown = [line.split()[0] for line in lines if line.startswith("    ") and line[4] != " "]
    assert shown == [*COMMANDS]


@pytest.mark.parametrize("shell", ["bash", *map(by_night, SHELLS[1:])])
def test_completion_knows_every_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert [name for name in COMMANDS if name not in script] == []
    assert "local-only" in script


def test_what_takes_a_file_or_a_folder_completes_names_of_files(capsys: pytest.CaptureFixture[str]) -> None:
    app.main(["completion", "bash"])
    script = capsys.readouterr().out
    for option in (
        "route___file",
        "run___image",
        "run___policy",
        "report___html",
        "run___task_json",
        "replay___policy",
    ):
        assert f"_shtab_profile_router_{option}_COMPGEN=_shtab_compgen_files" in script
    for option in ("run___workspace", "publish___write"):
        assert f"_shtab_profile_router_{option}_COMPGEN=_shtab_compgen_dirs" in script


@pytest.mark.nightly
def test_bash_completes_commands_and_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app.main(["completion", "bash"])
    script = tmp_path / "completion"
    script.write_text(capsys.readouterr().out)
    ask = "COMP_WORDS=({}); COMP_CWORD={}; _shtab_profile_router; echo ${{COMPREPLY[@]}}"
    asked = [ask.format("profile-router pol", 1), ask.format("profile-router route --lo", 2)]
    done = subprocess.run(
        ["bash", "-c", "; ".join((f"source {script}", *asked))], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["policy", "--local-only"]


@pytest.mark.nightly
@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "bench"])  # its calls have tests of their own
def test_an_example_runs_as_written(name: str, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "profile-router"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nfrom profile_router.cli import main\nraise SystemExit(main())\n")
    program.chmod(0o755)
    with stage(tmp_path, *ANSWERS.get(name, ())) as on:
        (on.root / "src").mkdir()
        (on.root / "src" / "http.py").write_text("RETRY_S = 3\n")
        (on.root / "README.md").write_text("A typo hree.\n")
        if seed := SEEDS.get(name):
            seed(tmp_path, on.root)
        environ = environment(tmp_path)
        environ["PATH"] = f"{program.parent}:{environ['PATH']}"
        done = subprocess.run(
            ["bash", "-c", EXAMPLES[name]], cwd=on.root, env=environ, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
    assert done.returncode == (TOO_FEW if name == "calibrate" else 0), done.stderr
    assert "Traceback" not in done.stderr
