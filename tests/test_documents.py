"""What people read is checked against what runs: README, SKILL.md, the rendered rules."""

import ast
import re
from pathlib import Path

import pytest
import yaml
from tests.document_parts import PARTS, page

from profile_router.cli.app import parser
from profile_router.cli.spelling import COMMANDS
from profile_router.policies.file import SHIPPED, read_policy
from profile_router.prompting.templates import render, render_rules
from profile_router_graphs.router import mermaid

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SKILL = (ROOT / "SKILL.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PACKAGE = ROOT / "skill" / "profile_router"
BANNED = (
    r"\b(?<![Tt]here )(?:is|are) no (?!more\b|longer\b|less\b)",
    r"\bmend(?:s|ed|ing)?\b",
    r"\bdear(?:er|est)?\b",
    r"work (?:that )?does not hold",
    r"no step of the ladder answers",
    r"nothing says (?:that )?it is large",
    r"left alone",
    r"for all that could be told",
    r"somebody has to agree",
)


def test_the_readme_is_short_and_shows_the_graph_as_it_is() -> None:
    assert len(README.splitlines()) <= 150
    assert f"```mermaid\n{mermaid().strip()}\n```" in README


@pytest.mark.parametrize("document", [README, SKILL], ids=["README", "SKILL"])
def test_the_documents_show_the_rules_of_the_policy(document: str) -> None:
    assert render_rules(read_policy(SHIPPED)).strip() in document


def _commands(text: str) -> list[str]:
    """Return what stands after the program's name, in lines of their own and between backticks."""
    text = re.sub(r" \\\n\s*", " ", text)  # a long one goes on in the next line
    found = re.findall(r"(?:^\s*\$? ?|`)profile-router +([^`\n]+)", text, re.MULTILINE)
    plain = [re.sub(r"\s+(#|>) .*$", "", line).strip() for line in found]
    return [line for line in plain if not line.startswith("--")]


DOCS = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}


@pytest.mark.parametrize(
    "command", list(dict.fromkeys([*_commands(README), *_commands(SKILL), *_commands("\n".join(DOCS.values()))]))
)
def test_every_command_in_the_documents_is_one_that_the_program_takes(command: str) -> None:
    import shlex

    assert parser(*COMMANDS).parse_args(shlex.split(command)).command


@pytest.mark.parametrize("name", PARTS)
def test_what_a_page_shows_of_the_code_is_as_the_code_is(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == page(name), "write it anew: python -m tests.document_parts"


@pytest.mark.parametrize("name", DOCS)
def test_a_page_is_linked_from_the_readme_or_the_skill_is_short_and_its_links_lead_somewhere(name: str) -> None:
    assert f"docs/{name}" in README + SKILL
    assert name == "checks.md" or len(DOCS[name].splitlines()) <= 120
    assert [link for link in re.findall(r"\]\(([^)#:]+)", DOCS[name]) if not (ROOT / "docs" / link).exists()] == []


def test_the_documents_name_enough_commands() -> None:
    assert {line.split()[0] for line in _commands(README)} >= {"demo", "route", "run", "profiles", "policy"}
    assert {line.split()[0] for line in _commands(SKILL)} >= {"route", "run", "demo"}


def test_the_skill_has_valid_front_matter_and_its_trigger_first() -> None:
    _, front, body = SKILL.split("---\n", 2)
    fields = yaml.safe_load(front)
    assert set(fields) <= {"name", "description", "license", "compatibility", "metadata", "allowed-tools"}
    assert fields["name"] == "hermes-profile-router"
    assert len(fields["description"]) <= 1_024
    assert "before delegating a coding task" in fields["description"][:57]
    assert len(fields["compatibility"]) <= 500
    assert len(body.splitlines()) < 500


@pytest.mark.parametrize(
    "template",
    [path.name.removesuffix(".md.j2") for path in (ROOT / "prompts").glob("*.j2") if "{{" in path.read_text()],
)
def test_a_prompt_with_a_missing_value_is_an_error_not_a_gap(template: str) -> None:
    from jinja2 import UndefinedError

    with pytest.raises(UndefinedError):
        render(template)


def test_contributing_lists_every_room_with_the_sentence_of_its_package() -> None:
    said = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", CONTRIBUTING, re.MULTILINE))
    rooms = {path.parent.name: path for path in PACKAGE.glob("*/__init__.py")}
    purposes = {name: ast.get_docstring(ast.parse(path.read_text())) or "" for name, path in rooms.items()}
    assert said == {name: text.partition("\n")[0] for name, text in purposes.items()}


def test_the_glossary_has_at_most_twenty_five_words_in_order() -> None:
    words = re.findall(r"^\| ([a-z]+) \|", CONTRIBUTING.partition("## Words")[2].partition("|---|")[2], re.MULTILINE)
    assert 0 < len(words) <= 25
    assert words == sorted(words)


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "SKILL.md",
        "SECURITY.md",
        "CONTRIBUTING.md",
        *(f"skill/profile_router/hermes_plugin/{name}" for name in ("README.md", "after-install.md")),
        *(f"docs/{name}" for name in DOCS if name != "checks.md"),
    ],
)
def test_a_sentence_has_at_most_twenty_words(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8").replace(render_rules(read_policy(SHIPPED)).strip(), "")
    text = re.sub(r"<!-- (\w+) -->.*?<!-- /\1 -->", "", text, flags=re.DOTALL)  # the code's own words
    text = re.sub(r"^---\n.*?\n---\n|```.*?```|^    .*?$", "", text, flags=re.DOTALL | re.MULTILINE)
    blocks = re.split(r"\n\s*\n|\n\s*(?:-|\d\.) |^#.*$|\|", re.sub(r"`[^`]*`", "X", text), flags=re.MULTILINE)
    sentences = [words for block in blocks for words in re.split(r"(?<=[.!?])\**\s+| · ", block)]
    assert [words for words in sentences if len(re.findall(r"[\w'$-]+", words)) > 20] == []


@pytest.mark.parametrize(
    "name",
    ["README.md", "SKILL.md", "SECURITY.md", "CHANGELOG.md", "CONTRIBUTING.md", *(f"docs/{name}" for name in DOCS)],
)
def test_the_documents_say_things_plainly(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert [found.group() for phrase in BANNED for found in re.finditer(phrase, text)] == []


def test_the_names_of_tests_say_things_plainly() -> None:
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    names = {name for path in files for name in re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))}
    said = {name.replace("_", " ") for name in names}
    assert len(said) > 3_000
    assert [one for one in sorted(said) if any(re.search(phrase, one) for phrase in (*BANNED, r"\bhops?\b"))] == []


def test_the_code_says_things_plainly() -> None:
    words_of_others = ("dear", "mend")  # of tasks, and of records that older versions kept
    told = [phrase for phrase in BANNED if not any(word in phrase for word in words_of_others)]
    files = [path for top in (PACKAGE, ROOT / "graphs") for path in top.rglob("*") if path.suffix in {".py", ".yaml"}]
    texts = ((path.name, path.read_text(encoding="utf-8")) for path in files)
    assert [(name, found.group()) for name, text in texts for one in told for found in re.finditer(one, text)] == []
