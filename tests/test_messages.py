"""What people are told is plain: no sentence of a message, page, prompt or listing has over twenty words.

A file is parsed only where a literal text in it would be too long.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import ANY

import pytest
import yaml
from tests.test_sentences import FILES, MOST, ROOT, TOKEN, WORDS, too_long

_PLUS = re.compile(r"[\s)]*\+")
# Text for a machine: SQL, and a page's markup and style. A list of words is split, where it stands or by its name.
_CODE_TEXT = re.compile(r"\b(?:SELECT|WHERE|INSERT INTO|CREATE TABLE|PRAGMA)\b|</?[a-z]+\b|\{[^}]*:[^}]*;")
_SPLIT = re.compile(r"\b(\w+)\.split\(\)|\.(split)\(\)|\b(word_set)\(")

# What is longer, and why.
ALLOWED = {
    (
        "review.md.j2",
        "Answer as JSON, as for a fix that misses one case, for one that is whole, and for changes that do not show enough:",
    ): "docs/checks.md has what real models answered to these words",
}
PAGES = [
    path
    for glob in ("*.md", "docs/*.md", "profiles/*/SOUL.md", "prompts/*.j2", "skill/profile_router/hermes_plugin/*.md")
    for path in sorted(ROOT.glob(glob))
]
LISTED = [  # what a catalog, a marketplace or a form shows
    path
    for glob in ("profiles/*/distribution.yaml", "plugin-catalog/*", "skill/**/plugin.yaml", ".github/**/*.y*ml")
    for path in sorted(ROOT.glob(glob))
]
# Blocks of code, links, headings, an example in JSON, and what a template does.
_NOT_READ = re.compile(
    r"```.*?```|^ {4}[^\n]*$|^\[[^\n]*\]: [^\n]*$|^#+ [^\n]*$|(?<=\])\([^)]*\)|^\{\"[^\n]*$|\{%.*?%\}",
    re.DOTALL | re.MULTILINE,
)


def messages(source: str) -> Iterator[tuple[int, str]]:
    """Yield each literal text of *source* with its line, what `+` joins as one; a placeholder is the one word `X`.

    Left out are docstrings, raw text, words that are split, and _CODE_TEXT. Nothing is yielded where all have short
    sentences.
    """
    runs, end = [""], 0
    for found in TOKEN.finditer(source):
        said = "" if found[0][0] == "#" else found[0] + (" X" if _PLUS.match(source, found.end()) else "")
        between = source[end : found.start()].strip(" \n()")
        if between.strip("+"):
            runs.append("X " + said if between[-1] == "+" else said)
        else:
            runs[-1] += said
        end = found.end()
    if any(len(run) > 2 * MOST and too_long(run) for run in runs):
        lines = source.encode().split(b"\n")
        for node, text in _texts(
            ast.parse(source), {name for found in _SPLIT.finditer(source) for name in found.groups() if name}
        ):
            begins = lines[node.lineno - 1][node.col_offset :]
            if not re.match(rb"[fFbB]?[rR]", begins) and not _CODE_TEXT.search(text):
                # A line end that is written as one is meant; that of a text in three quotes is where the source broke.
                yield node.lineno, text if re.match(rb'[fF]?"""', begins) else text.replace("\n", "\n\n")


def _texts(node: ast.AST, split: set[str]) -> Iterator[tuple[ast.expr, str]]:
    """Yield each literal below *node* with its text; none that is split, or is given a name of *split*."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.Call) and split & {getattr(node.func, "attr", ""), getattr(node.func, "id", "")}:
        return
    if isinstance(node, ast.Assign) and split & {getattr(target, "id", "") for target in node.targets}:
        return
    inner: list[ast.AST] = [node]
    if isinstance(node, ast.expr) and (text := _text(node)) is not None:
        yield node, text
        inner = [one for one in ast.walk(node) if isinstance(one, ast.FormattedValue)]
    for one in inner:
        for child in ast.iter_child_nodes(one):
            yield from _texts(child, split)


def _text(node: ast.expr) -> str | None:
    """Return the text of *node*, None where it has none."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(one) or "X" for one in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = _text(node.left), _text(node.right)
        return None if sides == (None, None) else "".join("X" if side is None else side for side in sides)
    return None


@pytest.mark.parametrize("top", ["skill", "graphs", ".ci"])
def test_a_sentence_of_a_message_has_at_most_twenty_words(top: str) -> None:
    texts = (
        (path.relative_to(ROOT), path.read_text(encoding="utf-8")) for path in FILES if path.is_relative_to(ROOT / top)
    )
    found = [(path, line, one) for path, text in texts for line, said in messages(text) for one in too_long(said)]
    assert [f"{path}:{line}: {one}" for path, line, one in found if (path.name, one) not in ALLOWED] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (f'raise UsageError("{WORDS} more")', 1), (f'raise UsageError("{WORDS}; more")', 0),
        (f'print(f"{WORDS} {{more}}")', 1), (f'print(f"{WORDS[:-5]} {{one + \'two three\'}}")', 0),
        (f'print("{WORDS} " + name)', 1), (f'print(\n    "{WORDS} "  # why\n    f"more")', 1),
        (f'print(f"{{\'{WORDS} more\'}}")', 1), (f'SAID = {{"key": ("{WORDS} "\n"more",)}}', 1),
        (f'def odd():\n    """{WORDS} more"""', 0), (f'print(r"{WORDS} more", rf"{WORDS} {{more}}")', 0),
        (f'print("{WORDS}\\nmore")', 0), (f'print("""{WORDS}\nmore""")', 1),
        (f'SET = "{WORDS} more".split()', 0), (f'NAMES = ("{WORDS} more")\nSET = set(NAMES.split())', 0),
        (f'SET = word_set("{WORDS} more")', 0), (f'read("SELECT {WORDS} FROM more")', 0),
    ],
)  # fmt: skip
def test_a_message_is_what_a_literal_says_and_neither_code_nor_a_list(source: str, found: int) -> None:
    assert [one for _, text in messages(source) for one in too_long(text)] == [ANY] * found


@pytest.mark.parametrize("path", LISTED, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_sentence_of_a_listing_has_at_most_twenty_words(path: Path) -> None:
    assert [one for text in _values(yaml.safe_load(path.read_text(encoding="utf-8"))) for one in too_long(text)] == []


def _values(told: object) -> Iterator[str]:
    """Yield each text that *told*, read from YAML, has as a value."""
    if isinstance(told, dict):
        told = [*told.values()]
    for one in told if isinstance(told, list) else ():
        yield from _values(one)
    if isinstance(told, str):
        yield told


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_sentence_of_a_page_a_profile_or_a_prompt_has_at_most_twenty_words(path: Path) -> None:
    found = too_long(_NOT_READ.sub("", path.read_text(encoding="utf-8")))
    assert [one for one in found if (path.name, one) not in ALLOWED] == []
