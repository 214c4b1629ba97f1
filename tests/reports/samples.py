"""What real runners print, shortened; where a runner could be run here, by its newest version of 2026."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A text, and what it tells. `reader` is the one of the allow-list that reads it."""

    name: str
    text: str
    reader: str
    failed: tuple[str, ...] = ()
    ran: int | None = None
    whole: bool = True
    runner_name: str = ""

    @property
    def runner(self) -> str:
        """Return the name that the report gives itself."""
        return self.runner_name or self.reader


SAMPLES = (
    Sample(
        name="pytest -q",
        reader="pytest",
        text=""".FF                                          [100%]
=================================== FAILURES ===================================
E       assert 1 == 2
FAILED in the captured output
=========================== short test summary info ============================
FAILED tests/test_a.py::test_x - assert 1 == 2
FAILED tests/test_a.py::test_y[a - b] - ValueError: no - good
2 failed, 1 passed, 3 skipped in 0.02s""",
        failed=("tests/test_a.py::test_x", "tests/test_a.py::test_y[a"),
        ran=3,
    ),
    Sample(
        name="pytest",
        reader="pytest",
        text="============ 5 passed, 1 xfailed, 2 warnings in 61.30s (0:01:01) ============",
        ran=6,
    ),
    Sample(
        name="pytest with subtests",
        reader="pytest",
        text="""=========================== short test summary info ============================
SUBFAILED(i=0) test_a.py::T::test_s - AssertionError: 0 != 9
SUBFAILED(i=1) test_a.py::T::test_s - AssertionError: 1 != 9
FAILED test_a.py::T::test_x - AssertionError: 1 != 2
3 failed, 2 passed in 0.02s""",
        failed=("test_a.py::T::test_s", "test_a.py::T::test_x"),
        ran=5,
    ),
    Sample(
        name="pytest that could not collect",
        reader="pytest",
        text="""=========================== short test summary info ============================
ERROR tests/test_b.py - ModuleNotFoundError: No module named 'nope'
!!!!!!!!!!!!!!!!!!!! Interrupted: 1 error during collection !!!!!!!!!!!!!!!!!!!!
1 error in 0.05s""",
        failed=("tests/test_b.py",),
        ran=0,
        whole=False,
    ),
    Sample(
        name="pytest whose fixture fails",
        reader="pytest",
        text="""=========================== short test summary info ============================
ERROR tests/test_b.py::test_db - OSError
1 passed, 1 error in 0.05s""",
        failed=("tests/test_b.py::test_db",),
        ran=2,
    ),
    Sample(
        name="pytest -x",
        reader="pytest",
        text="""=========================== short test summary info ============================
FAILED test_a.py::test_x - assert 1 == 2
!!!!!!!!!!!!!!!!!!!!!!!!!! stopping after 1 failures !!!!!!!!!!!!!!!!!!!!!!!!!!!
1 failed in 0.02s""",
        failed=("test_a.py::test_x",),
        ran=1,
        whole=False,
    ),
    Sample(name="pytest without a summary", reader="pytest", text="1 failed, 1 passed in 0.02s", ran=2, whole=False),
    Sample(name="pytest without tests", reader="pytest", text="no tests ran in 0.00s", ran=0),
    Sample(
        name="unittest",
        reader="unittest",
        text=""".F.E
======================================================================
ERROR: test_s (test_a.T.test_s) (i=1)
----------------------------------------------------------------------
Traceback (most recent call last):
======================================================================
FAIL: test_x (test_a.T.test_x)
A line of the docstring.
----------------------------------------------------------------------
Ran 5 tests in 0.001s

FAILED (failures=1, errors=1, skipped=1)""",
        failed=("test_a.T.test_s", "test_a.T.test_x"),
        ran=4,
    ),
    Sample(
        name="unittest of Python 3.10",
        reader="unittest",
        text="FAIL: test_x (test_a.T)\n\nRan 1 test in 0.001s\n\nFAILED (failures=1)",
        failed=("test_a.T.test_x",),
        ran=1,
    ),
    Sample(name="unittest without tests", reader="unittest", text="\nRan 0 tests in 0.000s\n\nOK", ran=0),
    Sample(
        name="unittest that could not import",
        reader="unittest",
        text="ERROR: test_b (unittest.loader._FailedTest.test_b)\n\nRan 1 test in 0.0s\n\nFAILED (errors=1)",
        failed=("unittest.loader._FailedTest.test_b",),
        ran=1,
        whole=False,
    ),
    Sample(
        name="go test",
        reader="go",
        text="""--- FAIL: TestAdd (0.00s)
    calc_test.go:9: got -1
    --- FAIL: TestAdd/zero (0.00s)
FAIL
FAIL\texample.com/m/calc\t0.003s
ok  \texample.com/m/text\t0.002s
?   \texample.com/m/cmd\t[no test files]
FAIL""",
        failed=("example.com/m/calc.TestAdd", "example.com/m/calc.TestAdd/zero"),
        ran=None,
    ),
    Sample(
        name="go test -v",
        reader="go",
        text="--- PASS: TestA (0.00s)\n--- FAIL: TestB (0.00s)\nFAIL\nFAIL\texample.com/m\t0.003s",
        failed=("example.com/m.TestB",),
        ran=2,
    ),
    Sample(name="go test without tests", reader="go", text="?   \texample.com/m\t[no test files]", ran=0),
    Sample(
        name="go test that cannot build", reader="go", text="FAIL\tm/calc [build failed]\nFAIL", whole=False, ran=None
    ),
    Sample(
        name="go test -json",
        reader="go",
        text="""{"Time":"2026-01-01T00:00:00Z","Action":"run","Package":"m/calc","Test":"TestAdd"}
{"Action":"fail","Package":"m/calc","Test":"TestAdd","Elapsed":0}
{"Action":"pass","Package":"m/calc","Test":"TestSub","Elapsed":0}
{"Action":"fail","Package":"m/calc","Elapsed":0.1}""",
        failed=("m/calc.TestAdd",),
        ran=2,
    ),
    Sample(
        name="cargo test",
        reader="cargo",
        text="""     Running unittests src/lib.rs (target/debug/deps/calc-0a1b)

running 2 tests
test tests::zero ... ok
test tests::adds ... FAILED

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

error: test failed, to rerun pass `--lib`""",
        failed=("unittests src/lib.rs tests::adds",),
        ran=2,
        whole=False,
    ),
    Sample(
        name="cargo test --no-fail-fast",
        reader="cargo",
        text="""     Running unittests src/lib.rs (target/debug/deps/calc-0a1b)
test tests::adds ... FAILED
test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
     Running tests/api.rs (target/debug/deps/api-0a1b)
test api ... ok
test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
   Doc-tests calc
test src/lib.rs - add (line 1) ... FAILED
test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.20s
error: 2 targets failed:""",
        failed=("unittests src/lib.rs tests::adds", "doc calc src/lib.rs - add"),
        ran=4,
    ),
    Sample(
        name="cargo test --no-fail-fast, of which two targets fail",
        reader="cargo",
        text="""     Running unittests src/lib.rs (target/debug/deps/calc-c6626fb655a8d231)
test tests::zero ... ok
test tests::adds ... FAILED
test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.53s

error: test failed, to rerun pass `--lib`
     Running tests/api.rs (target/debug/deps/api-14943844c8ca6ed4)
test fine ... ok
test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.41s
   Doc-tests calc
test src/lib.rs - add (line 3) ... FAILED
test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.45s

error: doctest failed, to rerun pass `--doc`
error: 2 targets failed:
    `--lib`
    `--doc`""",
        failed=("unittests src/lib.rs tests::adds", "doc calc src/lib.rs - add"),
        ran=4,
    ),
    Sample(
        name="cargo test --quiet",
        reader="cargo",
        text="""running 2 tests
. 1/2
tests::adds --- FAILED

failures:
    tests::adds

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s

error: test failed, to rerun pass `--lib`
error: 1 target failed:
    `--lib`""",
        failed=("tests::adds",),
        ran=2,
    ),
    Sample(
        name="cargo test without tests",
        reader="cargo",
        text="running 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
        ran=0,
    ),
    Sample(
        name="ctest",
        reader="ctest",
        text="""50% tests passed, 1 tests failed out of 2

The following tests FAILED:
\t  2 - adds (Failed)
Errors while running CTest""",
        failed=("adds",),
        ran=2,
    ),
    Sample(name="ctest without tests", reader="ctest", text="No tests were found!!!", ran=0),
    Sample(
        name="jest",
        reader="jest",
        text="""FAIL src/calc.test.js
  ● Console
  ● calc › adds

    expect(received).toBe(expected)

PASS src/text.test.js
Test Suites: 1 failed, 1 passed, 2 total
Tests:       1 failed, 1 skipped, 3 passed, 5 total""",
        failed=("src/calc.test.js › calc › adds",),
        ran=4,
    ),
    Sample(
        name="jest with a suite that cannot run",
        reader="jest",
        text="FAIL a.test.js\n  ● Test suite failed to run\nTest Suites: 1 failed, 1 total\nTests:       0 total",
        ran=0,
        whole=False,
    ),
    Sample(name="jest without tests", reader="jest", text="No tests found, exiting with code 0", ran=0),
    Sample(
        name="vitest",
        reader="vitest",
        text=""" FAIL  src/calc.test.ts > calc > adds
AssertionError: expected -1 to be 3

 Test Files  1 failed | 1 passed (2)
      Tests  1 failed | 3 passed (4)""",
        failed=("src/calc.test.ts > calc > adds",),
        ran=4,
    ),
    Sample(
        name="vitest with a file that cannot run",
        reader="vitest",
        text=" FAIL  src/a.test.ts [ src/a.test.ts ]\n Test Files  1 failed (1)\n      Tests  no tests",
        ran=0,
        whole=False,
    ),
    Sample(
        name="jest --json",
        reader="jest-json",
        runner_name="jest",
        text="""{"numFailedTests":1,"numTotalTests":2,"testResults":[{"name":"/w/a.test.js","status":"failed",
"assertionResults":[{"fullName":"calc adds","status":"failed"},{"fullName":"calc subs","status":"passed"}]}]}""",
        failed=("/w/a.test.js › calc adds",),
        ran=2,
    ),
    Sample(
        name="mocha",
        reader="mocha",
        text="""  calc
    ✔ subtracts
    1) adds

  1 passing (4ms)
  1 failing

  1) calc
       adds:

      AssertionError: -1 == 3""",
        failed=("calc > adds",),
        ran=2,
    ),
    Sample(
        name="node --test",
        reader="node",
        text="""✖ adds (1.2ms)
✔ subtracts (0.1ms)
ℹ tests 2
ℹ pass 1
ℹ fail 1
ℹ cancelled 0

✖ failing tests:

✖ adds (1.2ms)""",
        failed=("adds",),
        ran=2,
    ),
    Sample(
        name="node --test as TAP",
        reader="node",
        text="""TAP version 13
# Subtest: adds
not ok 1 - adds
ok 2 - subtracts
1..2
# tests 2
# pass 1
# fail 1""",
        failed=("adds",),
        ran=2,
    ),
    Sample(
        name="node --test of two files with a test of one name",
        reader="node",
        text="""✖ adds (46.295326ms)
▶ calc
  ✖ subs (0.724705ms)
✖ calc (1.632612ms)
✖ adds (47.657878ms)
ℹ tests 4
ℹ pass 1
ℹ fail 3
ℹ cancelled 0

✖ failing tests:

test at test/a.test.js:4:1
✖ adds (46.295326ms)
  AssertionError [ERR_ASSERTION]: 1 == 2

test at test/a.test.js:5:26
✖ subs (0.724705ms)

test at test/b.test.js:2:1
✖ adds (47.657878ms)""",
        failed=("test/a.test.js > adds", "test/a.test.js > subs", "test/b.test.js > adds"),
        ran=4,
    ),
    Sample(
        name="node --test as TAP of two files with a test of one name",
        reader="node",
        text="""TAP version 13
# Subtest: adds
not ok 1 - adds
  ---
  duration_ms: 18.544302
  location: '/ws/test/a.test.js:4:1'
  failureType: 'testCodeFailure'
  stack: |-
    Test.run (node:internal/test_runner/test:796:25)
  ...
# Subtest: calc
    # Subtest: subs
    not ok 1 - subs
      ---
      location: '/ws/test/a.test.js:5:26'
      ...
    1..1
not ok 2 - calc
  ---
  type: 'suite'
  location: '/ws/test/a.test.js:5:1'
  failureType: 'subtestsFailed'
  ...
# Subtest: adds
not ok 3 - adds
  ---
  location: '/ws/test/b.test.js:2:1'
  ...
# Subtest: /ws/test/c.test.js
not ok 4 - /ws/test/c.test.js
  ---
  location: '/ws/test/c.test.js:1:1'
  exitCode: 1
  ...
1..4
# tests 6
# pass 2
# fail 4
# cancelled 0""",
        failed=(
            "/ws/test/a.test.js > adds",
            "/ws/test/a.test.js > subs",
            "/ws/test/b.test.js > adds",
            "/ws/test/c.test.js",
        ),
        ran=6,
    ),
    Sample(
        name="TAP",
        reader="tap",
        text="""1..4
ok 1 - subtracts
not ok 2 - adds
not ok 3 - multiplies # TODO later
ok 4 # SKIP no network""",
        failed=("adds",),
        ran=3,
    ),
    Sample(name="TAP that ends early", reader="tap", text="1..3\nok 1\nBail out! no disk", ran=1, whole=False),
    Sample(
        name="JUnit's XML",
        reader="junit",
        text="""<?xml version="1.0"?><testsuites><testsuite name="a" tests="3">
<testcase classname="tests.test_a" name="test_x"><failure message="no">1 == 2</failure></testcase>
<testcase classname="tests.test_a" name="test_y"/>
<testcase classname="tests.test_a" name="test_z"><skipped/></testcase></testsuite></testsuites>""",
        failed=("tests.test_a::test_x",),
        ran=2,
    ),
    Sample(
        name="maven",
        reader="maven",
        text="""[ERROR] Tests run: 2, Failures: 1, Errors: 0, Skipped: 0, Time elapsed: 0.02 s <<< FAILURE! -- in x.CalcTest
[ERROR] Failures:
[ERROR]   CalcTest.adds:12 expected: <3> but was: <-1>
[ERROR] Tests run: 2, Failures: 1, Errors: 0, Skipped: 0""",
        failed=("CalcTest.adds",),
        ran=2,
    ),
    Sample(
        name="gradle",
        reader="gradle",
        text="CalcTest > adds() FAILED\n    org.opentest4j.AssertionFailedError\n\n3 tests completed, 1 failed, 1 skipped",
        failed=("CalcTest > adds()",),
        ran=2,
    ),
    Sample(
        name="gradle without tests", reader="gradle", text="> Task :test NO-SOURCE\n\nBUILD SUCCESSFUL in 1s", ran=0
    ),
    Sample(
        name="rspec",
        reader="rspec",
        text="2 examples, 1 failure\n\nFailed examples:\n\nrspec ./spec/calc_spec.rb:4 # Calc adds",
        failed=("./spec/calc_spec.rb Calc adds",),
        ran=2,
    ),
    Sample(
        name="minitest",
        reader="minitest",
        text="""  1) Failure:
CalcTest#test_adds [test/calc_test.rb:7]:
Expected: 3

2 runs, 2 assertions, 1 failures, 0 errors, 0 skips""",
        failed=("CalcTest#test_adds",),
        ran=2,
    ),
    Sample(
        name="phpunit",
        reader="phpunit",
        text="1) CalcTest::testAdds\nFailed asserting that -1 is 3.\n\nTests: 2, Assertions: 2, Failures: 1.",
        failed=("CalcTest::testAdds",),
        ran=2,
    ),
    Sample(name="phpunit that is green", reader="phpunit", text="OK (12 tests, 24 assertions)", ran=12),
)
