"""What a file defines as tests is known by its syntax, in each language that a check is found for."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from profile_router.core.trust.taken_tests import HeldTest, taken_tests
from profile_router.workspace.held_tests import held_tests
from profile_router.workspace.tree_steps import at_most

PY = """import pytest
from shop import share, parse

@pytest.mark.parametrize("text", ["1", "2", "3"])
def test_parse(text):
    assert parse(text)

class TestShare:
    def test_equal(self):
        assert share(9, 3) == [3, 3, 3]

    def test_rest(self):
        with pytest.raises(ValueError):
            share(1, 0)
"""
JS = """import { test, expect } from "vitest";
describe("pages", () => {
  test("whole", () => { expect(pages(10, 5)).toBe(2); });
  it.each([[1, 2], [3, 4]])("adds", (a, b) => { expect(add(a, b)).toBeTruthy(); });
});
"""
GO = """package a
import "testing"
func TestUp(t *testing.T) {
	for _, row := range []struct{ in, out int }{{1, 2}, {2, 3}, {3, 4}} {
		if Up(row.in) != row.out { t.Fatal(row) }
	}
}
func TestDown(t *testing.T) { if Down(2) != 1 { t.Error("no") } }
"""
RUST = "#[cfg(test)]\nmod tests {\n    #[test]\n    fn holds() { assert!(super::holds(1)); }\n    #[test]\n    #[ignore]\n    fn slow() { assert_eq!(super::f(), 1); }\n}\n"
JAVA = """class CartTest {
    @Test void adds() { assertEquals(3, new Cart().add(3)); }
    @ParameterizedTest @ValueSource(ints = {1, 2, 3}) void one(int x) { assertTrue(Cart.ok(x)); }
    @Disabled("later") @Test void later() { assertTrue(Cart.ok(1)); }
}
"""
RUBY = 'class A < Minitest::Test\n  def test_adds\n    assert_equal 3, Cart.new.add(3)\n  end\n\n  test "takes" do\n    assert Cart.new.take\n  end\nend\n'
KOTLIN = "class A {\n    @Test\n    fun adds() { assertEquals(3, add(3)) }\n    @Disabled\n    @Test\n    fun `takes one`() { }\n}\n"
PHP = "<?php\nclass A extends TestCase {\n    public function testAdds(): void { }\n    #[Test]\n    public function takes(): void { }\n    public function help(): void { }\n}\n"
CSHARP = 'class A {\n    [Fact]\n    public void Adds() { }\n    [Fact(Skip = "later")]\n    public async Task Takes() { }\n}\n'


def known(path: str, source: str, old: str = "") -> tuple[HeldTest, ...]:
    """Return what the file *path* holds, which is small enough to be looked at, and was *old* before the work."""
    found = held_tests(path, source.encode(), (old or source).encode())
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("path", "source", "held"),
    [
        ("tests/test_a.py", PY, {"test_parse": 3, "test_equal": 1, "test_rest": 1}),
        ("a.test.ts", JS, {"whole": 1, "adds": 2}),
        ("a_test.go", GO, {"TestUp": 3, "TestDown": 1}),
        ("src/a.rs", RUST, {"holds": 1, "slow": 0}),
        ("src/test/java/CartTest.java", JAVA, {"adds": 1, "one": 3, "later": 0}),
        ("test/a_test.rb", RUBY, {"test_adds": 1, "takes": 1}),
        ("src/test/kotlin/ATest.kt", KOTLIN, {"adds": 1, "takes one": 0}),
        ("tests/ATest.php", PHP, {"testAdds": 1, "takes": 1}),
        ("ATests.cs", CSHARP, {"Adds": 1, "Takes": 0}),
        ("tests/test_a.cc", "TEST(Ring, Full) { EXPECT_EQ(ring.size(), 3); }\n", {"TEST(Ring, Full)": 1}),
        ("tests/test_a.c", "int main(void) { assert(push(1)); assert(pop() == 1); return 0; }\n", {"tests/test_a.c": 2}),
        ("t/a.t", "use Test::More;\nis(add(1, 2), 3);\nok $done;\nok 1;\n", {"t/a.t": 2}),
        ("tests/a.bats", '@test "adds" {\n  run add 1 2\n}\n', {"adds": 1}),
        ("tests/run.sh", "#!/bin/sh\n./add 1 2 | grep -q 3\n", {"tests/run.sh": 1}),
        ("src/a.js", "export const a = assert(b);\n", {}),
        ("tests/test_a.py", "", {}),
        ("tests/test_a.zig", "test {}\n", {}),
    ],
)  # fmt: skip
def test_tests_are_found_with_their_cases(path: str, source: str, held: Mapping[str, int]) -> None:
    assert {one.name: one.counts for one in known(path, source)} == held


@pytest.mark.parametrize(
    ("path", "source", "old", "new"),
    [
        ("tests/test_a.py", PY, "    def test_rest", "    @pytest.mark.skip\n    def test_rest"),
        ("tests/test_a.py", PY, "def test_parse", "@pytest.mark.xfail(reason='it is hard')\ndef test_parse"),
        ("tests/test_a.py", PY, "class TestShare", "@unittest.skip('later')\nclass TestShare"),
        ("tests/test_a.py", PY, "    assert parse(text)", "    pytest.skip('no')\n    assert parse(text)"),
        ("tests/test_a.py", PY, "    assert parse(text)", "    return\n    assert parse(text)"),
        ("tests/test_a.py", PY, "import pytest\n", "import pytest\npytestmark = pytest.mark.skip\n"),
        ("tests/test_a.py", PY, "assert parse(text)", "assert True"),
        ("tests/test_a.py", PY, "assert parse(text)", "parse(text)"),
        ("tests/test_a.py", PY, '["1", "2", "3"]', '["1"]'),
        ("tests/test_a.py", PY, "test_rest", "no_test_rest"),
        ("a.test.ts", JS, 'test("whole"', 'test.skip("whole"'),
        ("a.test.ts", JS, "it.each", "it.only.each"),
        ("a.test.ts", JS, "describe(", "xdescribe("),
        ("a.test.ts", JS, "expect(pages(10, 5)).toBe(2);", "expect(true).toBe(true);"),
        ("a_test.go", GO, "if Down(2) != 1", 't.Skip("later")\n\tif Down(2) != 1'),
        ("a_test.go", GO, "{1, 2}, {2, 3}, {3, 4}", "{1, 2}"),
        ("src/a.rs", RUST, "#[test]\n    fn holds", "#[test]\n    #[ignore]\n    fn holds"),
        ("src/test/java/CartTest.java", JAVA, "@Test void adds", "@Disabled @Test void adds"),
        ("src/test/java/CartTest.java", JAVA, "{1, 2, 3}", "{1}"),
        ("test/a_test.rb", RUBY, "    assert Cart", '    skip "later"\n    assert Cart'),
        ("src/test/kotlin/ATest.kt", KOTLIN, "    @Test\n    fun adds", "    @Disabled\n    @Test\n    fun adds"),
        ("tests/ATest.php", PHP, "    #[Test]\n", ""),
        ("t/a.t", "use Test::More;\nis(add(1, 2), 3);\nis(add(2, 2), 4);\n", "is(add(2, 2), 4);\n", "ok 1;\n"),
        ("tests/run.sh", "#!/bin/sh\n./add 1 2 | grep -q 3\n", "./add 1 2 | grep -q 3", "echo fine"),
    ],
)
def test_a_test_that_is_switched_off_or_emptied_is_taken(path: str, source: str, old: str, new: str) -> None:
    assert source.count(old) == 1
    before = {path: known(path, source)}
    assert taken_tests(before, {path: known(path, source.replace(old, new))})
    assert not taken_tests(before, before)


PARSE, NO = "    assert parse(text)", "def no():\n    pytest.skip('x')\n\n"
PARAMETRIZE, SHARE, HOLDS = "@pytest.mark.parametrize", "class TestShare", "    #[test]\n    fn holds"
DOWN, UP, ADDS = "func TestDown(t *testing.T) { ", "package a", "@Test void adds() { "
WHOLE, GROUP = 'test("whole", ', "describe("
SWITCHED: list[tuple[str, str, str, str]] = [
    *(("tests/test_a.py", PY, old, new) for old, new in (
        (PARAMETRIZE, f"from unittest import skip as off\n\n@off('x')\n{PARAMETRIZE}"),
        (PARAMETRIZE, f"import pytest as p\n\n@p.mark.skip\n{PARAMETRIZE}"),
        (PARAMETRIZE, f"later = pytest.mark.xfail(reason='x')\n\n@later\n{PARAMETRIZE}"),
        (PARAMETRIZE, f"m = pytest.mark\nlater = m.skipif(True, reason='x')\n\n@later\n{PARAMETRIZE}"),
        (PARAMETRIZE, f"from unittest import expectedFailure as soon\n\n@soon\n{PARAMETRIZE}"),
        (PARAMETRIZE, f"def soon(f):\n    return pytest.mark.xfail(f)\n\n@soon\n{PARAMETRIZE}"),
        (PARAMETRIZE, f"@pytest.fixture(autouse=True)\n{NO}{PARAMETRIZE}"),
        (PARAMETRIZE, f"off = pytest.mark.skip\npytestmark = [off]\n\n{PARAMETRIZE}"),
        ("from shop", "if True:\n    raise unittest.SkipTest\nfrom shop"),
        ("from shop", "from unittest import SkipTest as S\nraise S\nfrom shop"),
        ("from shop", "pytest.importorskip('nowhere')\nfrom shop"),
        ("from shop", "import pytest as p\np.skip('x', allow_module_level=True)\nfrom shop"),
        (PARSE, f"    raise SkipTest\n{PARSE}"),
        (PARSE, f"    if True:\n        return\n{PARSE}"),
        (PARSE, f"    no()\n{PARSE}\n\n{NO}"),
        (SHARE, f"del test_parse\n\n{SHARE}"),
        (SHARE, f"test_parse.__test__ = False\n\n{SHARE}"),
        (SHARE, f"test_parse = pytest.mark.skip(test_parse)\n\n{SHARE}"),
        ("    def test_equal", "    __test__ = False\n\n    def test_equal"),
        ("    def test_equal", "    def setUp(self):\n        self.skipTest('x')\n\n    def test_equal"),
        ("    def test_equal", "    pytestmark = pytest.mark.skip\n\n    def test_equal"),
    )),
    *(("a.test.ts", JS, old, new) for old, new in (
        (WHOLE, 'const t = test.skip;\n  t("whole", '),
        (WHOLE, 'const { skip } = test;\n  skip("whole", '),
        (WHOLE, 'test["skip"]("whole", '),
        (WHOLE, 'test.failing("whole", '),
        (WHOLE, f"{WHOLE}{{ skip: true }}, "),
        ("=> { expect(pages", "=> { this.skip(); expect(pages"),
        (GROUP, "const off = describe.skip;\noff("),
        (GROUP, "describe.only('x', () => { it('y', () => { expect(add(1)).toBe(2); }); });\ndescribe("),
        (WHOLE, f"beforeEach((ctx) => {{ ctx.skip(); }});\n  {WHOLE}"),
    )),
    *(("a_test.go", GO, old, new) for old, new in (
        (DOWN, f'func off(t *testing.T) {{ t.Skip("x") }}\n{DOWN}off(t); '),
        (DOWN, f'{DOWN}if true {{ t.Skip("x") }}; '),
        (UP, f"//go:build never\n\n{UP}"),
        (UP, f"{UP}\nfunc TestMain(m *testing.M) {{ os.Exit(0) }}"),
    )),
    *(("src/a.rs", RUST, old, new) for old, new in (
        (HOLDS, f"    #[cfg(any())]\n{HOLDS}"),
        (HOLDS, f"    #[cfg_attr(all(), ignore)]\n{HOLDS}"),
        ("#[cfg(test)]", "#[cfg(all(test, any()))]"),
    )),
    *(("src/test/java/CartTest.java", JAVA, old, new) for old, new in (
        (ADDS, f"{ADDS}assumeTrue(false); "),
        (ADDS, f'@EnabledIf("false") {ADDS}'),
        ("class CartTest {", "class CartTest {\n    @BeforeEach void no() { Assumptions.abort(); }"),
    )),
    ("test/a_test.rb", RUBY, "  def test_adds", "  def setup\n    skip\n  end\n\n  def test_adds"),
    ("tests/a.bats", '@test "adds" {\n  run add 1 2\n}\n', "  run", "  skip\n  run"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "source", "old", "new"), SWITCHED)
def test_a_test_is_off_by_whatever_name_and_from_wherever_it_is_switched_off(
    path: str, source: str, old: str, new: str
) -> None:
    assert source.count(old) == 1
    before = {path: known(path, source)}
    found = taken_tests(before, {path: known(path, source.replace(old, new), source)})
    assert found.off
    assert not taken_tests(before, before)


NEEDS = PY.replace("import pytest\n", "import pytest\nneeds = pytest.mark.skipif(not LIBRARY, reason='x')\n")
SHELL = "#!/bin/sh\n./add 1 2 | grep -q 3\n"


@pytest.mark.parametrize(
    ("path", "source", "old", "new"),
    [
        ("tests/test_a.py", NEEDS, PARAMETRIZE, f"@needs\n{PARAMETRIZE}"),  # a condition of the project
        ("tests/test_a.py", PY, "from shop", "numpy = pytest.importorskip('numpy')\nX = numpy.ones(3)\nfrom shop"),
        ("tests/test_a.py", PY, "from shop", "pytest.importorskip('numpy')\nimport numpy\nfrom shop"),
        ("tests/test_a.py", PY, PARSE, f"    test_rest = parse(text)\n{PARSE}"),
        ("a.test.ts", JS, "it.each([[1, 2], [3, 4]])", "it.for([[1, 2], [3, 4]])"),
        ("a.test.ts", JS, GROUP, "const test = base.extend({});\ndescribe("),
        ("a.test.ts", JS, GROUP, "const { it } = helpers;\ndescribe("),
        ("a_test.go", GO, UP, f"//go:build linux && amd64\n\n{UP}"),
        ("src/a.rs", RUST, HOLDS, f"    #[cfg_attr(miri, ignore)]\n{HOLDS}"),
        ("test/a_test.rb", RUBY, "    assert_equal", '    skip "later" if slow?\n    assert_equal'),
        ("tests/run.sh", SHELL, "./add", 'if test -z "$X"; then\nexit 0\nfi\n./add'),
    ],
)
def test_a_condition_of_the_project_or_a_name_of_its_own_switches_none_off(
    path: str, source: str, old: str, new: str
) -> None:
    assert source.count(old) == 1
    assert not taken_tests({path: known(path, source)}, {path: known(path, source.replace(old, new), source)})


def test_a_script_that_ends_well_before_its_tests_has_none() -> None:
    assert known("tests/run.sh", SHELL.replace("./add", "exit 0\n./add")) == ()


@pytest.mark.parametrize(
    ("path", "source", "old", "new"),
    [
        ("tests/test_a.py", PY, "== [3, 3, 3]", "== [3, 3, 4]"),
        ("tests/test_a.py", PY, "test_rest", "test_nobody_shares"),
        ("tests/test_a.py", PY, '["1", "2", "3"]', "TEXTS"),
        ("tests/test_a.py", PY, "    def test_rest", "    # it was slow\n    def test_rest"),
        ("tests/test_a.py", PY, "assert parse(text)", "if not parse(text):\n        pytest.skip('no')\n    assert parse(text)"),
        ("a.test.ts", JS, "toBe(2)", "toBe(3)"),
        ("a_test.go", GO, "if Down(2) != 1", "if testing.Short() { t.Skip() }\n\tif Down(2) != 1"),
        ("src/test/java/CartTest.java", JAVA, "adds()", "addsThem()"),
    ],
)  # fmt: skip
def test_another_expectation_name_or_comment_takes_none(path: str, source: str, old: str, new: str) -> None:
    before = {path: known(path, source)}
    assert not taken_tests(before, {path: known(path, source.replace(old, new))})


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("a.test.js", 'test("a",()=>{' + "ok(" * 20_000 + "1" + ")" * 20_000 + "})"),
        ("a.test.js", 'test("a",()=>{a' + ".b()" * 50_000 + "})"),
        ("a.test.js", "describe('',()=>{" * 4_000 + 'test("a",()=>{ok(1)})' + "})" * 4_000),
        ("tests/test_a.py", "def test_a():\n    assert " + "f(" * 20_000 + "1" + ")" * 20_000 + "\n"),
        ("tests/test_a.py", PY + "#" * 600_000),
    ],
    ids=["nested checks", "a chain", "nested groups", "nested calls", "too large"],
)
def test_a_file_that_takes_too_long_to_look_at_tells_nothing(path: str, source: str) -> None:
    with at_most(20_000):
        assert held_tests(path, source.encode()) is None


def test_a_line_of_blanks_in_a_shell_test_is_read_once() -> None:
    assert held_tests("tests/a.sh", b"#!/bin/sh\n" + b" " * 200_000 + b"x") is not None


SAME = """import pytest

def same(a, b, c):
    assert share(a, b) == c

def test_share():
    same(9, 3, 3)
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def test_share():\n    assert share(9, 3) == 3\n", SAME),
        (
            '@pytest.mark.parametrize(("a", "b", "c"), [(1, 2, 3)])\ndef test_a(a, b, c):\n    assert f(a, b) == c\n',
            '@pytest.mark.parametrize("a, b, c", [(1, 2, 3)])\ndef test_a(a, b, c):\n    assert f(a, b) == c\n',
        ),
        (
            "def test_a():\n    for a, b in [(1, 2), (3, 4)]:\n        assert f(a) == b\n",
            "ROWS = [(1, 2), (3, 4), (5, 6)]\n\ndef test_a():\n    for a, b in ROWS:\n        assert f(a) == b\n",
        ),
        (
            "@pytest.fixture\ndef test_client(app):\n    return app.client()\n\ndef test_a(test_client):\n    assert test_client\n",
            "@pytest.fixture\ndef client(app):\n    return app.client()\n\ndef test_a(client):\n    assert client\n",
        ),
    ],
    ids=["a function of its own that asserts", "names as one text", "rows by a name", "a fixture named like a test"],
)
def test_a_test_written_otherwise_is_not_gone(before: str, after: str) -> None:
    old, new = ({"tests/test_a.py": known("tests/test_a.py", text)} for text in (before, after))
    assert old["tests/test_a.py"]
    assert not taken_tests(old, new)
