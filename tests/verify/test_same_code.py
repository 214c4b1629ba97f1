"""What changed but comments changed no code; what is not sure is code."""

from __future__ import annotations

import pytest

from profile_router.verify.parsing import ChangedContent
from profile_router.verify.same_code import only_words_changed
from profile_router.workspace import tree_steps
from profile_router.workspace.tree_steps import at_most

PY = b'"""Amounts."""\n\n\ndef f(a):\n    """Return it."""\n    if a:\n        a = 1\n    return a  # it\n'


def only_words(path: str, before: bytes | None, after: bytes) -> bool:
    return only_words_changed([ChangedContent(path, before, after)]) == (path,)


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("a.py", PY, PY.replace(b"# it", b"# what was given")),
        ("a.py", PY, PY.replace(b"Return it.", b"Return a.\n\n    It is right.\n    ")),
        ("a.py", PY, b"# new\n" + PY.replace(b"    return", b"\n\n    return")),
        ("a.py", PY, PY.replace(b"f(a)", b"f( a )")),
        ("a.js", b'// a\nf("// no", /\\/\\//); g()\n', b'/* b */\nf("// no", /\\/\\//); g() // c\n'),
        ("a.rs", b"//! Ranges.\nfn f() -> i32 { 1 }\n", b"//! Ranges, ends included.\nfn f() -> i32 {\n    1\n}\n"),
        ("a.go", b"package a\n\n// F is it.\nfunc F() {}\n", b"package a\n\n// F is not.\nfunc F() {}\n"),
        ("a.rb", b"# a\ndef f\n  1\nend\n", b"# b\ndef f\n  1 # c\nend\n"),
        ("A.java", b"/** Old. */\nclass A { int b; }\n", b"/** New. */\nclass A {\n  int b; // c\n}\n"),
        ("a.c", b"int f(void) { return 1; }\n", b"/* f */\nint f(void) { return 1; }\n"),
        ("run.sh", b"#!/bin/sh\n# a\necho 1\n", b"#!/bin/sh\n# b\n\necho 1\n"),
        ("lib/A.pm", b"# a\nsub f { 1 }\n", b"# b\nsub f { 1 }\n"),
        ("a.py", b"if a.low < 3:\n    f('x', [1, 2])\n", b'if 3 > a.low:\n    f("x", [\n        1, 2,\n    ])\n'),
        ("a.py", b"x = (a + b)\n", b"x = a + b\n"),
        ("a.py", b"x = list()\ny = {}\n", b"x = []\ny = dict()\n"),
        ("a.py", b"x = R'a'\n", b'x = r"a"\n'),
        ("a.js", b"const a = 'b'\nif (a === b) f(a)\n", b'const a = "b";\nif (b === a) f(a,);\n'),
        ("a.ts", b"if (low > value) g();\n", b"if (value < low) g();\n"),
        ("A.java", b"class A { boolean b = x >= y; }\n", b"class A { boolean b = (y <= x); }\n"),
        ("a.go", b"package a\n\nvar b = c.d != 3\n", b"package a\n\nvar b = 3 != c.d\n"),
        ("a.rs", b"fn f() -> bool { a.b > 1 }\n", b"fn f() -> bool { 1 < a.b }\n"),
        ("a.c", b"int f(int a) { return a->b > 1; }\n", b"int f(int a) { return (1 < a->b); }\n"),
        ("a.rb", b"x = 'a' if b > 1\n", b'x = "a" if 1 < b\n'),
    ],
)
def test_comments_white_space_and_form_are_not_code(path: str, before: bytes | None, after: bytes) -> None:
    assert only_words(path, before, after)


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("a.py", PY, PY.replace(b"a = 1", b"a = 2")),
        ("a.py", PY, PY.replace(b"    return a", b"        return a")),
        ("a.py", PY, PY.replace(b"# it", b"# type: ignore")),
        ("a.py", PY, PY.replace(b"# it", b"# noqa: E501")),
        ("a.py", b"f()  # type: ignore\ng()  # type: ignore\n", b"f()  # type: ignore\ng()\n"),
        ("a.py", PY, PY.replace(b"Return it.", b">>> f(1)\n    1\n    ")),
        ("a.py", b"print(__doc__)\n" + PY, b"print(__doc__)\n" + PY.replace(b"Return it.", b"Give it.")),
        ("a.py", PY, PY + b"(\n"),
        ("a.py", b'x = "a"\n', b'x = "b"\n'),
        ("a.py", None, PY),
        ("a.js", b"return\nf()\n", b"return f()\n"),
        ("a.js", b"const a = 'b'; // x\n", b"const a = 'c'; // x\n"),
        ("a.ts", b"f()\n", b"// @ts-ignore\nf()\n"),
        ("a.go", b"package a\n", b"//go:build linux\n\npackage a\n"),
        ("a.c", b"#define A 1\n", b"#define A 2\n"),
        ("run.sh", b"#!/bin/sh\necho 1\n", b"#!/bin/bash\necho 1\n"),
        ("run.sh", b"cat <<E\n# a\nE\n", b"cat <<E\n# b\nE\n"),
        ("a.txt", b"a\n", b"b\n"),
        ("requirements.txt", b"a==1\n", b"a==2\n"),
        ("README.md", b"a\n", b"b\n"),
        ("a.zig", b"// a\n", b"// b\n"),
        ("a.py", b"x = a < 3\n", b"x = a > 3\n"),
        ("a.py", b"x = a < 3\n", b"x = 3 >= a\n"),
        ("a.py", b"x = f() < g()\n", b"x = g() > f()\n"),
        ("a.py", b"x = a < b < c\n", b"x = c > b > a\n"),
        ("a.py", b"x = (a,)\n", b"x = (a)\n"),
        ("a.py", b"x = a[1,]\n", b"x = a[1]\n"),
        ("a.py", b"x = '{a}'\n", b"x = f'{a}'\n"),
        ("a.py", b"x = '\\n'\n", b"x = r'\\n'\n"),
        ("a.py", b"x = a - (b - c)\n", b"x = a - b - c\n"),
        ("a.py", b"x = list(a)\n", b"x = []\n"),
        ("a.py", b"x = [a]\n", b"x = {a}\n"),
        ("a.py", b"x = a + b\n", b"x = b + a\n"),
        ("a.js", b"x = (a?.b).c\n", b"x = a?.b.c\n"),
        ("a.js", b"x = [1,,]\n", b"x = [1,]\n"),
        ("a.js", b"x = a == b\n", b"x = a === b\n"),
        ("a.js", b"x = 'a'\n", b"x = `a`\n"),
        ("a.rb", b"x = 'a#{b}'\n", b'x = "a#{b}"\n'),
        ("a.c", b"char a = 'a';\n", b'char a = "a";\n'),
        ("a.go", b"package a\n\nvar b = c < 3\n", b"package a\n\nvar b = c <= 3\n"),
    ],
)
def test_what_is_code_or_not_known_is_none_of_them(path: str, before: bytes | None, after: bytes) -> None:
    assert not only_words(path, before, after)


def test_one_file_with_other_code_is_enough() -> None:
    comment = ChangedContent("a.py", b"x = 1  # a\n", b"x = 1  # b\n")
    assert only_words_changed([comment]) == ("a.py",)
    assert only_words_changed([comment, ChangedContent("b.py", b"x = 1\n", b"x = 2\n")]) == ()
    assert only_words_changed([]) == ()


def test_a_document_beside_a_comment_is_not_code_either() -> None:
    comment = ChangedContent("a.py", b"x = 1  # a\n", b"x = 1  # b\n")
    assert only_words_changed([comment, ChangedContent("docs/use.rst", None, b"b\n")]) == ("a.py", "docs/use.rst")
    assert only_words_changed([comment, ChangedContent("prompts/ask.md", b"a\n", b"b\n")]) == ()


@pytest.mark.parametrize(
    "code", ["x = " + "[" * 9_000 + "]" * 9_000, "x = a" + ".b" * 9_000, "x = " + "(" * 9_000 + "1" + ")" * 9_000]
)
def test_a_file_that_takes_too_long_to_look_at_is_not_known(code: str) -> None:
    before, after = f"{code}  # a\n".encode(), f"{code}  # b\n".encode()
    with at_most(100_000):
        assert only_words_changed([ChangedContent("a.py", before, after)]) == ()


def test_the_files_of_an_attempt_share_one_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    file = ChangedContent("a.py", PY, PY.replace(b"# it", b"# what was given"))
    monkeypatch.setattr(tree_steps, "MOST_STEPS", 3_000)
    assert only_words_changed([file]) == ("a.py",)
    assert only_words_changed([file] * 20) == ()


def test_an_end_of_brackets_that_moves_an_optional_chain_is_code() -> None:
    assert not only_words("a.js", b"(a?.b).c\n", b"a?.b.c\n")
    assert not only_words("a.js", b"((a?.b) + f).c\n".replace(b" + f", b""), b"(a)?.b.c\n")
    assert only_words("a.js", b"(a.b).c\n", b"a.b.c\n")
