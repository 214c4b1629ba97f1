"""An outline has the definitions of a text with their signatures and docstrings, and no bodies."""

from __future__ import annotations

import pytest

from profile_router.workspace import outline as outlining
from profile_router.workspace.outline import MOST_OUTLINED_BYTES, outline

PYTHON = '''
class Pool(Base):
    """Keeps workers."""

    async def take(
        self, size: int = 1
    ) -> list[Worker]:
        """Return *size* workers."""
        secret_of_the_body = size
        return self.idle[:secret_of_the_body]
'''
DEFINED = {
    "python": (
        PYTHON,
        ("class Pool(Base) …", '    """Keeps workers."""', "    async def take(", '"""Return *size* workers."""'),
    ),
    "javascript": (
        "/** adds */\nfunction add(a, b) { return inner(a) }\nclass A extends B { m(x) { return inner } }",
        ("/** adds */", "function add(a, b) …", "class A extends B …", "m(x) …"),
    ),
    "typescript": (
        "export function add(a: number): number { return inner }\ninterface Shape { x: number }\nclass A { m(): void { inner() } }",
        ("export function add(a: number): number …", "interface Shape …", "class A …", "m(): void …"),
    ),
    "tsx": ("function View(p: Props) { return <b>{inner}</b> }", ("function View(p: Props) …",)),
    "go": (
        "package a\n// Add adds.\nfunc Add(a int) int {\n\treturn inner(a)\n}\nfunc (t *T) M() error { return inner }\n",
        ("// Add adds.", "func Add(a int) int …", "func (t *T) M() error …"),
    ),
    "rust": (
        "pub fn add(a: i32) -> i32 { inner(a) }\nimpl S { fn m(&self) -> u8 { inner } }",
        ("pub fn add(a: i32) -> i32 …", "fn m(&self) -> u8 …"),
    ),
    "java": (
        "class A { public int f(int x) throws E { return inner; } }",
        ("class A …", "public int f(int x) throws E …"),
    ),
    "c": ("static int add(int a, int b)\n{\n  return inner(a);\n}\n", ("static int add(int a, int b) …",)),
    "cpp": (
        "class A { public: int f(int x) const { return inner; } };\nint B::g() { return inner; }",
        ("class A …", "int B::g() …"),
    ),
    "ruby": ("# a pool\nclass A < B\n  def f(x)\n    inner\n  end\nend\n", ("class A < B …", "  def f(x) …")),
}


@pytest.mark.parametrize(("language", "text", "lines"), [(name, *row) for name, row in DEFINED.items()], ids=DEFINED)
def test_signatures_and_docstrings_stay_and_bodies_go(language: str, text: str, lines: tuple[str, ...]) -> None:
    found = outline(language, text)
    assert found is not None
    for line in lines:
        assert line in found
    assert "inner" not in found
    assert "secret_of_the_body" not in found


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("cobol", "IDENTIFICATION DIVISION."),
        ("python", "just a sentence about nothing"),
        ("python", ""),
        ("python", "x = 1\n" * (MOST_OUTLINED_BYTES // 6 + 1)),
        ("python", "(" * 60_000),
        ("javascript", "{[(" * 20_000),
    ],
    ids=["an unknown language", "no code", "nothing", "too large", "brackets alone", "open brackets"],
)
def test_what_cannot_be_outlined_gives_nothing(language: str, text: str) -> None:
    assert outline(language, text) is None


def test_a_minified_file_gives_its_functions_without_its_one_line() -> None:
    text = "".join(f"function f{number}(a,b){{return a+b*{number}}};" for number in range(3_000))
    found = outline("javascript", text)
    assert found is not None
    assert "function f2999(a,b) …" in found
    assert len(found) < len(text) * 0.7


def test_code_with_a_mistake_in_it_gives_what_is_recognized() -> None:
    found = outline("python", "def broken(:\n    pass\n\ndef whole(a):\n    return a\n")
    assert found is not None
    assert "def whole(a) …" in found


def test_a_text_that_would_keep_the_parser_for_minutes_gives_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlining, "OUTLINE_SECONDS", 0.1)
    assert outline("javascript", "function f(a) { return a }\n" + "/[" * 200_000) is None
