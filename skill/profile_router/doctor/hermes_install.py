"""Checks of Hermes: found, its version tried, our plugin enabled, our skill visible, approvals as they should be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from profile_router.doctor.facts import DoctorFacts
from profile_router.doctor.finding import INSTALL, UPDATE_HERMES, Finding, failed, passed, warned
from profile_router.folders import PLUGIN, SKILL
from profile_router.machine.hermes_program import HERMES_VARIABLE
from profile_router.outside.places import at_home, is_folder_named
from profile_router.profiles.files import read_config
from profile_router.profiles.spelling import section

OLDER = "older"
_TRIED = ("0.19", "0.22")
_SOURCE = "https://github.com/NousResearch/hermes-agent"
_DEEPEST = 3  # folders between `skills` and a SKILL.md: category, name, and one to spare
_MODES: Mapping[Any, str] = {True: "manual", False: "off"}  # YAML 1.1 reads a bare `off` as false


def hermes_version(facts: DoctorFacts) -> Iterator[Finding]:
    """Warn where Hermes is missing, or older than any that was tried. A child asks a newer one what it has."""
    if facts.hermes_problem:
        yield failed("Hermes", facts.hermes_problem, f"unset {HERMES_VARIABLE}")
    elif facts.hermes is None:
        yield warned(
            "Hermes",
            "not on PATH: the embedded runner does all the work",
            f"nothing, unless Hermes is to work here: {_SOURCE}",
        )
    elif facts.hermes.seams.version is None:
        yield warned("Hermes", f"{facts.hermes.command}, whose version was not found", UPDATE_HERMES)
    elif _numbers(facts.hermes.seams.version) < _numbers(_TRIED[0]):
        measured = f"{facts.hermes.seams.version}, older than {_TRIED[0]}: its windows and tools are not known here"
        yield warned("Hermes", measured, UPDATE_HERMES)
    else:
        yield passed(
            "Hermes", f"{facts.hermes.seams.version} at {facts.hermes.command}{_untried(facts.hermes.seams.version)}"
        )


def _untried(version: str) -> str:
    if _numbers(version)[:2] in map(_numbers, _TRIED):
        return ""
    tried = " and ".join(_TRIED)
    return f" (tried: {tried}; where it lacks what a turn needs, `hermes chat` or the embedded runner does the work)"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version.partition("+")[0])[:3])


def hermes_plugin(facts: DoctorFacts) -> Iterator[Finding]:
    """Warn where delegate_task is not routed: the plugin is not there, or not enabled."""
    home = facts.home.parent
    if facts.hermes is None or home is None:
        return
    listed = section(config_of(home), "plugins")
    if not (home / "plugins" / PLUGIN / "plugin.yaml").is_file():
        yield warned("Hermes plugin", f"not in {home / 'plugins'}: delegate_task is not routed", INSTALL)
    elif PLUGIN in _names(listed.get("disabled")) or PLUGIN not in _names(listed.get("enabled")):
        measured = f"there, but not enabled in {home / 'config.yaml'}"
        yield warned("Hermes plugin", measured, f"{_hermes(home)} plugins enable {PLUGIN}")
    elif facts.hermes.seams.used == "middleware" and not (home / "plugins" / PLUGIN / OLDER).is_dir():
        measured = f"enabled, but without its part {OLDER}/, which this Hermes needs: delegate_task is not routed"
        yield warned("Hermes plugin", measured, INSTALL)
    else:
        yield passed("Hermes plugin", f"enabled in {home / 'config.yaml'}")


def hermes_skill(facts: DoctorFacts) -> Iterator[Finding]:
    """Warn where the parent cannot see our skill."""
    home = facts.home.parent
    if facts.hermes is None or home is None:
        return
    stated = section(config_of(home), "skills")
    named = [at_home(name) for name in _names(stated.get("external_dirs"))]
    external = [folder for folder in named if is_folder_named(str(folder))]
    found = next((path for folder in (home / "skills", *external) for path in _skills(folder)), None)
    if found is None:
        yield warned("Hermes skill", f"{SKILL} is not in {home / 'skills'}", INSTALL)
    elif SKILL in _names(stated.get("disabled")):
        yield warned("Hermes skill", f"{SKILL} is disabled in {home / 'config.yaml'}", f"{_hermes(home)} skills config")
    else:
        yield passed("Hermes skill", f"visible in {found.parent}")


def approvals(facts: DoctorFacts) -> Iterator[Finding]:
    """Warn where dangerous commands run unasked in every session, not only where the policy grants it to a child."""
    home = facts.home.parent
    if facts.hermes is None or home is None:
        return
    if facts.machine.environ.get("HERMES_YOLO_MODE", "").strip().lower() in {"1", "true", "yes", "on"}:
        yield warned("Hermes approvals", "HERMES_YOLO_MODE is set: commands run unasked", "unset HERMES_YOLO_MODE")
    folders = {home.name: home} | {subject.name: subject.folder for subject, _ in facts.loaded() if subject.folder}
    modes = {name: _mode(folder) for name, folder in folders.items()}
    for name in (name for name, mode in modes.items() if mode == "off"):
        target = f"{_hermes(folders[name])} config set approvals.mode smart"
        yield warned("Hermes approvals", f"off in {folders[name]}: every command runs unasked", target)
    if "off" not in modes.values():
        yield passed("Hermes approvals", ", ".join(sorted(set(modes.values()))))


def _mode(home: Path) -> str:
    stated = section(config_of(home), "approvals").get("mode", "smart")  # Hermes' own default
    mode = _MODES.get(stated, str(stated).strip().lower()) if isinstance(stated, bool | str) else "manual"
    return mode if mode in {"manual", "smart", "off"} else "manual"


def _skills(folder: Path) -> Iterator[Path]:
    for depth in range(1, _DEEPEST + 1):
        for path in sorted(folder.glob(f"{'*/' * depth}SKILL.md")):
            if _is_ours(path):
                yield path


def _is_ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(2_000).decode("utf-8", "replace")
    except OSError:
        return False
    return bool(re.search(rf"^name:\s*['\"]?{SKILL}['\"]?\s*$", head, re.MULTILINE))


def config_of(home: Path) -> Mapping[str, Any]:
    """Return what config.yaml of the Hermes home *home* says, empty without one."""
    return read_config(home / "config.yaml") or {}


def _names(value: object) -> frozenset[str]:
    listed = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return frozenset(str(name).strip() for name in listed)


def _hermes(home: Path) -> str:
    return f"hermes -p {home.name}" if home.parent.name == "profiles" else "hermes"
