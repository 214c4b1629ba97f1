"""A Hermes home that was used with us in it: uninstall leaves what was there before, and what Hermes wrote."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tests.fakes import BURST, CHEAP, LOCAL
from tests.hermes_plugin.parent import ROOT, Parent, delegates, server
from tests.install.trees import tree
from tests.runners.hermes.installed import NEW, installed_hermes
from tests.runners.hermes.stage import Stage
from tests.scripted_provider import ScriptedProvider

# Where Hermes keeps what was said and done, and its skills: a task, its receipt, its child's model name.
_RECORDS = ("state.db", "logs", "sessions", "cache", "backups", ".skills_prompt_snapshot.json")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path / "stage", installed_hermes(NEW)) as stage:
        yield stage


def ours(stage: Stage, *arguments: str) -> None:
    """Run `profile-router arguments` on the home of *stage*."""
    environ = {**stage.environ, "PYTHONPATH": f"{ROOT / 'skill'}:{ROOT / 'graphs'}"}
    environ["PROFILE_ROUTER_HERMES_PYTHON"] = str(stage.hermes.python)
    ended = subprocess.run(
        [sys.executable, "-m", "profile_router", *arguments], env=environ, cwd=stage.workspace,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.nightly
def test_after_a_delegation_an_uninstall_leaves_what_was_there_and_what_hermes_wrote(stage: Stage) -> None:
    with ScriptedProvider(delegates(tasks=[{"goal": "Find the typo in README.md"}])) as model, server("done") as local:
        parent = Parent(stage, model)
        parent.set_up()
        parent.profiles({LOCAL: local, BURST: local, CHEAP: local})
        for path in sorted(parent.folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        parent.folder.rmdir()
        config = {key: value for key, value in parent._config().items() if key != "plugins"}
        (stage.root / "config.yaml").write_text(f"# mine\n{yaml.safe_dump(config)}")
        before = tree(stage.root)
        ours(stage, "install", "--yes")
        text = (stage.root / "config.yaml").read_text()
        assert "provider: profile-router" in text
        parent.say()
        assert "route     coding-local" in parent.told["results"][0]["summary"]
        ours(stage, "uninstall", "--yes")
    after = tree(stage.root)
    assert {name: after.get(name) for name in before} == before
    left = [name for name in after.keys() - before.keys() if not name.startswith(_RECORDS)]
    assert [name for name in left if "profile-router" in name] == []
    assert [name for name in left if b"profile-router" in (after[name][1] or b"")] == []
