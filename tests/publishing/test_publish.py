"""A catalog's submission is made from the clone's files. What is missing is said, and who can fix it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

from profile_router import __version__
from profile_router.cli.app import main
from profile_router.errors import UsageError
from profile_router.publishing.clone import CATALOG, PLUGIN_MANIFEST, VERSIONS, read_clone, releases
from profile_router.publishing.entries import entries, github_name
from profile_router.publishing.missing import LISTING_FILES, SDIST, missing

ROOT = Path(__file__).resolve().parents[2]
READ = ("pyproject.toml", "CHANGELOG.md", "README.md", *VERSIONS)
FRONT = ("slug", "title", "excerpt", "category", "tags", "for", "author", "install", "dependencies", "image", "source",
         "order", "last_verified")  # fmt: skip
HEADINGS = ("What it is", "Who it targets", "What it does", "Dependencies", "How to install", "Example usage",
            "Limitations")  # fmt: skip


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a copy of the files of this clone that `publish` reads, with what else is to be there, empty."""
    for name in READ:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for place in sorted(ROOT.glob("docs/*.md")):
        (tmp_path / "docs").mkdir(exist_ok=True)
        (tmp_path / "docs" / place.name).touch()
    for name in (*LISTING_FILES, *SDIST):
        place = tmp_path / name.removeprefix("/")
        place.touch() if (ROOT / name.removeprefix("/")).is_file() else place.mkdir(parents=True, exist_ok=True)
    return tmp_path


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_this_project_lacks_nothing_but_what_only_its_owner_can_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["publish", "--check", "--from", str(ROOT)]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"hermes-profile-router {__version__}: ready to publish\nonly the owner can do:\n")
    for left in ("the name `hermes-profile-router` on the Python index", "Clearinghouse", "Hermes' plugin catalog"):
        assert left in said


@pytest.mark.parametrize(("file", "old", "new", "says"), [
    *((file, __version__, "9.9.9", f"{file} says version 9.9.9") for file in VERSIONS if not file.endswith(".py")),
    ("CHANGELOG.md", f"## [{__version__}] - 2", f"## [{__version__}] 2", f"no section `## [{__version__}] - YYYY"),
    ("CHANGELOG.md", f"\n[{__version__}]: ", f"\n[{__version__}] ", f"no compare link `[{__version__}]"),
    ("CHANGELOG.md", "/compare/v0.2.0...HEAD", "", "Unreleased compares nothing"),
    ("CHANGELOG.md", "## [Unreleased]", "## [Unreleased]\n\n- A change.", "tells changes under `## [Unreleased]`"),
    ("pyproject.toml", '"/.github",', "", "the source archive lacks /.github"),
    ("SKILL.md", "`docs/privacy.md`, ", "", "SKILL.md does not name docs/privacy.md"),
    ("README.md", "(docs/hermes.md)", "(docs/hermes)", "README.md does not name docs/hermes.md"),
    ("README.md", "docs/evidence.md", "docs/nowhere.md", "README.md names docs/nowhere.md, which is not there"),
    ("pyproject.toml", "authors = ", "maintainers = ", "names no author"),
    ("pyproject.toml", "\nIssues = ", "\nBugs = ", "no address for Issues"),
    ("pyproject.toml", "Python :: 3.12", "Python :: 3.14", "lacks the classifier `Programming Language :: Python :: 3.12`"),
    ("pyproject.toml", '"/SECURITY.md", ', "", "the source archive lacks /SECURITY.md"),
    ("SKILL.md", "description: Use before", "description: A router. Use before", "says not when to use it"),
    ("SKILL.md", "## Verification", "## Proof", "no section `## Verification`"),
    ("README.md", "## Limits", "## Bounds", "README.md has no section `## Limits`"),
    (PLUGIN_MANIFEST, "  - subagent_stop\n", "", "differ in provides_hooks"),
    (CATALOG, 'requires_hermes: ">=0.19.0"', 'requires_hermes: ">=9"', "differ in requires_hermes"),
    (CATALOG, "Sends: ", "It asks ", "discloses not all of"),
    (CATALOG, "Shows: ", "It has ", "discloses not all of"),
    (CATALOG, "PROFILE_ROUTER_OTEL", "an option", "does not name PROFILE_ROUTER_OTEL"),
    (CATALOG, "/api/plugins/profile-router/report", "of it", "does not name /api/plugins"),
    ("SKILL.md", "For people who ", "They who ", "say whom it is for"),
])  # fmt: skip
def test_what_the_project_lacks_is_said_and_fails_the_check(
    clone: Path, capsys: pytest.CaptureFixture[str], file: str, old: str, new: str, says: str
) -> None:
    change(clone / file, old, new)
    assert main(["publish", "--check", "--from", str(clone)]) == 1
    assert says in capsys.readouterr().out


@pytest.mark.parametrize(
    "file", ["SECURITY.md", "LICENSE", "docs/privacy.md", "docs/evidence.md", ".github/ISSUE_TEMPLATE"]
)
def test_a_file_that_is_not_there_is_said_and_fails_the_check(
    clone: Path, capsys: pytest.CaptureFixture[str], file: str
) -> None:
    assert main(["publish", "--check", "--from", str(clone)]) == 0
    place = clone / file
    place.rmdir() if place.is_dir() else place.unlink()
    assert main(["publish", "--check", "--from", str(clone)]) == 1
    assert f"{file}, which is not there" in (said := capsys.readouterr().out) or f"{file} is not there" in said


def test_the_clearinghouse_gets_the_fields_and_headings_that_its_entries_have(clone: Path) -> None:
    text = entries(read_clone(clone), "me/router")["clearinghouse/content/skills/hermes-profile-router.md"]
    _, front, body = text.split("---\n", 2)
    assert tuple(yaml.safe_load(front)) == FRONT
    assert re.findall(r"^## (.*)$", body, re.MULTILINE) == list(HEADINGS)
    assert body.lstrip().startswith("# Hermes Profile Router\n")
    assert "OWNER" not in text
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", yaml.safe_load(front)["last_verified"])


def test_the_clearinghouse_is_told_whom_it_is_for_by_links_that_lead_to_the_repository(clone: Path) -> None:
    change(
        clone / "README.md",
        "## Limits\n\n",
        "## Limits\n\n[a](docs/a.md#b) [c](./d.md) [e](https://f.example/g.md) [h](#i) [j](mailto:k@l.example)\n",
    )
    text = entries(read_clone(clone), "me/router")["clearinghouse/content/skills/hermes-profile-router.md"]
    assert "\n## Who it targets\n\nFor people who run Hermes Agent on their own machine" in text
    there = "https://github.com/me/router/blob/HEAD"
    assert f"[a]({there}/docs/a.md#b) [c]({there}/d.md) [e](https://f.example/g.md) [h](#i) [j](mailto:k" in text
    links = re.findall(r"\]\(([^)]*)\)", text)
    assert [link for link in links if not link.startswith(("https://", "#", "mailto:"))] == []


def test_the_catalog_gets_the_commit_that_is_checked_out_and_the_owner() -> None:
    [text] = [made for name, made in entries(read_clone(ROOT), "me/router").items() if "catalog" in name]
    entry = yaml.safe_load(text)
    head = read_clone(ROOT).head
    assert (entry["repo"], entry["maintainer"]) == ("https://github.com/me/router", "me")
    assert entry["sha"] == (head or "0" * 40)


def test_the_release_notes_are_the_changelogs_section_of_this_version(clone: Path) -> None:
    notes = entries(read_clone(clone), "me/router")["release-notes.md"]
    assert notes.startswith(f"# hermes-profile-router {__version__}\n\nReleased 20")
    assert notes.endswith(f"https://github.com/me/router/commits/v{__version__}\n")
    told = releases((clone / "CHANGELOG.md").read_text(encoding="utf-8"))
    [release] = [one for one in told if one.version == __version__]
    assert release.notes.replace("OWNER/REPO", "me/router") in notes


def test_write_makes_each_file_and_prints_where(
    clone: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert (
        main(["publish", "--write", str(out), "--from", str(clone), "--repository", "https://github.com/me/r.git"]) == 0
    )
    written = capsys.readouterr().out.split()
    assert sorted(Path(line) for line in written) == sorted(path for path in out.rglob("*") if path.is_file())
    assert len(written) == 3


@pytest.mark.parametrize("url", [
    "git@github.com:me/router.git", "http://github.com/me/router", "https://github.com/me", "https://example.org/me/router",
    "https://github.com/me/router/tree/main", "https://github.com/me/ro uter", "",
])  # fmt: skip
def test_an_address_that_is_not_a_repositorys_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="is not a repository's address"):
        github_name(url)


@pytest.mark.parametrize(("file", "content", "says"), [
    ("pyproject.toml", None, "is not there"), ("pyproject.toml", b"= x", "is not TOML"),
    ("SKILL.md", b"\xff", "is not UTF-8"), (PLUGIN_MANIFEST, b"a: [", "is not the YAML"),
    (PLUGIN_MANIFEST, b"[" * 50, "is not the YAML"), ("CHANGELOG.md", b" " * 1_000_001, "larger than"),
])  # fmt: skip
def test_a_file_that_cannot_be_read_is_named(clone: Path, file: str, content: bytes | None, says: str) -> None:
    (clone / file).unlink()
    if content is not None:
        (clone / file).write_bytes(content)
    with pytest.raises(UsageError, match=f"{re.escape(file)}.*{says}"):
        read_clone(clone)


@pytest.mark.parametrize("name", ["../../escaped", "a/b", "a\\u001b[31m", "A b", ""])
@pytest.mark.parametrize("file", ["pyproject.toml", PLUGIN_MANIFEST])
def test_a_name_that_could_lead_out_of_the_folder_or_drive_a_terminal_is_refused(
    clone: Path, file: str, name: str
) -> None:
    text = (clone / file).read_text(encoding="utf-8")
    text = re.sub(r"^name( = |: ).*$", lambda found: f'name{found[1]}"{name}"', text, count=1, flags=re.MULTILINE)
    (clone / file).write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="its name is not one of"):
        read_clone(clone)


def test_what_a_link_leads_to_is_not_written(clone: Path, tmp_path: Path) -> None:
    out, victim = tmp_path / "out", tmp_path / "victim"
    out.mkdir()
    victim.write_text("mine")
    (out / "release-notes.md").symlink_to(victim)
    assert main(["publish", "--write", str(out), "--from", str(clone)]) == 0
    assert victim.read_text() == "mine"
    assert not (out / "release-notes.md").is_symlink()


def test_the_owner_is_told_of_the_address_only_while_it_is_missing(clone: Path) -> None:
    def told() -> bool:
        return any("address" in one.says for one in missing(read_clone(clone)))

    assert told()
    for name in READ:
        text = (clone / name).read_text(encoding="utf-8")
        (clone / name).write_text(text.replace("OWNER/REPO", "me/router"), encoding="utf-8")
    assert not told()


@pytest.mark.nightly
def test_two_builds_are_the_same_bytes_and_the_source_archive_is_whole(tmp_path: Path) -> None:
    built = []
    for name in ("one", "two"):
        command = [sys.executable, "-m", "build", "--outdir", str(tmp_path / name), str(ROOT)]
        subprocess.run(command, check=True, capture_output=True)
        built.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert built[0] == built[1]
    [archive] = tmp_path.glob("one/*.tar.gz")
    with tarfile.open(archive) as files:
        held = {name.partition("/")[2] for name in files.getnames()}
    assert {"README.md", "SECURITY.md", "LICENSE", "docs/checks.md", CATALOG, "tests/__main__.py", ".ci/run"} <= held
    assert not [name for name in held if name.endswith((".env", ".pyc"))]
