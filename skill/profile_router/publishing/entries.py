"""Write what a listing takes: the Clearinghouse's entry, that of Hermes' plugin catalog, and the release notes.

The Clearinghouse takes `content/skills/<slug>.md` with the front matter and headings below, as its 75 entries of
2026-11 have them. Hermes' catalog takes `plugin-catalog/<name>.yaml`, pinned to a commit of 40 digits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from profile_router.core.text import counted
from profile_router.errors import UsageError
from profile_router.expressions import expression
from profile_router.publishing.clone import STANDS_FOR, Clone, section_of

_REPOSITORY = expression(r"https://github\.com/([A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100})")
_MAINTAINER = "maintainer: OWNER"
_NO_COMMIT = "0" * 40
_RELATIVE = expression(r"\]\((?!#|/|[a-z][a-z0-9+.-]*:)(?:\./)?([^()\s]+)\)", re.IGNORECASE)
_FOR_PEOPLE = "For people who "
_CATEGORY, _IMAGE, _FOR, _ORDER = "Tooling", "/images/skills/tooling.svg", "Hermes Agent", 100


def github_name(url: str) -> str:
    """Return `owner/name` of a repository's *url*. Raises UsageError for what is not one on GitHub over https."""
    match = _REPOSITORY.fullmatch(url.removesuffix("/").removesuffix(".git"))
    if match is None:
        raise UsageError(f"--repository {url} is not a repository's address: write https://github.com/OWNER/NAME")
    return match[1]


def entries(clone: Clone, place: str | None) -> Mapping[str, str]:
    """Return what is to be submitted, by file name. *place* is `owner/name`; None leaves the words that stand for it.

    Raises UsageError where a document lacks a section that an entry is made of.
    """
    found = {
        f"clearinghouse/content/skills/{clone.project.get('name')}.md": clearinghouse(clone),
        f"hermes-catalog/plugin-catalog/{clone.plugin.get('name')}.yaml": catalog(clone),
        "release-notes.md": notes(clone),
    }
    owner = f"maintainer: {place.partition('/')[0]}" if place else _MAINTAINER
    return {
        name: text.replace(STANDS_FOR, place or STANDS_FOR).replace(_MAINTAINER, owner) for name, text in found.items()
    }


def catalog(clone: Clone) -> str:
    """Return the catalog's entry as the clone keeps it, pinned to the commit that is checked out, without comments."""
    lines = [line for line in clone.catalog.splitlines() if not line.startswith("#")]
    text = "\n".join(lines) + "\n"
    return text.replace(_NO_COMMIT, clone.head or _NO_COMMIT)


def notes(clone: Clone) -> str:
    """Return the changelog's section of this version, with its title and compare link."""
    release = clone.release(clone.version)
    if release is None:
        raise UsageError(clone.lacks_release)
    link = clone.links.get(release.version)
    return (
        "\n\n".join(
            [
                f"# {clone.project.get('name')} {release.version}",
                *([f"Released {release.date}."] if release.date else []),
                _absolute(release.notes),
                *([f"Changes: {link}"] if link else []),
            ]
        )
        + "\n"
    )


def clearinghouse(clone: Clone) -> str:
    """Return the Clearinghouse's entry: front matter, and a body of the README's and SKILL.md's own sections."""
    release = clone.release(clone.version)
    name = str(clone.project.get("name"))
    fields = {
        "slug": name,
        "title": _title(name),
        "excerpt": str(clone.project.get("description")),
        "category": _CATEGORY,
        "tags": list(clone.skill.get("metadata", {}).get("hermes", {}).get("tags", [])),
        "for": _FOR,
        "author": ", ".join(author_names(clone)),
        "install": f"pipx install git+https://github.com/{STANDS_FOR}",
        "dependencies": [f"Python {clone.project.get('requires-python')}", "git", "Linux"],
        "image": _IMAGE,
        "source": f"https://github.com/{STANDS_FOR}",
        "order": _ORDER,
        "last_verified": (release.date if release else None) or "",
    }
    return f"---\n{_front(fields)}---\n\n# {fields['title']}\n\n{_absolute(_body(clone))}"


def author_names(clone: Clone) -> list[str]:
    """Return the names of the project's authors."""
    return [str(one["name"]) for one in clone.project.get("authors", []) if isinstance(one, dict) and "name" in one]


def _title(name: str) -> str:
    return name.replace("-", " ").title()


def _front(fields: Mapping[str, Any]) -> str:
    import yaml

    return yaml.safe_dump(dict(fields), sort_keys=False, allow_unicode=True, width=1_000)


def _body(clone: Clone) -> str:
    readme, skill = clone.texts["README.md"], clone.texts["SKILL.md"]
    needs = clone.project.get("dependencies", [])
    parts = {
        "What it is": _first(readme),
        "Who it targets": _people(skill),
        "What it does": _needed(skill, "How it decides", "SKILL.md"),
        "Dependencies": f"{clone.skill.get('compatibility')}\n\n{counted(len(needs), 'package')} from the Python index "
        "are installed with it; `pyproject.toml` names each.",
        "How to install": f"`git clone https://github.com/{STANDS_FOR}`\n\n"
        + _needed(readme, "Install, and see it work", "README.md"),
        "Example usage": f"```console\n{_example(readme)}\n```",
        "Limitations": _needed(readme, "Limits", "README.md").partition("\n\n")[0],
    }
    return "\n".join(f"## {heading}\n\n{text}\n" for heading, text in parts.items())


def _absolute(text: str) -> str:
    """Return the Markdown *text*, which will stand elsewhere, with its links to files of the clone made whole."""
    return _RELATIVE.sub(rf"](https://github.com/{STANDS_FOR}/blob/HEAD/\1)", text)


def _people(skill: str) -> str:
    """Return the paragraph of SKILL.md's overview that says which people it is for."""
    for paragraph in _needed(skill, "Overview", "SKILL.md").split("\n\n"):
        if paragraph.startswith(_FOR_PEOPLE):
            return paragraph
    raise UsageError(f"SKILL.md's overview has no paragraph that begins with `{_FOR_PEOPLE}`: say whom it is for")


def _first(readme: str) -> str:
    """Return the README's first paragraph, below its title."""
    return readme.partition("\n\n")[2].partition("\n\n")[0]


def _example(readme: str) -> str:
    """Return the README's first example, a block that is indented by four spaces."""
    match = re.search(r"(?:^    .*\n)+", readme, re.MULTILINE)
    if match is None:
        raise UsageError("README.md has no example, a block indented by four spaces: write one")
    return re.sub(r"^    ", "", match[0].rstrip(), flags=re.MULTILINE)


def _needed(text: str, heading: str, name: str) -> str:
    found = section_of(text, heading)
    if found is None:
        raise UsageError(f"{name} has no section `## {heading}`: write it")
    return found
