"""What a listing asks for and the clone lacks: a table of rules, each with who can act.

`owner` is whoever owns the repository and the names on the indexes. Everything else is the project's own to fix.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal

from profile_router.errors import UsageError
from profile_router.expressions import expression
from profile_router.publishing.clone import CATALOG, STANDS_FOR, Clone, mapping_of, section_of
from profile_router.publishing.entries import author_names, entries
from profile_router.values import frozen

TRIGGER = 57  # characters of a description that Hermes' index of skills shows (agent/skill_utils.py of 0.19.0)
SECTIONS = (
    *("Overview", "Prerequisites", "Workflow", "Common failures"),
    *("Output format", "Safety rules", "Verification"),
)  # what the Clearinghouse's authors judge a skill by
PYTHONS = tuple(f"Programming Language :: Python :: 3.{minor}" for minor in (11, 12, 13))
URLS = ("Repository", "Changelog", "Documentation", "Issues")
SDIST = (
    *("/skill", "/graphs", "/prompts", "/profiles", "/tests", "/docs", "/plugin-catalog", "/.ci", "/.github"),
    *("/README.md", "/SKILL.md", "/SECURITY.md", "/CHANGELOG.md", "/CONTRIBUTING.md", "/constraints.txt"),
)
LISTING_FILES = ("LICENSE", ".github/ISSUE_TEMPLATE")  # besides what stands in SDIST
DOCUMENTS = (
    *("docs/getting-started.md", "docs/routing.md", "docs/policy.md", "docs/privacy.md", "docs/checks.md"),
    *("docs/hermes.md", "docs/troubleshooting.md", "docs/architecture.md"),
)  # README.md and SKILL.md name each
_NAMED_DOCUMENT = expression(r"\bdocs/[\w.-]+\.md\b")
DISCLOSED = ("reads", "runs", "writes", "sends", "shows")
NAMED_IN_README = (
    "PROFILE_ROUTER_OTEL",
    "/api/plugins/profile-router/report",
)  # by which figures leave the user's own folder
PROVIDED_KINDS = ("provides_tools", "provides_hooks", "provides_middleware")


@frozen(kw_only=False)
class Missing:
    """One thing that a listing asks for and that is not there: a sentence that says what to do."""

    who: Literal["project", "owner"]
    says: str


def missing(clone: Clone) -> tuple[Missing, ...]:
    """Return all that is missing, the project's first."""
    found = [Missing("project", says) for rule in _FOR_PROJECT for says in rule(clone)]
    return (*found, *(Missing("owner", says) for rule in _FOR_OWNER for says in rule(clone)))


def _one_version(clone: Clone) -> Iterator[str]:
    for file, version in clone.versions.items():
        if version != clone.version:
            yield f"{file} says version {version}, the program {clone.version}: write the same"


def _dated_release(clone: Clone) -> Iterator[str]:
    release = clone.release(clone.version)
    if release is None or release.date is None:
        yield clone.lacks_release
    if (waiting := clone.release("Unreleased")) and waiting.notes:
        yield "CHANGELOG.md tells changes under `## [Unreleased]`: move them to a version"
    for one in clone.releases:
        if one.version not in clone.links:
            yield f"CHANGELOG.md has no compare link `[{one.version}]: https://…`: add it at its end"
        elif one is not clone.releases[-1] and "/compare/" not in clone.links[one.version]:
            yield f"CHANGELOG.md's link of {one.version} compares nothing: write `…/compare/vOLDER...v{one.version}`"


def _whole_metadata(clone: Clone) -> Iterator[str]:
    if not author_names(clone):
        yield "pyproject.toml names no author: add `authors = [{name = …}]` to [project]"
    for name in URLS:
        if name not in clone.project.get("urls", {}):
            yield f"pyproject.toml has no address for {name}: add it to [project.urls]"
    for classifier in PYTHONS:
        if classifier not in clone.project.get("classifiers", ()):
            yield f"pyproject.toml lacks the classifier `{classifier}`"


def _whole_sdist(clone: Clone) -> Iterator[str]:
    for name in SDIST:
        if name not in clone.sdist:
            yield f"the source archive lacks {name}: add it to [tool.hatch.build.targets.sdist] of pyproject.toml"


def _files_there(clone: Clone) -> Iterator[str]:
    for name in sorted({*LISTING_FILES, *DOCUMENTS, *(name.removeprefix("/") for name in SDIST)}):
        if not (clone.root / name).exists():
            yield f"{name} is not there: write it"
    for file, text in clone.texts.items():
        named = set(_NAMED_DOCUMENT.findall(text))
        for name in DOCUMENTS:
            if name not in named:
                yield f"{file} does not name {name}: link it"
        for name in sorted(named.difference(DOCUMENTS)):
            if not (clone.root / name).exists():
                yield f"{file} names {name}, which is not there: write it, or name another"


def _usable_skill(clone: Clone) -> Iterator[str]:
    start = str(clone.skill.get("description", ""))[:TRIGGER]
    if not re.match(r"Use (when|before|after|for|to)\b.*\.", start):
        yield f"SKILL.md's description says not when to use it within {TRIGGER} characters: `{start}`"
    for heading in SECTIONS:
        if section_of(clone.texts["SKILL.md"], heading) is None:
            yield f"SKILL.md has no section `## {heading}`: write it"


def _true_catalog(clone: Clone) -> Iterator[str]:
    entry = mapping_of(clone.root, CATALOG, clone.catalog)
    declared = entry.get("capabilities", {})
    for kind in PROVIDED_KINDS:
        if declared.get(kind, []) != clone.plugin.get(kind, []):
            yield f"{CATALOG} and plugin.yaml differ in {kind}: declare what the plugin registers"
    if entry.get("requires_hermes") != clone.plugin.get("requires_hermes"):
        yield f"{CATALOG} and plugin.yaml differ in requires_hermes"
    said = entry.get("description", "")
    if not all(f"{word}:" in said.lower() for word in DISCLOSED):
        yield f"{CATALOG}: the description discloses not all of: {', '.join(DISCLOSED)}"
    for name in NAMED_IN_README:
        if name not in said:
            yield f"{CATALOG}: the description does not name {name}, which the plugin's README discloses"


def _can_be_made(clone: Clone) -> Iterator[str]:
    try:
        entries(clone, None)
    except UsageError as error:
        if "CHANGELOG.md" not in str(error):  # said above
            yield str(error)


def _repository(clone: Clone) -> Iterator[str]:
    if any(STANDS_FOR in text for text in (clone.catalog, str(clone.project.get("urls")), clone.texts["README.md"])):
        yield f"the repository's address: `{STANDS_FOR}` stands for it (`git grep -l {STANDS_FOR}` names the files)"


def _names(clone: Clone) -> Iterator[str]:
    yield f"the name `{clone.project.get('name')}` on the Python index: claim it, then upload wheel and source archive"
    yield f"the tag `v{clone.version}` and the release with `release-notes.md`"
    yield "a pull request to the Clearinghouse's site with its file below `content/skills/`"
    yield "a pull request to Hermes' plugin catalog with its file below `plugin-catalog/`"


_Rule = Callable[[Clone], Iterator[str]]
_FOR_PROJECT: tuple[_Rule, ...] = (
    *(_one_version, _dated_release, _whole_metadata, _whole_sdist, _files_there, _usable_skill, _true_catalog),
    _can_be_made,
)
_FOR_OWNER: tuple[_Rule, ...] = (_repository, _names)
