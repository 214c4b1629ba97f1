"""Install and uninstall on a scratch home: what comes, what stays, and that nothing is left behind."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest
import yaml
from tests.install.trees import PARENT, Stage, left_alone, tree

from profile_router.digests import content_digest
from profile_router.errors import ProfileError, UnknownProfile, UsageError
from profile_router.install.applying import apply
from profile_router.install.manifest import Manifest, WrittenFile, manifest_bytes
from profile_router.install.places import find_places, find_root
from profile_router.install.planning import plan_install
from profile_router.install.removal import plan_uninstall
from profile_router.policies.file import SHIPPED, find_policy
from profile_router.profiles.home import find_home
from profile_router.profiles.pools import pool_size
from profile_router.resources import shipped

NAMES = ("coding-burst", "coding-local", "review-cheap")
SEED = "model:\n  provider: openai\n  base_url: http://127.0.0.1:8080/v1\n  default: gemma\n  api_key: {key}\n  fallback_providers: [openrouter]\n"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(user=tmp_path)
    stage.write("config.yaml", PARENT, 0o640)
    stage.write(".env", "OPENROUTER_API_KEY=sk-or-1\n", 0o600)
    stage.write("profiles/day/config.yaml", "model: {provider: openrouter, default: m}\n")
    (stage.root / "empty").mkdir(mode=0o711)
    return stage


def test_what_comes_is_what_hermes_and_this_program_look_for(stage: Stage) -> None:
    stage.install()
    home = find_home(stage.environ)
    for name in NAMES:
        folder = stage.root / "profiles" / name
        assert {path.name for path in shipped("profiles").joinpath(name).iterdir()} < {
            path.name for path in folder.iterdir()
        }
        assert yaml.safe_load((folder / "distribution.yaml").read_text())["name"] == name
        assert not (folder / ".env").exists()
        assert home.load(name).endpoint.model
    assert yaml.safe_load(stage.config.read_text())["plugins"]["enabled"] == ["profile-router", "a"]
    assert find_policy(None, stage.environ) != SHIPPED
    settings = json.loads((stage.root / "plugins/profile-router/router.json").read_text())
    command = settings["command"]
    assert Path(command[0]).is_absolute()
    assert os.access(command[0], os.X_OK)
    manifest = stage.root / "profile-router" / "manifest.json"
    assert stat.S_IMODE(manifest.stat().st_mode) == 0o600
    assert str(stage.root) not in manifest.read_text()


def test_a_second_install_changes_nothing(stage: Stage) -> None:
    stage.install()
    before = tree(stage.user)
    plan = stage.plan()
    assert plan.writing == ()
    assert {change.kind for change in plan.changes} <= {"same", "keep"}
    assert tree(stage.user) == before


@pytest.mark.parametrize("profile", [None, "day"])
@pytest.mark.parametrize("config", [PARENT, "a: |\n  no end", "plugins: {enabled: [x]}  # one\r\n", "", None])
def test_uninstall_leaves_every_name_byte_and_mode_as_it_was(
    stage: Stage, profile: str | None, config: str | None
) -> None:
    target = stage.root / "profiles" / profile / "config.yaml" if profile else stage.config
    target.unlink()
    if config is not None:
        target.write_bytes(config.encode())
        target.chmod(0o604)
    stage.write("profiles/coding-local/config.yaml", SEED.format(key="x"), 0o600)
    before = tree(stage.user)
    stage.install(profile)
    assert tree(stage.user) != before
    stage.uninstall()
    assert tree(stage.user) == before


def test_two_installs_for_two_parents_are_undone_by_one_uninstall(stage: Stage) -> None:
    stage.write("profiles/coding-local/config.yaml", SEED.format(key="x"))
    before = tree(stage.user)
    stage.install()
    stage.install("day")
    stage.uninstall()
    assert tree(stage.user) == before


def test_lines_that_the_user_took_out_and_had_put_in_again_go_without_a_word(stage: Stage) -> None:
    before = tree(stage.user)
    stage.install()
    stage.config.write_text(PARENT + "more: 1\n")
    stage.install()
    assert left_alone(stage.uninstall()) == {}
    assert stage.config.read_text() == PARENT + "more: 1\n"
    stage.config.write_text(PARENT)
    assert tree(stage.user) == before


def test_a_profile_of_the_users_own_is_kept_and_nothing_is_added_to_it(stage: Stage) -> None:
    stage.write("profiles/coding-local/config.yaml", "model: {provider: ollama, default: mine}\n")
    before = tree(stage.root / "profiles" / "coding-local")
    assert "own" in left_alone(stage.install())["config.yaml"]
    assert tree(stage.root / "profiles" / "coding-local") == before


def test_a_profile_that_hermes_made_without_a_config_is_completed(stage: Stage) -> None:
    soul = stage.write("profiles/coding-local/SOUL.md", "mine\n")
    assert "yours" in left_alone(stage.install())["SOUL.md"]
    assert soul.read_text() == "mine\n"
    assert (soul.parent / "config.yaml").is_file()
    assert not (soul.parent / "memories").exists()


@pytest.mark.parametrize(
    "name",
    ["profiles/coding-local/config.yaml", "profiles/coding-local/SOUL.md", "skills/hermes-profile-router/SKILL.md", "plugins/profile-router/router.json"],
)  # fmt: skip
def test_a_file_that_the_user_changed_is_kept_by_install_and_by_uninstall(stage: Stage, name: str) -> None:
    stage.install()
    path = stage.root / name
    path.write_text(path.read_text() + "\n# mine\n")
    again = stage.plan()
    assert (again.writing, path.name in left_alone(again)) == ((), True)
    told = left_alone(stage.uninstall())
    assert "changed" in told[path.name]
    assert [entry for entry in path.parent.iterdir() if entry.is_file()] == [path]
    assert path.read_text().endswith("# mine\n")


def test_a_config_that_the_user_changed_loses_our_lines_and_nothing_else(stage: Stage) -> None:
    stage.install()
    stage.config.write_text("# on top\n" + stage.config.read_text() + "more: 1\n")
    stage.uninstall()
    assert stage.config.read_text() == "# on top\n" + PARENT + "more: 1\n"
    assert stat.S_IMODE(stage.config.stat().st_mode) == 0o640


@pytest.mark.parametrize("later", ["", "more: 1\n"])
def test_a_profile_that_an_earlier_version_spelled_anew_comes_back_unless_it_was_changed(
    stage: Stage, later: str
) -> None:
    before, spelled = SEED.format(key="x"), SEED.format(key="x").replace("openai", "custom")
    backup = stage.write("profiles/coding-local/config.yaml.before-profile-router", before, 0o600)
    path = stage.write("profiles/coding-local/config.yaml", spelled)
    steps = (
        WrittenFile(path=str(backup), sha256=content_digest(before.encode()), mode=0o600),
        WrittenFile(
            path=str(path),
            sha256=content_digest(spelled.encode()),
            mode=0o644,
            was=content_digest(before.encode()),
            backup=str(backup),
        ),
    )
    stage.write("profile-router/manifest.json", manifest_bytes(Manifest(steps=steps), stage.root).decode())
    path.write_text(spelled + later)
    told = left_alone(stage.uninstall())
    assert path.read_text() == (spelled + later if later else before)
    assert backup.exists() is bool(later)
    assert ("config.yaml.before-profile-router" in told) is bool(later)


def test_a_file_of_ours_that_nobody_changed_follows_what_ships(stage: Stage) -> None:
    stage.install()
    soul, manifest = stage.root / "profiles/coding-local/SOUL.md", stage.root / "profile-router/manifest.json"
    shipping = soul.read_bytes()
    manifest.write_text(
        manifest.read_text().replace(content_digest(shipping), content_digest(b"as it shipped before\n"))
    )
    soul.write_bytes(b"as it shipped before\n")
    stage.install()
    assert soul.read_bytes() == shipping
    stage.uninstall()
    assert not soul.parent.exists()


def test_what_python_made_of_the_plugin_goes_with_it(stage: Stage) -> None:
    before = tree(stage.user)
    stage.install()
    cache = stage.root / "plugins/profile-router/__pycache__"
    cache.mkdir()
    (cache / "__init__.cpython-311.pyc").write_bytes(b"x")
    stage.uninstall()
    assert tree(stage.user) == before


def test_what_hermes_wrote_into_a_profile_stays_and_is_named(stage: Stage) -> None:
    stage.install()
    stage.write("profiles/coding-burst/state.db", "x")
    told = left_alone(stage.uninstall())
    assert "state.db" in told["coding-burst"]
    assert "hermes profile delete coding-burst" in told["coding-burst"]
    assert [path.name for path in (stage.root / "profiles/coding-burst").iterdir()] == ["state.db"]


def test_a_config_behind_a_link_is_edited_where_it_is(stage: Stage, tmp_path: Path) -> None:
    dotfiles = tmp_path / "dotfiles.yaml"
    stage.config.replace(dotfiles)
    stage.config.symlink_to(dotfiles)
    stage.install()
    assert stage.config.is_symlink()
    assert "profile-router" in dotfiles.read_text()
    stage.uninstall()
    assert (stage.config.is_symlink(), dotfiles.read_text()) == (True, PARENT)


def test_a_skill_that_the_user_put_into_a_category_is_not_doubled(stage: Stage) -> None:
    stage.write("skills/dev/hermes-profile-router/SKILL.md", "---\nname: hermes-profile-router\n---\n")
    assert "SKILL.md" in left_alone(stage.install())
    assert not (stage.root / "skills/hermes-profile-router").exists()


def test_a_plugin_of_another_version_is_said_with_what_replaces_it(stage: Stage) -> None:
    other = stage.write("plugins/profile-router/process.py", "# of another version\n")
    [told] = [note for note in stage.install().notes if "hermes plugins remove profile-router" in note]
    assert str(other.parent) in told
    other.unlink()
    assert not any("hermes plugins remove" in note for note in stage.install().notes)


def test_a_plugin_that_the_user_disabled_is_said_not_forced(stage: Stage) -> None:
    stage.write("config.yaml", "plugins: {disabled: [profile-router]}\n")
    assert any("hermes plugins enable profile-router" in note for note in stage.install().notes)
    assert yaml.safe_load(stage.config.read_text())["plugins"]["disabled"] == ["profile-router"]


def test_the_root_pool_is_said_and_its_keys_are_not(stage: Stage) -> None:
    stage.write("auth.json", json.dumps({"credential_pool": {"openrouter": [{"access_token": "sk-secret"}]}}), 0o600)
    before = (stage.root / "auth.json").read_bytes()
    plan = stage.install()
    assert any("1 key for openrouter" in note for note in plan.notes)
    assert not any(b"sk-secret" in (change.content or b"") for change in plan.changes)
    assert (stage.root / "auth.json").read_bytes() == before


@pytest.mark.parametrize("text", ["", "[]", "{", '{"credential_pool": 3}', '{"credential_pool": {"openrouter": 1}}'])
def test_a_pool_that_cannot_be_read_counts_as_none(stage: Stage, text: str) -> None:
    stage.write("auth.json", text)
    assert pool_size(stage.root, "openrouter") == 0


def test_no_key_of_the_user_is_written_anywhere(stage: Stage) -> None:
    stage.write("config.yaml", PARENT + "api_key: sk-inline\n")
    before = {
        name
        for name, (_, content) in tree(stage.user).items()
        if content and (b"sk-inline" in content or b"sk-or-1" in content)
    }
    stage.install()
    assert {
        name
        for name, (_, content) in tree(stage.user).items()
        if content and (b"sk-inline" in content or b"sk-or-1" in content)
    } == before


@pytest.mark.parametrize(
    ("environ", "profile", "error", "told"),
    [
        ({"HERMES_HOME": "absent"}, None, UsageError, "no Hermes home"),
        ({}, "nobody", UnknownProfile, "nobody"),
        ({}, "../day", UnknownProfile, "day"),
        ({}, "coding-local", UsageError, "subagents run under"),
        ({"HERMES_HOME": "profiles/coding-local"}, None, UsageError, "--profile default"),
    ],
)
def test_a_place_that_is_none_is_refused(
    stage: Stage, environ: dict[str, str], profile: str | None, error: type[Exception], told: str
) -> None:
    (stage.root / "profiles" / "coding-local").mkdir()
    environ = {name: str(stage.root / value) for name, value in environ.items()}
    with pytest.raises(error, match=told):
        find_places({**stage.environ, **environ}, profile)


def test_without_hermes_its_usual_home_is_made_and_goes_again(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "PATH": ""}
    places = find_places(environ)
    assert (places.root, places.parent, list(tmp_path.iterdir())) == (tmp_path / ".hermes", tmp_path / ".hermes", [])
    apply(plan_install(places, environ, migrate=False).writing)
    again = find_places(environ)
    assert (again, again.home.names()) == (places, ("coding-burst", "coding-local", "default", "review-cheap"))
    apply(plan_uninstall(find_root(environ)).writing)
    assert not (tmp_path / ".hermes").exists()


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"PROFILE_ROUTER_HERMES_PYTHON": sys.executable}, r"at its first start, .* start it once: `hermes`$"),
        ({"HERMES_HOME": "/nowhere at all"}, r"make it: `mkdir -p '/nowhere at all'`$"),
        ({"HOME": ""}, "HOME and HERMES_HOME are not set; name a folder: HERMES_HOME=DIR$"),
    ],
    ids=["never started", "named", "no home"],
)
def test_a_home_that_is_another_s_to_make_is_told_with_one_next_command(
    environ: dict[str, str], told: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=told):
        find_places({"HOME": str(tmp_path), "PATH": "", **environ})


def test_hermes_home_of_a_running_profile_is_the_parent(stage: Stage) -> None:
    places = find_places({**stage.environ, "HERMES_HOME": str(stage.root / "profiles/day")})
    assert (places.root, places.parent.name) == (stage.root, "day")
    assert find_places({**stage.environ, "HERMES_HOME": str(places.parent)}, "default").parent == stage.root


@pytest.mark.parametrize("text", ["a: [\n", "{a: 1}\n", "plugins: x\n", "a: \x01\n"])
def test_a_config_that_cannot_be_edited_stops_the_install_before_anything_is_written(stage: Stage, text: str) -> None:
    stage.config.write_text(text)
    before = tree(stage.user)
    with pytest.raises((UsageError, ProfileError), match=r"config\.yaml"):
        stage.install()
    assert tree(stage.user) == before


def test_a_config_that_is_a_folder_or_no_text_stops_the_install(stage: Stage) -> None:
    stage.config.write_bytes(b"a: \xff\n")
    with pytest.raises((UsageError, ProfileError), match="UTF-8"):
        stage.install()
    stage.config.unlink()
    stage.config.mkdir()
    with pytest.raises(UsageError, match="not a plain file"):
        stage.install()


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"version": 2}', '{"version": 1, "files": [{"path": 1}], "folders": []}']
)
def test_a_damaged_record_is_named_and_nothing_is_done(stage: Stage, text: str) -> None:
    stage.install()
    stage.write("profile-router/manifest.json", text)
    for act in (stage.install, stage.uninstall):
        with pytest.raises(UsageError, match="damaged"):
            act()


def test_uninstall_where_nothing_was_installed_does_nothing(stage: Stage) -> None:
    assert stage.uninstall().changes == ()
    assert find_root(stage.environ) == stage.root


def test_an_edited_config_has_one_line_in_the_plan_that_says_both(stage: Stage) -> None:
    stage.install()
    stage.config.write_text(stage.config.read_text() + "added: 1\n")
    told = [change for change in stage.uninstall().changes if change.path == str(stage.config)]
    assert [(change.kind, change.note) for change in told] == [
        ("change", "you have changed it since: only our own lines are taken out")
    ]
    assert stage.config.read_text().endswith("added: 1\n")
