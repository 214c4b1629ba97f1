"""Is the code of changed files the same, and only comments, documents or its form differ? No code: no fix.

What is not sure counts as code. That is a language without a grammar here, or a file that does not parse. It is a
comment that tells a tool something, or a docstring with a test or that the program reads. All files together that take
more steps to look at than `tree_steps` lets them are not sure either.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from profile_router.core.condense.parts import language_of_file
from profile_router.core.ladder.receipt import ChangedFile
from profile_router.expressions import expression
from profile_router.git.marks import path_as_text
from profile_router.verify.code_form import code_form
from profile_router.verify.parsing import MOST_PARSED_BYTES, ChangedContent
from profile_router.workspace.outline import syntax_of
from profile_router.workspace.tree_steps import TooManyStepsError, at_most, count_parse, looking_at, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_DOCUMENT = expression(
    r"(?:.*/)?docs?/(?:.*/)?[^/]+\.(?:md|rst|adoc)|(?:.*/)?(?:README|CHANGELOG|CHANGES|HISTORY|NEWS|CONTRIBUTING|AUTHORS|LICENSE)"
    r"(?:\.(?:md|rst|txt|adoc))?",
    re.IGNORECASE,
)
# What tools read in comments: `# type: ignore`, `//go:build`, `eslint-disable-line`, `noqa`, `@ts-expect-error`, `#!`.
_DIRECTIVE = expression(
    rb"^#!|^\W*[\w-]+:\S|^\W*(?:type|pragma|pylint|ruff|mypy|fmt|isort|flake8|coding|frozen_string_literal|c8|v8)\b\W*:"
    rb"|-\*-|noqa|nolint|nosec|no cover|-disable|-enable|-ignore|-expect|@\w|\bglobal[s]?\b|sourceMappingURL|<reference"
    rb"|SPDX|shellcheck|rubocop|NOLINT|doctest",
    re.IGNORECASE,
)
_LINES = frozenset({"sh", "bash", "pl", "pm", "t", "mk", "makefile"})  # in them a line that begins with # is a comment
_TEST_IN_DOC = b">>>"
_READ_AS_HELP = expression(rb"__doc__|\b(?:click|typer|docopt|argparse|fire|fastapi|getdoc)\b")
Shape = tuple[bytes, tuple[bytes, ...]]


def only_words_changed(changes: Sequence[ChangedContent]) -> tuple[str, ...]:
    """Return the paths of *changes*, if the code of each is as it was; none where that is not so, or not known.

    Documents alone may be what was asked for: they count beside code alone.
    """
    code = [one for one in changes if not _is_document(one.path)]
    try:
        with at_most():
            same = bool(code) and all(map(_same_code, code))
    except TooManyStepsError:
        return ()
    return tuple(one.path for one in changes) if same else ()


async def only_words_of(contents: Sequence[ChangedContent], changed: Sequence[ChangedFile]) -> tuple[str, ...]:
    """Return all files that *changed*, if none has other code; none where one is gone, or *contents* has not all."""
    if len(contents) != len(changed):
        return ()
    return tuple(map(path_as_text, await asyncio.to_thread(only_words_changed, contents)))


def _is_document(path: str) -> bool:
    return _DOCUMENT.fullmatch(path) is not None


def _same_code(change: ChangedContent) -> bool:
    before, after = change.before, change.after
    if before is None or max(len(before), len(after)) > MOST_PARSED_BYTES:
        return False
    language = language_of_file(change.path)
    if language is not None:
        old, new = _shape(language, before), _shape(language, after)
        return old is not None and new is not None and old[0] == new[0] and not _directs(old[1], new[1])
    return _ending(change.path) in _LINES and _same_lines(before, after)


def _ending(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[2].lower()


def _directs(before: Sequence[bytes], after: Sequence[bytes]) -> bool:
    """Tell whether a comment that tells a tool something has changed."""
    old, new = Counter(before), Counter(after)
    return any(_DIRECTIVE.search(comment) for comment in (old - new) + (new - old))


def _same_lines(before: bytes, after: bytes) -> bool:
    if b"<<" in before or b"<<" in after:  # a line of a text that follows may begin with # without being a comment
        return False
    (code, comments), (new_code, new_comments) = _parted(before), _parted(after)
    return code == new_code and not _directs(comments, new_comments)


def _parted(source: bytes) -> tuple[list[bytes], tuple[bytes, ...]]:
    lines = [line.rstrip() for line in source.splitlines()]
    comments = tuple(line.strip() for line in lines if line.lstrip().startswith(b"#"))
    return [line for line in lines if line and not line.lstrip().startswith(b"#")], comments


def _shape(language: str, source: bytes) -> Shape | None:
    """Return the form of *source* without its comments, and the comments; None where it does not parse."""
    count_parse(source)
    root = syntax_of(language, source)
    if root is None:
        return None
    words: list[bytes] = []
    docs = language == "python" and not _READ_AS_HELP.search(source)

    def is_words(node: Node) -> bool:
        found = _is_words(node, docs=docs)
        if found:
            words.append(text_of(node))
        return found

    with looking_at(source):
        return code_form(language, root, source, is_words), tuple(words)


def _is_words(node: Node, *, docs: bool) -> bool:
    """Tell whether *node* is a comment, or with *docs* a docstring, and holds no test."""
    if node.type.endswith("comment"):
        return True
    if not docs or node.type != "expression_statement" or node.child_count != 1:
        return False
    child = node.child(0)
    return child is not None and child.type == "string" and _TEST_IN_DOC not in text_of(node)
