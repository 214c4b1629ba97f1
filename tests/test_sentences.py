"""What people read in the code is plain: no sentence of a docstring or comment has over twenty words.

To parse and tokenize every file takes eight seconds, the one expression below half of one. It finds the comments, and
what may be a docstring. A file is parsed only where one of these would be too long.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path
from textwrap import dedent

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

TOKEN = re.compile(
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
    for found in TOKEN.finditer(source):
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


def long_sentences(source: str) -> list[tuple[int, str]]:
    """Return the sentences of *source*'s docstrings and comments that are too long, each with its block's line."""
    read = list(tokens(source))
    blocks = [*docstrings(source, read), *comments(read)]
    return [(line, one) for line, text in blocks for one in too_long(text)]


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
