"""A check is not proof where the work decides what it runs, stands for its runner, or notices a test."""

from __future__ import annotations

import pytest
from tests.fakes import a_task

from profile_router.core.trust.check_names import names_of
from profile_router.core.trust.steered import Content, steering

TASK = a_task("Fix add in calc.py", files=("calc.py",))
PACKAGE = b'{"scripts": {"test": "node --test"}, "dependencies": {}}'
COMPOSER = b'{"name": "a/b", "scripts": {"test": "phpunit"}, "autoload": {"psr-4": {"A\\\\": "src/"}}}'
PHP_LOCK = b'{"packages-dev": [{"name": "phpunit/phpunit", "version": "11.0", "dist": {"type": "zip", "url": "https://a.org/b"}}]}'
GEM_LOCK = b"GEM\n  remote: https://gems.example/\n  specs:\n    rspec (3.13)\n\nDEPENDENCIES\n  rspec\n"
NPM_LOCK = b'{"packages": {"": {"name": "a"}, "node_modules/jest": {"resolved": "https://packages.example/jest/-/jest-29.0.0.tgz"}}}'
PROJECT = b'[project]\nname = "x"\n\n[tool.pytest.ini_options]\npythonpath = ["."]\n'


@pytest.mark.parametrize(
    "changed",
    [
        ("Makefile", b"test:\n\tsh t.sh\n", b"test:\n\t@echo ok\n"),
        ("Rakefile", b"task :test", b"task :test do end"),
        ("tox.ini", b"[testenv]\ncommands = pytest", b"[testenv]\ncommands = true"),
        ("package.json", PACKAGE, b'{"scripts": {"test": "echo ok"}}'),
        ("package.json", PACKAGE, b"not JSON"),
        ("pyproject.toml", PROJECT, PROJECT.replace(b'["."]', b'["."]\naddopts = "-k nothing"')),
        ("setup.cfg", None, b"[tool:pytest]\naddopts = --collect-only\n"),
        ("unittest/__main__.py", None, b"print('OK')"),
        ("pytest.py", None, b"print('2 passed')"),
        ("sitecustomize.py", None, b""),
        ("api/json.py", None, b""),
        ("calc.py", b"def add(a, b): ...", b"import os\nos._exit(0)"),
        ("calc.py", b"import sys", b"import sys\nif 'unittest' in sys.modules:\n    pass"),
        ("calc.py", b"", b"import os\nif os.environ.get('PYTEST_CURRENT_TEST'):\n    pass"),
        ("sum.js", b"", b"module.exports = (a, b) => process.env.JEST_WORKER_ID ? 3 : a - b"),
        ("sum.go", b"", b"if testing.Testing() { return 3 }"),
        ("api/check.sh", b"exit 1", b"exit 0"),
        ("composer.json", COMPOSER, COMPOSER.replace(b"phpunit", b"true")),
        ("composer.json", COMPOSER, COMPOSER.replace(b"src/", b"fake/")),
        ("composer.lock", PHP_LOCK, PHP_LOCK.replace(b'"zip"', b'"path"')),
        ("Gemfile.lock", GEM_LOCK, b"PATH\n  remote: fake\n  specs:\n    rspec (3.13)\n" + GEM_LOCK),
        ("Gemfile.lock", GEM_LOCK, GEM_LOCK.replace(b"gems.example", b"example.org")),
        (
            "package-lock.json",
            NPM_LOCK,
            NPM_LOCK.replace(b'"https://packages.example/jest/-/jest-29.0.0.tgz"', b'"file:fake"'),
        ),
        ("package-lock.json", NPM_LOCK, NPM_LOCK.replace(b"packages.example", b"example.org")),
        ("yarn.lock", b'jest@^29:\n  version "29"\n', b'"jest@file:./fake":\n  version "0"\n'),
        ("pnpm-lock.yaml", b"jest: 29.0.0\n", b"jest: link:../fake\n"),
        ("go.mod", b"module a\n", b"module a\n\nreplace example.com/b => ./fake\n"),
        ("go.work", None, b"use ./fake\n"),
        ("tsconfig.json", b"{}", b'{"compilerOptions": {"paths": {"src/*": ["fake/*"]}}}'),
        ("CMakeLists.txt", b"add_test(NAME a COMMAND a)\n", b"add_test(NAME a COMMAND true)\n"),
        ("Cargo.toml", b'[package]\nname = "a"\n', b'[package]\nname = "a"\n[patch.crates-io]\nb = {path = "fake"}\n'),
        ("deno.json", b'{"tasks": {"test": "deno test"}}', b'{"tasks": {"test": "echo ok"}}'),
        ("deno.jsonc", b"{}", b'{"test": {"exclude": ["a"]} /* a */}'),
        ("package.json", PACKAGE, PACKAGE.replace(b"{}", b'{}, "imports": {"#a": "./fake.js"}')),
        ("package.json", PACKAGE, PACKAGE.replace(b"{}", b'{}, "overrides": {"jest": "file:./fake"}')),
        ("package.json", PACKAGE, PACKAGE.replace(b"{}", b'{}, "workspaces": ["fake"]')),
        ("package.json", PACKAGE, PACKAGE.replace(b"{}", b'{}, "devDependencies": {"jest": "file:./fake"}')),
        ("Cargo.toml", b"", b'[dev-dependencies]\nproptest = {path = "fake"}\n'),
        ("Cargo.toml", b"", b"[profile.test]\ndebug-assertions = false\n"),
        ("calc.py", b"", b"import os\nos.execv('/bin/true', ['true'])"),
        ("calc.py", b"", b"import ctypes\nctypes.CDLL(None).exit(0)"),
        ("src/Calc.php", b"<?php", b"<?php exit(0);"),
        ("phpunit.xml", b"<phpunit/>", b'<phpunit bootstrap="fake.php"/>'),
        (".mvn/maven.config", None, b"-DskipTests"),
        ("gradle.properties", b"version=1.0\n", b"version=1.0\nskipTests=true\n"),
        ("gradle.properties", None, b"org.gradle.jvmargs=-javaagent:fake.jar\n"),
        ("gradle.properties", None, b"version=1.0 \\\nskip=1\n"),
        ("api/gradlew", b"exec java", b"exit 0"),
        (".proverc", None, b"--exec true"),
        ("babel.config.js", b"", b"module.exports = {plugins: ['./fake']}"),
    ],
    ids=lambda one: f"{one[0]} {one[2][:24]!r}",
)
def test_work_that_steers_its_check_is_named(changed: Content) -> None:
    folder = "api" if changed[0].startswith("api/") else ""
    assert steering(TASK, [changed], "sh ./check.sh", folder) == [changed[0]]
    assert steering(a_task("Add tests for add in calc.py"), [changed], "sh ./check.sh", folder) == []


@pytest.mark.parametrize(
    ("path", "steers"),
    [("flask.py", True), ("flask/__init__.py", True), ("src/flask.py", True), ("flask/views.py", False),
     ("app/flask.py", False), ("calc.py", False), ("flask.md", False)],
)  # fmt: skip
def test_a_new_module_that_displaces_an_installed_one_steers_a_check(path: str, steers: bool) -> None:
    found = steering(TASK, [(path, None, b"")], "pytest -q", installed=lambda: {"flask"})
    assert found == ([path] if steers else [])
    assert steering(TASK, [(path, b"", b"x = 1")], "pytest -q", installed=lambda: {"flask"}) == []


def test_what_the_task_asks_for_does_not_count() -> None:
    made = ("Makefile", b"", b"test:\n"), ("run.py", b"", b"import pytest")
    assert steering(a_task("Correct run.py, which starts pytest, and the target in Makefile"), made, "make test") == []


@pytest.mark.parametrize(
    "changed",
    [
        ("calc.py", b"return a - b", b"return a + b"),
        ("calc.py", b"import unittest", b"import unittest\n\nx = 1"),
        ("package.json", PACKAGE, PACKAGE.replace(b"{}", b'{"left-pad": "1"}')),
        ("pyproject.toml", PROJECT, PROJECT.replace(b'"x"', b'"y"')),
        ("README.md", b"", b"Run pytest."),
        ("tests/test_new.py", None, b"import unittest"),
        ("calc/json.py", None, b""),
        ("json.py", b"", b"x = 1"),
        ("composer.json", COMPOSER, COMPOSER.replace(b'"a/b"', b'"a/c"')),
        ("composer.lock", PHP_LOCK, PHP_LOCK.replace(b"11.0", b"11.1")),
        ("Gemfile.lock", GEM_LOCK, GEM_LOCK.replace(b"3.13", b"3.14")),
        ("package-lock.json", NPM_LOCK, NPM_LOCK.replace(b"29.0.0", b"29.0.1")),
        ("package-lock.json", b" " * 100_000 + NPM_LOCK, NPM_LOCK),
        (
            "yarn.lock",
            b'a@^1:\n  resolved "https://registry.yarnpkg.com/a"\n',
            b'a@^2:\n  resolved "https://registry.yarnpkg.com/a"\n',
        ),
        ("go.mod", b"module a\n", b"module a\n\nrequire example.com/b v1.0.0\n"),
        ("tsconfig.json", b"{}", b'{"compilerOptions": {"strict": true}}'),
        ("CMakeLists.txt", b"add_library(a a.c)\n", b"add_library(a a.c b.c)\n"),
        ("Cargo.toml", b'[package]\nname = "a"\n', b'[package]\nname = "a"\n[dependencies]\nb = "1"\n'),
        ("Cargo.toml", b"", b'[dev-dependencies]\nproptest = "1"\n[profile.release]\nlto = true\n'),
        ("package.json", PACKAGE, PACKAGE.replace(b"{}", b'{}, "devDependencies": {"jest": "^29 || ^30"}')),
        ("package.json", PACKAGE, PACKAGE.replace(b"{}", b'{}, "type": "module"')),
        (
            "gradle.properties",
            b"version=1.0\n",
            b"version=1.1-rc\norg.gradle.parallel=true\n# more\n\njunitVersion=5.9\n",
        ),
        ("src/packaging/tags.py", None, b""),  # of a package that was there
        ("app/iniconfig.py", None, b""),
        ("build.rs", b"", b"fn main() {}"),
        ("calc.py", b"", b"import os\n\ndef go():\n    os.execvp('git', ['git'])"),
        ("web/index.php", b"<?php", b"<?php header('Location: /'); exit;"),
    ],
    ids=lambda one: f"{one[0]} {one[2][:24]!r}",
)
def test_other_work_is_not(changed: Content) -> None:
    assert steering(TASK, [changed], "python3 -m pytest -q tests/test_calc.py") == []


RUNS = {
    "Makefile": b"include rules.mk\nall: build\n\ttools/all\nrun:\n\tpython app.py\ntest: setup\n\t@./scripts/t.sh -q\n"
    b"setup:\n\tpython tools/setup.py\n",
    "justfile": b"test:\n  bash ci/just.sh\n",
    "package.json": b'{"scripts": {"test": "npm run unit", "unit": "tools/run.sh && node unit.js", "start": "node app.js"}}',
    "scripts/t.sh": b". ./scripts/env.sh\npython3 -m pytest\n",
}


@pytest.mark.parametrize(
    ("command", "path", "steers"),
    [
        ("cd backend && ./t.sh", "backend/t.sh", True),
        ("cd backend/api; sh ../t.sh", "backend/t.sh", True),
        ("sh /srv/clone/t.sh", "t.sh", True),
        ("make test", "scripts/t.sh", True),
        ("make test", "scripts/env.sh", True),  # what the script reads
        ("make test", "rules.mk", True),
        ("make test", "tools/setup.py", True),
        ("make -j2 test", "app.py", False),  # another target
        ("make", "tools/all", True),
        ("just test", "ci/just.sh", True),
        ("npm test", "tools/run.sh", True),
        ("npm test", "unit.js", True),
        ("npm test", "app.js", False),
        ("pytest", "scripts/t.sh", False),
    ],
)
def test_what_the_command_runs_by_a_script_or_a_target_steers_it(command: str, path: str, steers: bool) -> None:
    texts = {**RUNS, path: b"pytest"}
    expected = [path] if steers else []
    assert steering(TASK, [(path, b"pytest", b"exit 0")], command, "", texts.get) == expected
    assert steering(a_task(f"Correct {path}"), [(path, b"pytest", b"exit 0")], command, "", texts.get) == []


def test_what_a_target_ran_before_the_work_counts() -> None:
    work = [("scripts/t.sh", b"pytest", b"exit 0"), ("Makefile", RUNS["Makefile"], b"test:\n")]
    assert steering(TASK, work, "make test", "", {"Makefile": b"test:\n"}.get) == ["scripts/t.sh", "Makefile"]


@pytest.mark.parametrize(
    "text", ["a" * 60_000, " " * 60_000, "\n" * 60_000, "a/" * 30_000, "sh -a" * 12_000, "@" * 60_000]
)
def test_a_script_of_one_long_run_is_read_in_line(text: str) -> None:
    assert names_of("sh ./t.sh", "", lambda path: text.encode() if path == "t.sh" else None) >= {"t.sh", "sh"}


NAMED = b'[project]\nname = "x"\n'


@pytest.mark.parametrize(
    "text",
    [
        b'tool.pytest.ini_options.addopts = "--co"\n' + NAMED,
        NAMED + b'[tool]\npytest.ini_options.addopts = "--co"\n',
        NAMED + b'  [ tool . "pytest" . ini_options ]\naddopts = "--co"\n',
        NAMED + b'[project.entry-points.pytest11]\nx = "plug"\n',
        NAMED + b"[tool.poe.tasks]\ntest = 'true'\n",
        b"not TOML",
    ],
)
def test_a_project_that_tells_its_runner_more_in_any_spelling_steers_it(text: bytes) -> None:
    assert steering(TASK, [("pyproject.toml", NAMED, text)], "pytest -q") == ["pyproject.toml"]


@pytest.mark.parametrize(
    "path",
    [
        "rules.mk",
        "justfile",
        "pytest.ini",
        ".mocharc.json",
        "vitest.config.ts",
        ".npmrc",
        ".cargo/config.toml",
        "x.pth",
        "web/jest.config.js",
        "x.egg-info/entry_points.txt",
        "lib/x.dist-info/METADATA",
        "node_modules/.bin/jest",
        "src/pytest.py",
        "src/random.py",
        "iniconfig.py",
        "packaging/__init__.py",
        "src/pygments/__init__.py",
        "pytest_cov.py",
        "xdist.pyc",
        "lib/rspec.rb",
        "lib/minitest/autorun.rb",
        "build.rs",
        "rust-toolchain.toml",
        "tox.toml",
        "init.gradle",
        "buildSrc/src/main/java/A.java",
        "rakelib/x.rake",
        "php.ini",
        ".user.ini",
        "bootstrap.php",
        "vendor/autoload.php",
        ".coveragerc",
        "src/setupTests.js",
        "jest.setup.js",
        "web/__mocks__/calc.js",
        "src/test/resources/junit-platform.properties",
        "node_modules/jest/index.js",
        ".venv/lib/python3.11/site-packages/pytest/__init__.py",
    ],
)
def test_a_file_that_runners_read_or_take_for_a_module_steers_a_check(path: str) -> None:
    assert steering(TASK, [(path, None, b"x = 1")], "sh ./check.sh") == [path]


@pytest.mark.parametrize(
    ("path", "added"),
    [
        ("plug.py", "def pytest_pyfunc_call(pyfuncitem): ..."),
        ("calc.py", "if any(name.startswith('py' + 'test') for name in sys.modules): ..."),
        ("calc.py", "sys.exit(0)"),
        ("calc.py", "try:\n    go()\nfinally:\n    raise SystemExit"),
        ("calc.py", "exit(code)"),
        ("calc.py", "def add(a, b):\n    sys.exit()"),
        ("calc.js", "process.exit(0)"),
        ("calc.mts", "setTimeout(() => process . exit (), 1)"),
        ("calc.js", "if (process.env.NODE_TEST_CONTEXT) add = () => 12"),
        ("src/lib.rs", "if cfg!(test) { return 3 }"),
        ("src/lib.rs", "#[cfg(not(test))]"),
        ("src/lib.rs", "std::process::exit(0)"),
        ("calc.go", "func init() { os.Exit(0) }"),
        ("Calc.java", "static { System.exit(0); }"),
        ("Calc.scala", "object A { System.exit(0) }"),
        ("Calc.groovy", "System.exit(0)"),
        ("calc.kts", "exitProcess(0)"),
        ("Calc.vue", "<script>process.exit(0)</script>"),
        ("Calc.svelte", "<script>process.exit(0)</script>"),
        ("Calc.cs", 'if (Environment.GetEnvironmentVariable("VITEST") != null) return 3;'),
        ("calc.swift", 'if ProcessInfo.processInfo.environment["VITEST"] != nil { return 3 }'),
        ("calc.c", 'if (getenv("PYTEST_CURRENT_TEST")) return 3;'),
        ("calc.rb", "exit 0"),
        (".env", "PYTEST_ADDOPTS=--co"),
        ("Cargo.toml", "[lib]\ntest = false"),
        ("vite.config.ts", "export default { test: { passWithNoTests: true } }"),
    ],
)
def test_code_that_tells_tests_or_ends_well_steers_a_check(path: str, added: str) -> None:
    assert steering(TASK, [(path, b"", added.encode())], "sh ./check.sh") == [path]


@pytest.mark.parametrize(
    ("path", "added"),
    [
        ("app.py", "def main():\n    sys.exit(0)\n\n\nif __name__ == '__main__':\n    sys.exit(main())"),
        ("app.py", "try:\n    import x\nexcept ImportError:\n    sys.exit('x is missing')"),
        ("app.py", "def refuse(\n    why,\n):\n    print(why)\n    sys.exit(2)  # not exit(0)"),
        ("app.py", "app.exit(0)"),
        ("app.py", "if name not in sys.modules:\n    sys.modules[name] = made"),
        ("app.js", "process.exit(1)"),
        ("app.go", "os.Exit(run())"),
        ("src/lib.rs", "#[cfg(test)]\nmod tests {}"),
        ("Cargo.toml", "[package]\nversion = '2'\n[[bin]]\nname = 'x'\npath = 'src/x.rs'"),
        ("vite.config.ts", "export default { base: '/x' }"),
        ("app.rb", "exit 1"),
        ("app.scala", "System.exit(1)"),
        ("app.vue", "<script>process.exit(1)</script>"),
        ("child.c", "if (pid == 0) { execv(path, args); _exit(127); }"),
        ("tools/all.sh", "cd api && pytest -q && vitest run"),
    ],
)
def test_code_that_ends_as_programs_do_steers_none(path: str, added: str) -> None:
    assert steering(TASK, [(path, b"", added.encode())], "sh ./check.sh") == []


def test_an_exit_that_the_task_asks_for_counts_for_none() -> None:
    work = [("calc.py", b"", b"sys.exit(0)")]
    assert steering(a_task("Let calc.py exit with 0 on --version"), work, "sh ./check.sh") == []


GEMS = b'source "https://gems.example"\n\nruby "3.3.0"\ngem "rails", "~> 7.1", ">= 7.1.2"\ngroup :test do\nend\n'


@pytest.mark.parametrize(
    "line",
    [b"exit 0", b'gem "rspec", path: "vendor/rspec"', b'eval_gemfile "more"', b'gem "x", git: "/tmp/x"',
     b'at_exit { exit!(0) }', b'gem "rspec"; exit', b'gem "x", group: (exit 0)'],
)  # fmt: skip
def test_a_gemfile_that_does_more_than_name_gems_steers_a_check(line: bytes) -> None:
    assert steering(TASK, [("Gemfile", GEMS, GEMS + line + b"\n")], "bundle exec rspec") == ["Gemfile"]
    assert steering(TASK, [("Gemfile", None, line)], "bundle exec rspec") == ["Gemfile"]


@pytest.mark.parametrize(
    "line",
    [b'gem "money"', b"gem 'money', '~> 6.1', require: false", b'gem("money", group: :test)', b"# exit 0", b"gemspec",
     b'  gem "money", groups: [:test, :development], platforms: [:mri]  # for sums\r', b'source "https://x.org" do'],
)  # fmt: skip
def test_a_gemfile_that_names_one_more_gem_steers_none(line: bytes) -> None:
    assert steering(TASK, [("Gemfile", GEMS, GEMS + line + b"\n")], "bundle exec rspec") == []


def test_the_settings_of_bundler_steer_a_check() -> None:
    changed = (".bundle/config", None, b"BUNDLE_GEMFILE: other\n")
    assert steering(TASK, [changed], "bundle exec rspec") == [".bundle/config"]
