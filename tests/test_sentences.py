"""What people read is plain: no sentence in the code or in a document has over twenty words.

To parse and tokenize every file takes eight seconds, the one expression below half of one. It finds the comments, and
what may be a docstring or a message. A file is parsed only where one of these would be too long.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path
from textwrap import dedent
from unittest.mock import ANY

import pytest
from tests.examples import by_night

ROOT = Path(__file__).resolve().parents[1]
MOST = 20  # words of a sentence
FILES = sorted(
    path
    for top in ("skill", "graphs", "tests", ".ci")
    for kind in ("py", "pyi")
    for path in (ROOT / top).rglob(f"*.{kind}")
)

_TOKEN = re.compile(
    r"""\#[^\n]* | [rRbBfFuU]{0,2}(?:
        \"{3}[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*\"{3}
      | '{3}[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'{3}
      | "[^"\\\n]*(?:\\.[^"\\\n]*)*"
      | '[^'\\\n]*(?:\\.[^'\\\n]*)*')""",
    re.VERBOSE | re.DOTALL,
)
_PRAGMA = re.compile(r"#+:? ?(?:(?:noqa|type:|fmt:|pragma:)[^#]*(?:# ?)?)?")
_CODE = re.compile(r"^ *(?:>>>|\.\.\.|\$) .*|`+[^`]*`+", re.MULTILINE)
_FACE = re.compile(r"Other rooms come in by (?:`\w+`[,.]?\s*)+")  # a list of names, which `test_house.py` holds
_BLOCK = re.compile(r"\n\s*(?:[-*•]|\d+\.|[│├└─]+) |\n\s*\n|\n {4,}|\|")
_END = re.compile(r"(?<=[.!?])[\"')*»”]*\s+|;\s| · ")
_WORD = re.compile(r"[\w'$-]+")
_PLUS = re.compile(r"[\s)]*\+")
# Text for a machine: SQL, and a page's markup and style. A list of words is split, where it stands or by its name.
_CODE_TEXT = re.compile(r"\b(?:SELECT|WHERE|INSERT INTO|CREATE TABLE|PRAGMA)\b|</?[a-z]+\b|\{[^}]*:[^}]*;")
_SPLIT = re.compile(r"\b(\w+)\.split\(\)|\.(split)\(\)|\b(word_set)\(")


def too_long(text: str) -> list[str]:
    """Return the sentences of *text* with more than MOST words. What stands in backticks is one word.

    A sentence ends with `.`, `!`, `?` or `;` before white space, with ` · `, and with its block. A block is a paragraph,
    an item of a list, or a cell. The line of a room's face is none.
    """
    if len(_WORD.findall(text)) <= MOST:
        return []
    blocks = _BLOCK.split("\n" + _CODE.sub(" X ", _FACE.sub("", text)))
    sentences = (" ".join(one.split()) for block in blocks for one in _END.split(block))
    return [one for one in sentences if len(_WORD.findall(one)) > MOST]


Token = tuple[int, str, str]


def tokens(source: str) -> Iterator[Token]:
    """Yield each comment and each literal text of *source*: its line, what stands before it there, and itself."""
    line, at = 1, 0
    for found in _TOKEN.finditer(source):
        line += source.count("\n", at, found.start())
        at = found.start()
        yield line, source[source.rfind("\n", 0, at) + 1 : at], found.group()


def comments(read: Iterable[Token]) -> list[tuple[int, str]]:
    """Return the blocks of comments, each with its line: consecutive lines in one column are one block."""
    blocks: list[tuple[int, int, list[str]]] = []  # first line, column, lines
    for line, before, token in read:
        if not token.startswith("#"):
            continue
        said = _PRAGMA.sub("", token, count=1)
        if blocks and not before.strip() and (line - len(blocks[-1][2]), len(before)) == blocks[-1][:2]:
            blocks[-1][2].append(said)
        else:
            blocks.append((line, len(before), [said]))
    return [(line, "\n".join(lines)) for line, _, lines in blocks]


def even(text: str) -> str:
    """Return *text*, a docstring, without the indentation that its later lines share."""
    first, _, rest = text.partition("\n")
    return f"{first}\n{dedent(rest)}"


def docstrings(source: str, read: Iterable[Token]) -> Iterator[tuple[int, str]]:
    """Yield each docstring with its line, also one below an attribute; none where all have short sentences."""
    texts = (token for _, before, token in read if token[0] != "#" and not before.strip())
    if not any(too_long(even(text)) for text in texts):
        return
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        for one in body if isinstance(body, list) else ():
            if isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant) and isinstance(one.value.value, str):
                yield one.lineno, even(one.value.value)


def messages(source: str) -> Iterator[tuple[int, str]]:
    """Yield each literal text of *source* with its line, what `+` joins as one; a placeholder is the one word `X`.

    Left out are docstrings, raw text, words that are split, and _CODE_TEXT. Nothing is yielded where all have short
    sentences.
    """
    runs, end = [""], 0
    for found in _TOKEN.finditer(source):
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


def long_sentences(source: str) -> list[tuple[int, str]]:
    """Return the sentences of *source*'s docstrings and comments that are too long, each with its block's line."""
    read = list(tokens(source))
    blocks = [*docstrings(source, read), *comments(read)]
    return [(line, one) for line, text in blocks for one in too_long(text)]


# What is longer, and why.
KEPT = {
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
# Blocks of code, links, headings, an example in JSON, and what a template does.
_NOT_READ = re.compile(
    r"```.*?```|^ {4}[^\n]*$|^\[[^\n]*\]: [^\n]*$|^#+ [^\n]*$|(?<=\])\([^)]*\)|^\{\"[^\n]*$|\{%.*?%\}",
    re.DOTALL | re.MULTILINE,
)
WORDS = " ".join(["word"] * MOST)
ODD = """\
text = "# no comment" 'nor \\' # this' f"{text}#"  # a trailing one
    # goes on
    # in its column
# a block
# of two lines
def odd():  # noqa: E501 - why
    r'''A docstring with a "quote", a \\ and # no comment.'''
    \"\"\"Not one: "" \\\"\"\" # inside\"\"\".upper()
"""


def test_a_sentence_of_a_docstring_or_comment_has_at_most_twenty_words() -> None:
    assert len(FILES) > 1_000
    texts = ((path.relative_to(ROOT), path.read_text(encoding="utf-8")) for path in FILES)
    assert [f"{path}:{line}: {one}" for path, text in texts for line, one in long_sentences(text)] == []


@pytest.mark.parametrize("top", ["skill", "graphs", ".ci"])
def test_a_sentence_of_a_message_has_at_most_twenty_words(top: str) -> None:
    texts = (
        (path.relative_to(ROOT), path.read_text(encoding="utf-8")) for path in FILES if path.is_relative_to(ROOT / top)
    )
    found = [(path, line, one) for path, text in texts for line, said in messages(text) for one in too_long(said)]
    assert [f"{path}:{line}: {one}" for path, line, one in found if (path.name, one) not in KEPT] == []


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


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_sentence_of_a_page_a_profile_or_a_prompt_has_at_most_twenty_words(path: Path) -> None:
    found = too_long(_NOT_READ.sub("", path.read_text(encoding="utf-8")))
    assert [one for one in found if (path.name, one) not in KEPT] == []


@pytest.mark.parametrize(
    "path",
    [path for top in ("skill", "profiles", "plugin-catalog", "tests") for path in sorted((ROOT / top).rglob("*.yaml"))],
    ids=lambda path: f"{path.parent.name}-{path.name}",
)
def test_a_sentence_of_a_comment_in_yaml_has_at_most_twenty_words(path: Path) -> None:
    blocks = re.findall(r"(?:^[ \t]*#.*\n)+", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert [one for block in blocks for one in too_long(re.sub(r"^[ \t]*# ?", "", block, flags=re.MULTILINE))] == []


def test_the_changelog_has_short_lines() -> None:
    assert [line for line in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines() if len(line) > 120] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{WORDS}.", 0), (f"{WORDS} more.", 1), (f"{WORDS}\n  more.", 1), (f"{WORDS}: more.", 1),
        (f"{WORDS}. More", 0), (f"({WORDS}.) More", 0), (f"{WORDS}; more", 0), (f"{WORDS} · more", 0),
        (f"{WORDS}\n\nmore", 0), (f"{WORDS}\n\n- {WORDS}", 0), (f"| {WORDS} | more |", 0), (f"{WORDS} more. {WORDS} more", 2),
        ("Other rooms come in by " + "`more`, " * MOST + "`one`.", 0), (f"Other rooms come in by `one`. {WORDS} more.", 1),
        ("`and more` " * MOST, 0), ("`and more` " * (MOST + 1), 1), (f"{WORDS} 1.5", 1), (f">>> {WORDS} more", 0),
    ],
)  # fmt: skip
def test_a_sentence_ends_with_its_mark_or_its_block(text: str, found: int) -> None:
    assert len(too_long(text)) == found


@pytest.mark.parametrize("files", [[], by_night(FILES)], ids=["odd", "all"])
def test_the_expression_reads_comments_as_python_does(files: list[Path]) -> None:
    for text in [ODD, *(path.read_text(encoding="utf-8") for path in files)]:
        read = tokenize.generate_tokens(io.StringIO(text).readline)
        told = [(one.start[0], one.line[: one.start[1]], one.string) for one in read if one.type == tokenize.COMMENT]
        assert [one for one in tokens(text) if one[2].startswith("#")] == told


def test_comments_in_one_column_are_one_block_and_a_pragma_is_not_read() -> None:
    assert comments(tokens(ODD)) == [
        (1, "a trailing one"), (2, "goes on\nin its column"), (4, "a block\nof two lines"), (6, ""),
    ]  # fmt: skip


def test_a_docstring_is_found_wherever_it_stands() -> None:
    source = f'"""{WORDS} one."""\nNAME = 1\n"""{WORDS} two."""\n\n\ndef odd():\n    "{WORDS} three."\n'
    assert [(line, one.split()[-1]) for line, one in long_sentences(source)] == [
        (1, "one."),
        (3, "two."),
        (7, "three."),
    ]
