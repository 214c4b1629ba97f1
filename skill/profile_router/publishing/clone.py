"""What a clone says of itself: metadata, version, changelog and documents, each read once where it is kept.

Nothing is repeated here that a file of the clone says. Files are read within a bound. A file that is absent or not
readable is a UsageError that names it: `publish` is called in a clone.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from profile_router.errors import UsageError, WorkspaceError
from profile_router.expressions import expression
from profile_router.git.command import git
from profile_router.outside.plain_file import read_plain
from profile_router.outside.yaml_guard import Hostile, refuse_hostile, safe_loader
from profile_router.values import frozen

STANDS_FOR = "OWNER/REPO"  # where the clone does not yet say whose repository it is
CATALOG = "plugin-catalog/profile-router.yaml"
PLUGIN_MANIFEST = "skill/profile_router/hermes_plugin/plugin.yaml"
# Every file that says the version, and how. The program's own is the one that counts.
VERSIONS: Mapping[str, str] = {
    "skill/profile_router/__init__.py": r'^__version__ = "([^"]+)"',
    "SKILL.md": r'^  version: "([^"]+)"',
    PLUGIN_MANIFEST: r'^version: "([^"]+)"',
    CATALOG: r'^version: "([^"]+)"',
    "skill/profile_router/hermes_plugin/dashboard/manifest.json": r'^  "version": "([^"]+)"',
    "profiles/coding-local/distribution.yaml": r'^version: "([^"]+)"',
    "profiles/coding-burst/distribution.yaml": r'^version: "([^"]+)"',
    "profiles/review-cheap/distribution.yaml": r'^version: "([^"]+)"',
}
_NAME = expression("[a-z0-9-]{1,64}")
_MOST, _LEVELS = 1_000_000, 12
_RELEASE = expression(r"^## \[([^\]]+)\](?: - (\d{4}-\d{2}-\d{2}))?$", re.MULTILINE)
_LINK = expression(r"^\[([^\]]+)\]: (\S+)$", re.MULTILINE)


@frozen(kw_only=False)
class Release:
    """One section of the changelog. `date` is None where it says none; `notes` is Markdown without its heading."""

    version: str
    date: str | None
    notes: str


@frozen(kw_only=False)
class Clone:
    """The files that a listing is made from. Texts are as written; `head` is a commit's 40 hex digits or None."""

    root: Path
    project: Mapping[str, Any]  # [project] of pyproject.toml
    sdist: tuple[str, ...]  # what the source archive is told to hold, below the root
    versions: Mapping[str, str | None]  # file → the version that it says
    skill: Mapping[str, Any]  # SKILL.md's front matter
    plugin: Mapping[str, Any]
    catalog: str
    releases: tuple[Release, ...]  # newest first
    links: Mapping[str, str]  # the changelog's compare links, by version
    texts: Mapping[str, str]  # README.md, SKILL.md, by name
    head: str | None

    @property
    def version(self) -> str:
        """Return the version that the program itself says."""
        return self.versions["skill/profile_router/__init__.py"] or ""

    def release(self, version: str) -> Release | None:
        """Return the changelog's section of *version*, None without one."""
        return next((one for one in self.releases if one.version == version), None)

    @property
    def lacks_release(self) -> str:
        """Return what is said where the changelog has no section of this version."""
        return f"CHANGELOG.md has no section `## [{self.version}] - YYYY-MM-DD`: write it"


def read_clone(root: Path) -> Clone:
    """Return what the clone at *root* says of itself. Raises UsageError for a file that is absent or cannot be read."""
    try:
        whole = tomllib.loads(_text(root, "pyproject.toml"))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{root / 'pyproject.toml'} is not TOML: {error}") from None
    changelog, skill = _text(root, "CHANGELOG.md"), _text(root, "SKILL.md")
    plugin = mapping_of(root, PLUGIN_MANIFEST, _text(root, PLUGIN_MANIFEST))
    for file, said in (("pyproject.toml", whole.get("project", {})), (PLUGIN_MANIFEST, plugin)):
        if not _NAME.fullmatch(str(said.get("name"))):  # a file of an entry is called by it
            raise UsageError(f"{root / file}: its name is not one of 1 to 64 of a-z, 0-9 and -; write such a name")
    targets = whole.get("tool", {}).get("hatch", {}).get("build", {}).get("targets", {})
    return Clone(
        root=root,
        project=whole.get("project", {}),
        sdist=tuple(targets.get("sdist", {}).get("include", ())),
        versions={file: _version(_text(root, file), pattern) for file, pattern in VERSIONS.items()},
        skill=mapping_of(root, "SKILL.md", skill.split("---\n", 2)[1] if skill.startswith("---\n") else ""),
        plugin=plugin,
        catalog=_text(root, CATALOG),
        releases=releases(changelog),
        links=dict(_LINK.findall(changelog)),
        texts={"README.md": _text(root, "README.md"), "SKILL.md": skill},
        head=_head(root),
    )


def releases(changelog: str) -> tuple[Release, ...]:
    """Return the sections of a changelog that follows Keep a Changelog, as they stand, without its links."""
    found = list(_RELEASE.finditer(changelog))
    ends = [*(match.start() for match in found), len(changelog)]
    return tuple(
        Release(match[1], match[2], _LINK.sub("", changelog[match.end() : end]).strip())
        for match, end in zip(found, ends[1:], strict=True)
    )


def section_of(text: str, heading: str) -> str | None:
    """Return what stands in the Markdown *text* below `## heading`, None without such a heading."""
    match = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return match[1].strip() if match else None


def _version(text: str, pattern: str) -> str | None:
    match = re.search(pattern, text, re.MULTILINE)
    return match[1] if match else None


def _text(root: Path, name: str) -> str:
    try:
        raw = read_plain(root / name, _MOST)
    except OSError as error:
        raise UsageError(f"{root / name} cannot be read: {error.strerror}") from None
    if raw is None:
        raise UsageError(f"{root / name} is not there: call `profile-router publish` in a clone, or name it by --from")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise UsageError(f"{root / name} is not UTF-8; write it anew") from None


def mapping_of(root: Path, name: str, text: str) -> Mapping[str, Any]:
    """Return the mapping in *text*, the YAML of the file *name* below *root*. Raises UsageError."""
    import yaml

    try:
        refuse_hostile(text, levels=_LEVELS)
        found = yaml.load(text, Loader=safe_loader())  # noqa: S506 - it builds plain values
    except (yaml.YAMLError, Hostile) as error:
        raise UsageError(f"{root / name} is not the YAML it should be: {' '.join(str(error).split())}") from None
    return found if isinstance(found, dict) else {}


def _head(root: Path) -> str | None:
    """Return the commit that is checked out, None where *root* is not a git work tree with one."""
    try:
        digits = git(root, "rev-parse", "HEAD").strip()
    except WorkspaceError:
        return None
    return digits if re.fullmatch("[0-9a-f]{40}", digits) else None
