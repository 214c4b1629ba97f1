"""The plugin's folder is what Hermes' catalog takes: validated, installed with the scan on, and as it says it is."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.git.git_repository import repository
from tests.hermes_plugin.parent import PLUGIN, ROOT, write_plugin
from tests.runners.hermes.installed import NEW, installed_hermes

from profile_router import __version__
from profile_router.install import sources

FOLDER = PLUGIN.relative_to(ROOT).as_posix()
MANIFEST = yaml.safe_load((PLUGIN / "plugin.yaml").read_text())
ENTRY = yaml.safe_load((ROOT / "plugin-catalog" / "profile-router.yaml").read_text())
README = (ROOT / "README.md").read_text(encoding="utf-8")
KINDS = ("provides_tools", "provides_hooks", "provides_middleware")
# What Hermes 0.22.2 calls public (hermes_cli/plugin_validate_private_imports.py), and 0.22.5 of its delegation.
PUBLIC = {
    *("agent.runtime_cwd.resolve_agent_cwd", "agent.usage_pricing.CostResult", "hermes_cli.config.load_config"),
    *("agent.delegation_provider.DelegationProvider", "agent.delegation_provider.DelegationRouteError"),
    "fastapi.APIRouter",  # of the dashboard, which has it and mounts the router
    *(
        "hermes_constants.get_hermes_home",
        "hermes_constants",
        "hermes_state",
        "providers.base.ProviderProfile",
        "providers.register_provider",
    ),
}


# Writes what the installer of Hermes notes once its environment is made: that it is of this checkout's lock.
SYNCED = (
    "from pm import paths; from pm.install import Facts; from pm.registry import get_package\n"
    "stamp = get_package('venv').expected_stamp([], plugin_dirs=[])\n"
    "Facts(paths.runtime_facts_path()).record_state('venv', stamp, [])"
)


def checkout(folder: Path, home: Path) -> list[str]:
    """Make *folder* what Hermes' installer makes: a checkout with its lock file, and an environment of its own in it.

    A wheel has neither, so `hermes plugins install --enable` finds no lock there and leaves each plugin disabled, one
    without requirements too. Here the packages are those of the wheel, and the lock names none. Return what starts
    this Hermes.
    """
    installed = installed_hermes(NEW).python
    [packages] = installed.parents[1].glob("lib/python3*/site-packages")
    [record] = packages.glob("hermes_agent*.dist-info/RECORD")
    for line in record.read_text().splitlines():
        name = line.partition(",")[0]
        if not name.startswith("..") and ".dist-info/" not in name:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(packages / name, folder / name)
    (folder / "pyproject.toml").write_text("[project]\nname = 'hermes-agent'\nversion = '0.22.2'\n")
    (folder / "uv.lock").write_text("version = 1\n")
    subprocess.run([str(installed), "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    [library] = (folder / "venv").glob("lib/python3*/site-packages")
    (library / "hermes.pth").write_text(f"{folder}\n{packages}\n")
    (folder / "venv" / "pm-runtime.json").write_text("{}")  # else Hermes fetches a python before it installs a plugin
    python = str(folder / "venv" / "bin" / "python")
    subprocess.run([python, "-c", SYNCED], env=surroundings(home), check=True)
    return [python, "-m", "hermes_cli.main"]


def surroundings(home: Path) -> dict[str, str]:
    """Return the environment of a Hermes on *home*; what would leave this machine meets a closed door."""
    (home / "hermes").mkdir(parents=True, exist_ok=True)
    nowhere = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    here = {"PATH": os.environ["PATH"], "HOME": str(home), "HERMES_HOME": str(home / "hermes")}
    return {**here, **nowhere, "HERMES_DISABLE_LAZY_INSTALLS": "1"}


def hermes(home: Path, *arguments: str, command: Sequence[str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the real Hermes of today on *home*, by *command*."""
    return subprocess.run(
        [*(command or installed_hermes(NEW).command), *arguments], env=surroundings(home), cwd=home,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.nightly
def test_the_catalogs_own_validation_warns_of_nothing_but_the_backend_of_a_later_hermes(tmp_path: Path) -> None:
    done = hermes(tmp_path, "plugins", "validate", str(PLUGIN), "--json")
    said = json.loads(done.stdout)
    assert (done.returncode, said["ok"]) == (0, True), said
    # what a later Hermes has and calls public: imported where it is there, and for a backend of delegation alone
    assert [warning for warning in said["warnings"] if "agent.delegation_provider" not in warning] == []
    found = {check["name"]: check["detail"] for check in said["checks"]}
    assert (found["security scan"], found["no core override"]) == ("safe", "no runtime rebinds of Hermes core")


@pytest.mark.nightly
def test_hermes_installs_it_with_the_guard_on_and_loads_it(tmp_path: Path) -> None:
    found = sources.plugin_files((), older=False)
    files = {f"{FOLDER}/{name}": content for name, content in found.items() if name != "router.json"}
    published = repository(tmp_path / "published", files)
    command = checkout(tmp_path / "hermes-agent", tmp_path)
    [written] = re.findall(r"`hermes (plugins install [^`]+)`", README)
    # only the place differs: Hermes' git takes no alias for a server from its user
    assert written.split() == ["plugins", "install", f"OWNER/REPO/{FOLDER}", "--enable"]
    done = hermes(tmp_path, "plugins", "install", f"{published.as_uri()}#{FOLDER}", "--enable", command=command)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "not set up yet" in done.stdout
    assert "Plugin profile-router enabled" in done.stdout, done.stdout
    assert yaml.safe_load((tmp_path / "hermes" / "config.yaml").read_text())["plugins"]["enabled"] == ["profile-router"]
    brought = tmp_path / "hermes" / "plugins" / "profile-router"
    assert {FOLDER + "/" + path.relative_to(brought).as_posix() for path in brought.rglob("*")} >= files.keys()
    asked = hermes(tmp_path, "profile-router", "setup", command=command)
    assert (asked.returncode, "hermes profile-router setup --from FOLDER" in asked.stderr) == (2, True), asked


@pytest.mark.parametrize("older", [False, True], ids=["as in the catalog", "as for an older Hermes"])
def test_what_is_registered_is_what_is_declared(tmp_path: Path, older: bool) -> None:
    """In a process of its own: the plugin is a package there, as Hermes loads it."""
    write_plugin(tmp_path / "profile_router_plugin", {}, older=older)
    code = (
        "import json, sys; sys.path.insert(0, sys.argv[1]); import profile_router_plugin as plugin\n"
        "found = {}\n"
        "class Context:\n"
        "    def __getattr__(self, name):\n"
        "        return lambda first, *_, **__: found.setdefault(name, []).append(first)\n"
        "plugin.register(Context()); print(json.dumps(found))"
    )
    ran = subprocess.run([sys.executable, "-I", "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    found = json.loads(ran.stdout)
    registered = {kind: sorted(set(found.get(f"register_{kind[9:].removesuffix('s')}", []))) for kind in KINDS}
    assert registered == {kind: sorted(MANIFEST.get(kind, [])) for kind in KINDS}


def imports(path: Path) -> set[str]:
    """Return what the python file *path* imports by an absolute name: `module`, or `module.name` as it is taken."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            [first, *_] = node.args
            found |= {str(first.value)} if isinstance(first, ast.Constant) else set()
    return {name for name in found if name.partition(".")[0] not in sys.stdlib_module_names}


def test_of_hermes_it_imports_only_what_hermes_calls_public() -> None:
    assert {name for path in PLUGIN.rglob("*.py") for name in imports(path)} == PUBLIC


def test_the_entry_of_the_catalog_tells_of_the_plugin_what_the_plugin_tells() -> None:
    told: dict[str, Any] = {
        "name": MANIFEST["name"],
        "version": MANIFEST["version"],
        "requires_hermes": MANIFEST["requires_hermes"],
    }
    assert {key: ENTRY[key] for key in told} == told
    assert {kind: ENTRY["capabilities"][kind] for kind in KINDS} == {kind: MANIFEST.get(kind, []) for kind in KINDS}
    assert (MANIFEST["version"], ENTRY["subdir"]) == (__version__, FOLDER)
    assert re.search(r"Disclosure — reads: .* Runs: .* Writes: .* Sends: .* Shows: ", ENTRY["description"])
    assert all(
        f"| {what} |" in (PLUGIN / "README.md").read_text() for what in ("reads", "runs", "writes", "sends", "shows")
    )


def test_the_entry_is_one_that_hermes_takes(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from hermes_cli.plugin_catalog import load_catalog\n"
        "[entry] = load_catalog(Path(sys.argv[1])); print(entry.install_identifier, entry.category, entry.version)"
    )
    python = str(installed_hermes(NEW).python)
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "HERMES_HOME": str(tmp_path)}
    where = str(ROOT / "plugin-catalog")
    ran = subprocess.run([python, "-c", code, where], env=environ, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == [f"{ENTRY['repo']}#{FOLDER}", "models", MANIFEST["version"]]
