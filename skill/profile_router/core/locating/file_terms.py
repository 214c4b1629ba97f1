"""What a file is found by: what it defines, its identifiers, and their parts. Pure.

Definitions are found by expressions, a row for each family of languages, not by parsers. Tree-sitter takes 0.32 s for
a megabyte of Python, with a query of three lines. Its `tags` query takes longer (`workspace.outline`). These take
0.03 s, so a repository of 16 MB is read in seconds. What they miss or find too much counts little: a definition is one
of eight signs. Each expression is anchored to a line and bounded, so that no text takes more than its length. It begins
with the end of the line before. To look for that literal takes a third of the time of `^`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from profile_router.core.language.code_endings import C_ENDINGS, JVM_ENDINGS, NODE_ENDINGS, PYTHON_ENDINGS
from profile_router.core.locating.terms import numbers_in
from profile_router.expressions import expression
from profile_router.values import frozen

_NAME = r"([^\W\d]\w{1,63})"
_PYTHON = expression(
    rf"\n(?:[ \t]*+(?:async[ \t]+)?(?:def|class)[ \t]+{_NAME}|{_NAME}(?:[ \t]*:[^=\n]{{1,80}})?[ \t]*=(?=[^=]))"
)
_WORDED = expression(
    r"\n[ \t]*+(?:[a-z]{2,12}[ \t]+){0,4}?(?:class|interface|enum|struct|trait|object|record|protocol|type|module|mod"
    r"|namespace|function\*?|fun|fn|func|def|defp|defmodule|sub|macro_rules!|union|impl|extension)[ \t]+(?:self\.)?"
    rf"{_NAME}",
)
_METHOD = expression(rf"\nfunc[ \t]+\([^)\n]{{1,80}}\)[ \t]*{_NAME}")
_BOUND = expression(rf"\n[ \t]*+(?:export[ \t]+)?(?:default[ \t]+)?(?:const|let|var|static)[ \t]+{_NAME}[ \t]*[=:]")
_SIGNED = expression(
    rf"\n[ \t]*+(?:[\w<>\[\],.*&:~]{{1,60}}[ \t]+[*&]{{0,2}}){{1,4}}?{_NAME}[ \t]*"
    r"\([^;{}\n]{0,200}\)?[^;\n]{0,60}\{",
)
_MEMBER = expression(
    r"\n[ \t]{1,12}(?:(?:async|static|get|set|public|private|protected|readonly)[ \t]+){0,3}"
    rf"{_NAME}\([^;\n]{{0,200}}\{{",
)
_MACRO = expression(rf"\n[ \t]*+#[ \t]*define[ \t]+{_NAME}")
_ECMA, _CURLY = (_WORDED, _BOUND, _MEMBER), (_WORDED, _SIGNED)
_BY_ENDING: Mapping[str, tuple[re.Pattern[str], ...]] = {
    **dict.fromkeys((*PYTHON_ENDINGS, ".pyx", ".pxd"), (_PYTHON,)),
    **dict.fromkeys(NODE_ENDINGS, _ECMA),
    **dict.fromkeys((*JVM_ENDINGS, ".cs", ".php", ".dart", ".swift"), _CURLY),
    **dict.fromkeys((*C_ENDINGS, ".cxx", ".hh", ".hxx", ".m", ".mm"), (*_CURLY, _MACRO)),
    ".go": (_WORDED, _METHOD),
    ".rs": (_WORDED, _BOUND),
}
_OTHERS = (_WORDED,)
_NO_KEYWORD = frozenset(
    {"if", "for", "while", "switch", "catch", "return", "else", "match", "with", "function", "constructor"}
)
_LONGEST_LINE = 2_000  # a longer line is data, or made small by a program


@frozen(kw_only=False)
class FileTerms:
    """How often each term stands in one file, by the term's number. `definitions` are names, each once."""

    definitions: frozenset[str]
    identifiers: Mapping[int, int]
    parts: Mapping[int, int]
    lines: int


def terms_of(path: str, text: str) -> FileTerms:
    """Return the terms of the file at *path* with *text*."""
    lines = text.split("\n")
    if len(text) > _LONGEST_LINE * len(lines) // 8:  # only then can a line be that long in earnest
        text = "\n".join(line for line in lines if len(line) <= _LONGEST_LINE)
    return FileTerms(defined(path, text), *numbers_in(text), len(lines))


def defined(path: str, text: str) -> frozenset[str]:
    """Return the names that the file at *path* with *text* defines, as far as its lines say so."""
    name, text = path.rpartition("/")[2].lower(), f"\n{text}"
    found: set[str] = set()
    for pattern in _BY_ENDING.get(f".{name.rpartition('.')[2]}", _OTHERS):
        found.update(
            name for match in pattern.findall(text) for name in ((match,) if isinstance(match, str) else match)
        )
    return frozenset(found - _NO_KEYWORD - {""})
