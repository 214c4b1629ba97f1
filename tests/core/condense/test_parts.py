"""A context is taken apart into code, errors and prose, and nothing of it gets lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profile_router.core.condense.parts import parts_of_context

TRACEBACK = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\nKeyError: 'a'\n"
PIECES = (
    "```python\n",
    "```\n",
    "~~~~\n",
    "==> a/b.py <==\n",
    "File: x.go\n",
    TRACEBACK,
    "error: no\n",
    "words\n",
    "\n",
    "x",
    "=== c.rs ===\n",
    "漢🦘",
)


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=20), max_size=30).map("".join))
def test_the_parts_together_are_the_context(context: str) -> None:
    assert "".join(part.whole for part in parts_of_context(context)) == context


CODE = {
    "a fence with a language": ("```py\nx = 1\n```\n", "python", None),
    "a fence with a path": ("```src/a.ts\nx\n```\n", "typescript", "src/a.ts"),
    "a fence below a path": ("See `lib/b.rb`:\n```\nx\n```\n", "ruby", "lib/b.rb"),
    "a fence in tildes": ("~~~ rust\nfn f() {}\n~~~\n", "rust", None),
    "a fence left open": ("```go\npackage x\n", "go", None),
    "what head prints": ("==> src/a.cpp <==\nint x;\n", "cpp", "src/a.cpp"),
    "a header in dashes": ("--- a/b.java ---\nclass A {}\n", "java", "a/b.java"),
    "a file in words": ("File: b.c\nint x;\n", "c", "b.c"),
    "another language": ("```sql\nselect 1\n```\n", None, None),
}


@pytest.mark.parametrize(("context", "language", "path"), CODE.values(), ids=CODE)
def test_code_is_known_by_its_fence_or_its_header(context: str, language: str | None, path: str | None) -> None:
    (code,) = [part for part in parts_of_context(context) if part.form == "code"]
    assert (code.language, code.path) == (language, path)


ERRORS = {
    "a Python traceback": TRACEBACK,
    "a Java exception": "java.lang.IllegalStateException: no\n    at a.B.c(B.java:3)\n    at a.D.e(D.java:4)\n",
    "a compiler's line": "src/a.c:1:2: error: expected ';'\n",
    "rustc's message": "error[E0308]: mismatched types\n --> src/a.rs:1:2\n  |\n3 | let x\n",
    "pytest's lines": "E   assert 1 == 2\n",
    "npm's lines": "npm ERR! code ELIFECYCLE\n",
}


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
def test_an_error_is_a_part_of_its_own_and_whole(error: str) -> None:
    found = parts_of_context(f"It fails:\n{error}What now?\n")
    assert [part.text for part in found if part.form == "error"] == [error]


@pytest.mark.parametrize(
    "context",
    [
        "| a | b |\n|---|---|\n",
        "--- a/x.py\n+++ b/x.py\n",
        "an error is not an exception\n",
        "a ``` in a line\n",
        "---\ntitle: x\n---\n",
    ],
)
def test_what_only_looks_like_it_stays_prose(context: str) -> None:
    assert {part.form for part in parts_of_context(context)} == {"prose"}
