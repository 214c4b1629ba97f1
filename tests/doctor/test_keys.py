"""Where each profile's key comes from. No line ever holds one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.doctor.scene import Row, Scene, ids
from tests.fakes import BURST, CHEAP

from profile_router.doctor import keys
from profile_router.doctor.finding import Level

KEY = "sk-or-v1-0123456789abcdef"
LINE = f"OPENROUTER_API_KEY={KEY}\n"
INLINE = f"model: {{provider: openrouter, default: maker/large, api_key: '{KEY}'}}\n"
CUSTOM = "model: {provider: custom, base_url: 'https://models.example/v1', default: m}\n"
VARIABLE = f"{BURST} key  OPENROUTER_API_KEY"


def both(act: Callable[[Scene, str], object]) -> Callable[[Scene], None]:
    """Do the same to both cloud profiles."""

    def given(scene: Scene) -> None:
        for name in (BURST, CHEAP):
            act(scene, name)

    return given


def in_the_global_file(scene: Scene) -> None:
    scene.home.write(None, env=LINE)


def in_the_shell(scene: Scene) -> None:
    scene.environ["OPENROUTER_API_KEY"] = KEY


def in_the_shell_of_shipped_profiles(scene: Scene) -> None:
    in_the_shell(scene)
    scene.environ["HERMES_HOME"] = str(scene.home.root / "absent")


def in_the_global_config(scene: Scene) -> None:
    scene.home.write(None, INLINE)


def shipped(scene: Scene) -> None:
    scene.environ["HERMES_HOME"] = str(scene.home.root / "absent")


def row(rule: str, given: Callable[[Scene], object], level: Level | None, says: str, fix: str = "") -> Row:
    return Row(rule=rule, check=keys.keys, given=given, level=level, says=says, fix=fix)


ROWS = [
    row(
        "a key in the profile's .env is fine",
        both(lambda scene, name: scene.home.write(name, env=LINE)),
        "pass",
        f"{VARIABLE} in the profile's .env",
    ),
    row(
        "a key in the profile's config.yaml is fine",
        both(lambda scene, name: scene.home.write(name, INLINE)),
        "pass",
        "written in the profile's config.yaml",
    ),
    row(
        "a key in the environment is fine for shipped profiles",
        in_the_shell_of_shipped_profiles,
        "pass",
        f"{VARIABLE} in the environment",
    ),
    row(
        "a key nowhere fails",
        lambda scene: None,
        "fail",
        f"{VARIABLE} is set nowhere",
        "echo 'OPENROUTER_API_KEY=…' >> ",
    ),
    row(
        "a key nowhere is a warning for the cheap tier",
        lambda scene: None,
        "warn",
        f"{CHEAP} key  OPENROUTER_API_KEY is set nowhere",
    ),
    row(
        "shipped profiles take a key from the environment",
        shipped,
        "fail",
        "set nowhere",
        "export OPENROUTER_API_KEY=…",
    ),
    row(
        "a key in the global .env alone fails",
        in_the_global_file,
        "fail",
        f"{VARIABLE} is set in the global .env, which a profile does not read",
        "grep '^OPENROUTER_API_KEY=' ",
    ),
    row(
        "a key of this shell alone is a warning",
        in_the_shell,
        "warn",
        f"{VARIABLE} is inherited from this shell only",
        'printf "%s\\n" "OPENROUTER_API_KEY=$OPENROUTER_API_KEY" >> ',
    ),
    row(
        "a key in the global config.yaml alone is a warning",
        in_the_global_config,
        "warn",
        "which Hermes does not inherit",
        "echo 'OPENROUTER_API_KEY=…'",
    ),
    row(
        "a key in Hermes' pool alone is a warning",
        lambda scene: scene.pool({"label": "k"}),
        "warn",
        "only in Hermes' pool of keys: the embedded runner",
    ),
    row(
        "a custom cloud without a key fails",
        lambda scene: scene.home.write(BURST, CUSTOM),
        "fail",
        "no api_key is stated for https://models.example/v1",
        "api_key:",
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=ids(ROWS))
def test_a_key_must_be_where_the_profile_sees_it(row: Row, tmp_path: Path) -> None:
    assert row.holds(tmp_path)


@pytest.mark.parametrize("row", ROWS, ids=ids(ROWS))
def test_no_line_about_keys_holds_one(row: Row, tmp_path: Path) -> None:
    assert KEY not in repr(row.found(tmp_path))
    assert "sk-pool" not in repr(row.found(tmp_path / "again"))


def test_a_fix_for_the_global_file_does_what_it_says(tmp_path: Path) -> None:
    import subprocess

    scene = Scene(tmp_path / "a folder's")
    in_the_global_file(scene)
    for finding in keys.keys(scene.facts()):
        subprocess.run(["sh", "-c", finding.fix], check=True)
    assert {finding.level for finding in keys.keys(scene.facts())} == {"pass"}


def test_a_fix_for_this_shell_does_what_it_says(tmp_path: Path) -> None:
    import subprocess

    scene = Scene(tmp_path)
    in_the_shell(scene)
    for finding in keys.keys(scene.facts()):
        subprocess.run(["sh", "-c", finding.fix], check=True, env={"OPENROUTER_API_KEY": KEY, "PATH": "/usr/bin:/bin"})
    assert {finding.level for finding in keys.keys(scene.facts())} == {"pass"}
