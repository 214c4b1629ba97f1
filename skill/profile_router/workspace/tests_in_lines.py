"""The tests that a file defines, by its lines, in a language without a grammar here. It lists how tests are written."""

from __future__ import annotations

import re
from collections.abc import Iterator

from profile_router.core.language.test_files import changes_tests
from profile_router.core.trust.taken_tests import HeldTest
from profile_router.expressions import expression

# What defines a function, where a line before says that it is a test, or where its name does.
_FUNCTION = expression(r".*?\b(?:function|fun|func|def)\s+(?:`([^`]+)`|\"([^\"]+)\"|'([^']+)'|(\w+))\s*[({]")
_METHOD = expression(r"\s*(?:(?:public|internal|private|static|async|virtual|override|Task|void)\s+)+(\w+)\s*\(")
_TITLE = expression(r"\s*(?:@?test|it|property|testWidgets)\b[\s(]+(?:\"([^\"]+)\"|'([^']+)')")
_MARK = expression(
    r"(?:@|\[|#\[)(?:Test|ParameterizedTest|RepeatedTest|Fact|Theory|TestMethod|TestCase|test)\b|@test\b"
)
_OFF = expression(r"(?:@|\[|#\[)(?:Disabled|Ignore|Skip|skip|tag :skip)\b|\bSkip\s*=")
_LEAVES = expression(r"\s*(?:\$this->|self::|static::)?(?:skip|markTestSkipped|markTestIncomplete)\b\s*(?:[(\"';]|$)")
_ABOVE = expression(r"\s*(?:@|\[|#\[|\*|/\*)")
_BY_LINE = frozenset({"php", "kt", "cs", "swift", "scala", "groovy", "exs", "dart", "lua", "bats"})
_PERL = expression(
    r"\s*(?:ok|is|isnt|like|unlike|cmp_ok|is_deeply|can_ok|isa_ok|new_ok|throws_ok|lives_ok|dies_ok|eq_or_diff|cmp_deeply)\b(.*)"
)  # fmt: skip
_NOT_CONSTANT = expression(r"[$@%&]\w|->|::|\w\(")
_PERL_OFF = expression(r"^[ \t]*plan\s*\(?\s*skip_all\b", re.MULTILINE)
_IDLE = expression(r"(?:#.*|(?:echo|printf|set)\b.*|(?:true|:|exit(?:\s+0)?|fi|done|esac)?\s*;?)")  # of a stripped line
_OPENS = expression(r"(?:^|[;&|\s])(?:if|case|for|while|until|\{|\()(?=[\s(]|$)|\(\)\s*\{")
_CLOSES = expression(r"(?:^|[;\s])(?:fi|esac|done|\}|\))(?=[\s;)]|$)")
_ENDS = expression(r"exit(?:[ \t]+0)?[ \t]*;?[ \t]*(?:#.*)?")
_SHELL = (b"#!/bin/sh", b"#!/bin/bash", b"#!/usr/bin/env bash", b"#!/usr/bin/env sh")


def tests_in_lines(path: str, source: bytes) -> tuple[HeldTest, ...]:
    """Return the tests that the file *path* defines. One in Perl is a case for each assertion, one in shell is one."""
    ending, text = path.rpartition(".")[2].lower(), source.decode("utf-8", "replace")
    if ending in _BY_LINE:
        return tuple(_by_line(text))
    if not changes_tests(path):
        return ()
    if ending in {"t", "pl", "pm"}:
        told = (_PERL.fullmatch(line) for line in text.partition("\n__END__")[0].splitlines())
        checks = sum(found is not None and _NOT_CONSTANT.search(found[1]) is not None for found in told)
        return (HeldTest(name=path, cases=checks, checks=checks, off=bool(_PERL_OFF.search(text))),) if checks else ()
    if ending in {"sh", "bash", "zsh"} or source.startswith(_SHELL):
        works = any(not _IDLE.fullmatch(line.strip()) for line in _until_it_ends(text))
        return (HeldTest(name=path),) if works else ()
    return ()


def _until_it_ends(text: str) -> Iterator[str]:
    """Yield the lines of a shell script before it ends well under no condition."""
    depth = 0
    for line in text.splitlines():
        depth += len(_OPENS.findall(line)) - len(_CLOSES.findall(line))
        if depth <= 0 and _ENDS.fullmatch(line):
            return
        yield line


def _by_line(text: str) -> Iterator[HeldTest]:
    above, lines = list[str](), text.splitlines()
    for at, line in enumerate(lines):
        marked = any(map(_MARK.search, (*above, line)))
        title, named = _TITLE.match(line), _FUNCTION.match(line) or _METHOD.match(line)
        found = title or named
        if found is not None:
            name = next(filter(None, found.groups()), "")
            if title or marked or name.lower().startswith("test"):
                off = any(map(_OFF.search, (*above, line))) or any(map(_LEAVES.match, lines[at + 1 : at + 2]))
                yield HeldTest(name=name, off=off)
        above = [*above[-20:], line] if _ABOVE.match(line) and found is None else []
