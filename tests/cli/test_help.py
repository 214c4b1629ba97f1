"""The help lists the commands by what they are for, shows an example of each, and completes in a shell."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tests.api.on_stage import stage
from tests.cli.command import environment
from tests.examples import by_night
from tests.scripted_provider import call as tool
from tests.scripted_provider import say

from profile_router.cli import app
from profile_router.cli.app import parser
from profile_router.cli.commands.completion import SHELLS
from profile_router.cli.examples import EXAMPLES
from profile_router.cli.spelling import COMMANDS, GROUPS
from profile_router.core.telling.layout import width_of

# What ends with another code than 0 on the stage: its server is a script, no run 7f3c is there, and no such file.
CODES = {
    "resume": 2,
    "show": 2,
    "undo": 2,
    "replay": 2,
    "calibrate": 3,
    "health": 2,
    "llama-server": 2,
    "check": 1,
    "evaluate": 2,
    "fit": 2,
}
ANSWERS = {
    "run": (tool("edit_file", {"path": "src/http.py", "old": "3", "new": "4"}), say("done")),
    "batch": (tool("edit_file", {"path": "README.md", "old": "hree", "new": "here"}), say("done")),
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
    assert f"example: {EXAMPLES[name]}" in str(told._group_actions[0].choices[name].epilog)  # type: ignore[index]


@pytest.mark.parametrize("columns", [60, 100])
def test_the_list_of_commands_is_grouped_and_fits_a_terminal(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    with pytest.raises(SystemExit):
        app.main(["--help"])
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if width_of(line) > columns] == []
    assert [line.strip(" :") for line in lines if line.startswith("  ") and line.endswith(":")] == [*GROUPS]
    shown = [line.split()[0] for line in lines if line.startswith("    ") and line[4] != " "]
    assert shown == [*COMMANDS]


@pytest.mark.parametrize("shell", ["bash", *map(by_night, SHELLS[1:])])
def test_completion_knows_every_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert [name for name in COMMANDS if name not in script] == []
    assert "local-only" in script


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
        environ = environment(tmp_path)
        environ["PATH"] = f"{program.parent}:{environ['PATH']}"
        done = subprocess.run(
            ["bash", "-c", EXAMPLES[name]], cwd=on.root, env=environ, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
    assert done.returncode == CODES.get(name, 0), done.stderr
    assert "Traceback" not in done.stderr
