"""The workspace's own check is found in its files, for the task at hand. Nothing of it is run for that."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import pytest
from tests.check_price.page import FOUND
from tests.git.git_repository import write_files

import profile_router.policies
from profile_router.checks.find_check import find_check
from profile_router.checks.linters import LINTERS
from profile_router.core.found_check import CheckRunner, FoundCheck
from profile_router.core.task import Task
from profile_router.workspace.folder import Workspace

PYTEST = "python3 -m pytest -q -p no:cacheprovider"
RSPEC = "rspec --no-color --format=progress"
LOCK = "GEM\n  specs:\n    rspec (3.12.0)\n      rspec-core (~> 3.12.0)\n"
PHPUNIT = "vendor/bin/phpunit --colors=never"
UNITTEST = "import unittest\nimport calc\n"
IN_CLASS = "from calc import add\n\nclass TestAdd:\n    def test_one(self):\n        assert add(1, 2) == 3\n"
PROGRAMS = (
    "pytest",
    "python3",
    "tox",
    "nox",
    "npm",
    "node",
    "cargo",
    "go",
    "make",
    "gradle",
    "mvn",
    "rake",
    "bundle",
    "rspec",
    "php",
)
PACKAGE = '{"scripts": {"test": "%s"}}'
CI = ".github/workflows/ci.yml"


def programs(folder: Path, *names: str) -> Mapping[str, str]:
    """Return an environment in which the programs *names* are installed, and no others."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return {"PATH": str(folder)}


def found(
    tmp_path: Path, files: Mapping[str, str], *names: str, goal: str = "fix it", installed: tuple[str, ...] = PROGRAMS
) -> FoundCheck | None:
    root = tmp_path / "ws"
    root.mkdir(exist_ok=True)
    write_files(root, dict(files))
    task = Task(goal=goal, files=names, folder="")
    return find_check(task, Workspace(Path(os.path.realpath(root)), git=False), programs(tmp_path / "bin", *installed))


def a_check(tmp_path: Path, files: Mapping[str, str], *names: str, goal: str = "fix it") -> FoundCheck:
    check = found(tmp_path, files, *names, goal=goal)
    assert check is not None
    return check


@pytest.mark.parametrize(
    ("files", "command", "source"),
    [
        ({"pytest.ini": "[pytest]\n"}, PYTEST, "pytest.ini configures pytest"),
        ({"pyproject.toml": "[tool.pytest.ini_options]\n"}, PYTEST, "pyproject.toml configures pytest"),
        ({"pytest.toml": "[pytest]\n"}, PYTEST, "pytest.toml configures pytest"),
        ({"setup.cfg": "[tool:pytest]\n"}, PYTEST, "setup.cfg configures pytest"),
        ({"tox.ini": "[tox]\n[pytest]\n"}, PYTEST, "tox.ini configures pytest"),
        ({"pyproject.toml": '[project]\ndependencies = ["pytest>=8"]\n'}, PYTEST, "pyproject.toml asks for pytest"),
        ({"requirements-dev.txt": "ruff\npytest==8.1\n"}, PYTEST, "requirements-dev.txt asks for pytest"),
        ({"tests/conftest.py": ""}, PYTEST, "tests/conftest.py is written for pytest"),
        ({"test_a.py": "def test_a():\n    pass\n"}, PYTEST, "test_a.py is written for pytest"),
        ({"tests/test_a.py": IN_CLASS}, PYTEST, "tests/test_a.py is written for pytest"),
        ({"pkg/a_test.py": IN_CLASS.replace(":", "(object):", 1)}, PYTEST, "pkg/a_test.py is written for pytest"),
        ({"tests/test_a.py": "async def test_a():\n"}, PYTEST, "tests/test_a.py is written for pytest"),
        ({"tests/test_a.py": UNITTEST}, "python3 -m unittest discover -s tests", "tests/test_a.py is written for unittest"),
        ({"test_a.py": UNITTEST}, "python3 -m unittest discover", "test_a.py is written for unittest"),
        (
            {"tests/__init__.py": "", "tests/test_a.py": UNITTEST},
            "python3 -m unittest discover -s tests -t .",
            "tests/test_a.py is written for unittest",
        ),
        ({"tox.ini": "[testenv]\ncommands = x\n"}, "tox -q --skip-missing-interpreters", "tox.ini configures tox"),
        ({"noxfile.py": "@nox.session\ndef tests(session):\n"}, "nox -R -s tests", "noxfile.py has the session tests"),
        ({"package.json": PACKAGE % "node --test"}, "npm test --silent", "package.json has a test script"),
        ({"Cargo.toml": "[package]\n"}, "cargo test --offline --no-fail-fast", "Cargo.toml makes it a Rust package"),
        ({"go.mod": "module a\n", "a_test.go": ""}, "go test ./...", "go.mod makes it a Go module with tests"),
        ({"Makefile": "all:\n\ncheck: all\n\t./t\n"}, "make check", "Makefile has the target check"),
        ({"build.gradle.kts": ""}, "gradle --offline --console=plain test", "build.gradle.kts builds with Gradle"),
        ({"pom.xml": "<project/>"}, "mvn -o -B test", "pom.xml builds with Maven"),
        ({"Rakefile": "Rake::TestTask.new(:unit) do |t|\n"}, "rake unit", "Rakefile has the task unit"),
        ({"Rakefile": "RSpec::Core::RakeTask.new\n", "Gemfile": ""}, "bundle exec rake spec", "Rakefile has the task spec"),
        ({".rspec": "--color\n"}, RSPEC, ".rspec configures rspec"),
        ({".rspec": "", "Rakefile": "task :deploy\n"}, RSPEC, ".rspec configures rspec"),
        ({"spec/a_spec.rb": ""}, RSPEC, "spec/a_spec.rb is written for rspec"),
        ({"Gemfile": 'gem "rspec", "~> 3"\n', "Gemfile.lock": "    rake (13.0)\n"}, RSPEC, "Gemfile asks for rspec"),
        ({"Gemfile": "gem 'rspec'\n", "Gemfile.lock": LOCK}, f"bundle exec {RSPEC}", "Gemfile asks for rspec"),
        ({"Gemfile": "gemspec\n", "Gemfile.lock": LOCK}, f"bundle exec {RSPEC}", "Gemfile.lock names rspec"),
        ({"phpunit.xml": "", "vendor/bin/phpunit": ""}, PHPUNIT, "phpunit.xml configures phpunit"),
        ({".rspec-local": "--color\n"}, RSPEC, ".rspec-local configures rspec"),
        ({"phpunit.dist.xml": "", "vendor/bin/phpunit": ""}, PHPUNIT, "phpunit.dist.xml configures phpunit"),
        ({"phpunit.xml.dist": "", "vendor/bin/phpunit": ""}, PHPUNIT, "phpunit.xml.dist configures phpunit"),
    ],
)  # fmt: skip
def test_the_check_is_found_in_what_the_workspace_configures(
    tmp_path: Path, files: Mapping[str, str], command: str, source: str
) -> None:
    check = a_check(tmp_path, files)
    assert (check.command, check.source, check.refused) == (command, source, "")


@pytest.mark.parametrize("runner", ["vitest", "jest", "mocha"])
def test_a_runner_of_node_is_started_by_itself_so_that_it_can_be_narrowed(tmp_path: Path, runner: str) -> None:
    files = {"package.json": PACKAGE % runner, f"node_modules/.bin/{runner}": "", "a.ts": "", "a.test.ts": ""}
    check = a_check(tmp_path, files, "a.ts")
    assert check.words[0] == f"node_modules/.bin/{runner}"
    assert check.words[-1] == "a.test.ts"


@pytest.mark.parametrize(
    ("files", "source"),
    [
        ({"jest.config.js": "", "package.json": "{}"}, "jest.config.js configures jest"),
        ({"package.json": '{"jest": {}, "scripts": {}}'}, "package.json configures jest"),
        ({"vitest.config.mts": ""}, "vitest.config.mts configures vitest"),
        (
            {"vitest.config.ts": "", "package.json": PACKAGE % "echo no test specified"},
            "vitest.config.ts configures vitest",
        ),
        ({"vitest.workspace.ts": ""}, "vitest.workspace.ts configures vitest"),
        ({"test/mocha.opts": "--exit"}, "test/mocha.opts configures mocha"),
        ({".mocharc.yml": "", "package.json": "{}"}, ".mocharc.yml configures mocha"),
        ({"package.json": '{"mocha": {"exit": true}}'}, "package.json configures mocha"),
        ({"package.json": '{"devDependencies": {"mocha": "^11"}}'}, "package.json asks for mocha"),
        ({"package.json": '{"devDependencies": {"jest": "^30"}}'}, "package.json asks for jest"),
        ({"package.json": '{"dependencies": {"vitest": "^4"}}'}, "package.json asks for vitest"),
        (
            {".mocharc.json": "{}", "package.json": '{"devDependencies": {"jest": "^30"}}'},
            ".mocharc.json configures mocha",
        ),
    ],
)
def test_a_runner_of_node_is_found_by_its_configuration(tmp_path: Path, files: Mapping[str, str], source: str) -> None:
    programs = dict.fromkeys((f"node_modules/.bin/{name}" for name in ("jest", "vitest", "mocha")), "")
    check = a_check(tmp_path, {**files, **programs, "a.ts": "", "a.test.ts": ""}, "a.ts")
    assert (check.source, check.words[-1], check.refused) == (source, "a.test.ts", "")


@pytest.mark.parametrize(
    "files",
    [
        {"README.md": "run pytest\n"},
        {"package.json": PACKAGE % 'echo \\"Error: no test specified\\" && exit 1'},
        {"package.json": "[" * 100_000},
        {"package.json": '{"scripts": ["test"]}'},
        {"Makefile": "test := 1\nbuild:\n\tmake x\n"},
        {"Rakefile": "task :deploy\n"},
        {"Gemfile": '# gem "rspec"\ngem "rspecial"\n'},
        {"package.json": '{"devDependencies": ["mocha"], "scripts": {}}'},
        {"package.json": '{"devDependencies": {"@types/mocha": "^10"}}'},
        {"shop/tests/test_a.py": "from django.test import TestCase\n\nclass TestA(TestCase):\n    def test_a(self):\n"},
        {"tests/test_data.py": "class TestData:\n    rows = 3\n"},
        {"tests/test_a.py": "from a import f\nassert f() == 2\n"},
    ],
    ids=[
        "prose",
        "no test specified",
        "deep",
        "odd",
        "no target",
        "no test task",
        "no gem",
        "a list",
        "types alone",
        "Django's",
        "no test in a class",
        "no test",
    ],
)
def test_what_configures_no_check_has_none(tmp_path: Path, files: Mapping[str, str]) -> None:
    assert found(tmp_path, files) is None


MAKE = {"Makefile": "test:\n\t./t\n"}
ASKS_MOCHA = {"package.json": '{"devDependencies": {"mocha": "*"}}', "lib/a.js": "1", "test/a.test.js": "1"}
ASKS_RSPEC = {"Gemfile": "gem 'rspec'\n", "lib/a.rb": "1"}
MOCHA_BIN = {"node_modules/.bin/mocha": ""}


@pytest.mark.parametrize(
    ("files", "named", "runner"),
    [
        ({**MAKE, **ASKS_MOCHA}, "lib/a.js", "make"),
        ({**MAKE, **ASKS_MOCHA, CI: "run: make test"}, "lib/a.js", "make"),
        ({**MAKE, **ASKS_MOCHA, **MOCHA_BIN}, "lib/a.js", "make"),
        ({**MAKE, **ASKS_RSPEC}, "lib/a.rb", "make"),
        ({**ASKS_RSPEC, "Gemfile.lock": LOCK, **MAKE}, "lib/a.rb", "make"),
        ({**MAKE, **ASKS_MOCHA, CI: "run: npx mocha"}, "lib/a.js", "mocha"),
        ({**MAKE, **ASKS_RSPEC, "spec/a_spec.rb": ""}, "lib/a.rb", "rspec"),
        ({**MAKE, **ASKS_MOCHA, **MOCHA_BIN, ".mocharc.yml": ""}, "lib/a.js", "mocha"),
        ({"pytest.ini": "", **ASKS_MOCHA}, "lib/a.js", "pytest"),
        ({"pytest.ini": "", **ASKS_MOCHA, **MOCHA_BIN}, "lib/a.js", "mocha"),
        ({**MAKE, **{f"sub/{name}": text for name, text in ASKS_MOCHA.items()}}, "sub/lib/a.js", "make"),
        ({**ASKS_MOCHA}, "lib/a.js", "mocha"),
    ],
    ids=["make", "CI", "both run", "rspec", "locked", "CI starts it", "specs", "configured", "lacks", "runs", "nested",
         "alone"],
)  # fmt: skip
def test_a_runner_that_is_only_named_displaces_no_check_that_runs(
    tmp_path: Path, files: Mapping[str, str], named: str, runner: str
) -> None:
    assert a_check(tmp_path, files, named).runner == runner


def test_a_linter_that_runs_stands_before_a_runner_that_is_only_named_and_lacks_something(tmp_path: Path) -> None:
    files = {**ASKS_MOCHA, "eslint.config.js": "", "node_modules/.bin/eslint": ""}
    assert a_check(tmp_path, files, "lib/a.js").runner == "eslint"
    assert a_check(tmp_path, {**files, **MOCHA_BIN}, "lib/a.js").runner == "mocha"


@pytest.mark.parametrize(
    ("files", "source"),
    [
        ({"Gemfile": "\n\n  gem 'rspec'\n"}, "Gemfile asks for rspec"),
        ({"test_a.py": "if 1:\r\n\n\timport pytest\r\n"}, "test_a.py is written for pytest"),
        ({"tests/test_a.py": "\n\ntry:\n    import unittest\n"}, "tests/test_a.py is written for unittest"),
        ({"test_a.py": "import sys, unittest\n"}, "test_a.py is written for unittest"),
        ({"test_a.py": "import os.path as p,unittest.mock, sys\n"}, "test_a.py is written for unittest"),
        ({"test_a.py": "import\tsys ,\tunittest as u\n"}, "test_a.py is written for unittest"),
        ({"test_a.py": "import sys, pytest\n"}, "test_a.py is written for pytest"),
        ({"test_a.py": "import unittest, pytest\n\ndef test_a():\n    pass\n"}, "test_a.py is written for pytest"),
    ],
)
def test_a_line_is_read_behind_its_blanks_and_behind_empty_lines(
    tmp_path: Path, files: Mapping[str, str], source: str
) -> None:
    assert a_check(tmp_path, files).source == source


@pytest.mark.parametrize(
    "line", ["import sys, unittest_tools", "import unittests", "import sys unittest", "from a, unittest"]
)
def test_a_name_that_only_begins_alike_or_is_not_imported_names_no_runner(tmp_path: Path, line: str) -> None:
    assert found(tmp_path, {"test_a.py": line}) is None


def test_a_line_of_imports_without_end_is_read_once(tmp_path: Path) -> None:
    assert found(tmp_path, {"test_a.py": "import " + "a as b , " * 29_000}) is None


@pytest.mark.parametrize("name", ["Gemfile", "Gemfile.lock", "test_a.py", "Rakefile", "noxfile.py", "Makefile"])
def test_a_file_of_empty_lines_alone_names_no_runner(tmp_path: Path, name: str) -> None:
    assert found(tmp_path, {name: "\n" * 262_144}) is None


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("      - run: python -m unittest discover -s spec -v", "python3 -m unittest discover -s spec"),
        ("        run: uv run tox -e py312", "tox -q --skip-missing-interpreters"),
        ("      - run: pip install -e . && make check", "make check"),
        ("    - COVERAGE=1 poetry run pytest --cov", PYTEST),
    ],
)
def test_of_several_runners_the_one_that_ci_starts_is_taken(tmp_path: Path, line: str, command: str) -> None:
    files = {
        "tests/test_a.py": UNITTEST,
        "tests/conftest.py": "",
        "tox.ini": "[tox]\n",
        "Makefile": "check:\n\t./t\n",
        CI: line,
    }
    check = a_check(tmp_path, files)
    assert check.command == command
    assert CI in check.source


def test_the_runner_of_the_files_language_beats_the_one_of_ci(tmp_path: Path) -> None:
    files = {
        "a.py": "",
        "web.ts": "",
        "test_a.py": UNITTEST,
        "package.json": PACKAGE % "node --test",
        CI: "run: npm test",
    }
    assert a_check(tmp_path, files, "a.py").runner == "unittest"
    assert a_check(tmp_path, files, "web.ts").runner == "npm"
    assert a_check(tmp_path, files, goal="fix the loop in web.ts").runner == "npm"


def test_the_nearest_project_is_checked_and_not_its_neighbours(tmp_path: Path) -> None:
    files = {
        "Makefile": "test:\n\t./all\n",
        "services/pay/pyproject.toml": "[tool.pytest.ini_options]\n",
        "services/pay/pay/card.py": "",
        "services/pay/tests/test_card.py": "from pay.card import x\n",
        "services/mail/tests/test_card.py": "from pay.card import x\n",
        "docs/a.md": "",
    }
    check = a_check(tmp_path, files, "services/pay/pay/card.py")
    assert (check.folder, check.command) == ("services/pay", f"{PYTEST} tests/test_card.py")
    assert check.tests == ("services/pay/tests/test_card.py",)
    assert (a_check(tmp_path, files, "docs/a.md").command, a_check(tmp_path, files).folder) == ("make test", "")


@pytest.mark.parametrize(
    ("files", "of", "words"),
    [
        ({"pytest.ini": "", "a.py": "", "tests/test_a.py": ""}, "a.py", "tests/test_a.py"),
        ({"a.py": "", "tests/test_a.py": UNITTEST}, "a.py", "discover -s tests -p test_a.py"),
        ({"a.py": "", "test_a.py": UNITTEST, "a_test.py": UNITTEST}, "a.py", "unittest a_test.py test_a.py"),
        ({"go.mod": "", "in/a.go": "", "in/a_test.go": ""}, "in/a.go", "go test ./in"),
        ({"pom.xml": "", "src/Cart.java": "", "src/CartTest.java": ""}, "src/Cart.java", "-Dtest=CartTest"),
        ({"build.gradle": "", "src/Cart.kt": "", "src/CartTest.kt": ""}, "src/Cart.kt", "--tests '*CartTest'"),
        ({"Rakefile": "task :test", "a.rb": "", "test/a_test.rb": ""}, "a.rb", "TEST=test/a_test.rb"),
        ({".rspec": "", "lib/a.rb": "", "spec/a_spec.rb": "", "spec/b_spec.rb": ""}, "lib/a.rb", f"{RSPEC} spec/a_spec.rb"),
        ({"phpunit.xml": "", "src/A.php": "", "tests/ATest.php": ""}, "src/A.php", "tests/ATest.php"),
    ],
)  # fmt: skip
def test_the_check_is_narrowed_to_what_tests_the_tasks_files(
    tmp_path: Path, files: Mapping[str, str], of: str, words: str
) -> None:
    check = a_check(tmp_path, {**files, "other_test.go": "", "tests/test_other.py": UNITTEST, "OtherTest.java": ""}, of)
    assert words in check.command
    assert "ther" not in check.command
    assert check.tests
    assert check.whole != check.words


def test_where_the_task_names_no_file_the_check_is_narrowed_to_the_files_that_are_sure(tmp_path: Path) -> None:
    files = {"pytest.ini": "[pytest]\n", "money.py": "", "tests/test_money.py": "", "tests/test_mail.py": ""}
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    workspace, environ = Workspace(Path(os.path.realpath(tmp_path)), git=False), programs(tmp_path / "bin", "pytest")
    asked = Task(goal="the rate is wrong")
    narrowed = find_check(asked, workspace, environ, lambda: ("money.py",))
    whole = find_check(asked, workspace, environ)
    assert narrowed is not None
    assert whole is not None
    assert (narrowed.tests, whole.tests) == (("tests/test_money.py",), ())
    named = find_check(Task(goal="fix it", files=("mail.py",)), workspace, environ, lambda: ("money.py",))
    assert named is not None
    assert named.tests == ("tests/test_mail.py",)


def test_a_name_that_could_be_an_option_never_stands_in_a_command_line(tmp_path: Path) -> None:
    odd = {"-p/test_a.py": "import a\n", "tests/test_a\n.py": "import a\n", "tests/test_a$(x).py": "import a\n"}
    check = a_check(tmp_path, {"pytest.ini": "", "a.py": "", "tests/test_a.py": "import a\n", **odd}, "a.py")
    assert check.tests == ("tests/test_a.py",)


def test_what_is_not_installed_is_named_and_never_run(tmp_path: Path) -> None:
    check = found(tmp_path, {"pytest.ini": ""}, installed=("python3",))
    assert check is not None
    assert check.refused.startswith("pytest is not installed; ")


@pytest.mark.parametrize(
    ("files", "installed", "refused"),
    [
        ({".rspec": ""}, ("ruby",), "rspec is not installed; `gem install rspec`"),
        ({"Gemfile.lock": LOCK}, ("rspec",), "bundle is not installed; `gem install bundler`"),
        ({".mocharc.json": ""}, ("node", "mocha", "npx"), "mocha is not in node_modules; run `npm install`"),
        ({".mocharc.json": "", "node_modules/.bin/mocha": ""}, (), "node is not installed; install Node"),
        ({"phpunit.xml": ""}, ("php",), "phpunit is not installed; run `composer install`"),
        ({"phpunit.xml": "", "vendor/bin/phpunit": ""}, (), "php is not installed; install PHP"),
    ],
)
def test_what_a_runner_lacks_is_said_with_its_cure(
    tmp_path: Path, files: Mapping[str, str], installed: tuple[str, ...], refused: str
) -> None:
    check = found(tmp_path, files, installed=installed)
    assert check is not None
    assert check.refused == refused


@pytest.mark.parametrize(
    ("script", "runner"),
    [("mocha", "mocha"), ("npx mocha --exit", "mocha"), ("mocha -r ts-node/register", "npm"), ("mocha spec", "npm")],
)
def test_a_script_that_tells_mocha_what_to_load_is_run_as_it_is(tmp_path: Path, script: str, runner: str) -> None:
    assert a_check(tmp_path, {"package.json": PACKAGE % script}).runner == runner


def test_the_environment_of_the_workspace_comes_first(tmp_path: Path) -> None:
    files = {
        "pytest.ini": "",
        "sub/pytest.ini": "",
        "sub/a.py": "",
        ".venv/bin/python": "",
        ".venv/bin/python3": "",
        ".venv/bin/pytest": "",
    }
    assert a_check(tmp_path, files).words[0] == ".venv/bin/python"
    assert a_check(tmp_path, files, "sub/a.py").words[0] == "python3"


def test_a_link_that_leads_out_of_the_workspace_configures_nothing(tmp_path: Path) -> None:
    (tmp_path / "outside.mk").write_text("test:\n\t./t\n")
    (tmp_path / "ws").mkdir()
    (tmp_path / "ws" / "Makefile").symlink_to(tmp_path / "outside.mk")
    assert found(tmp_path, {"README.md": ""}) is None


DEFAULT = Path(profile_router.policies.__file__).with_name("default_policy.yaml")
SAID = re.search(r"(?:^#.*\n)+check: ask", DEFAULT.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("said", ["\n".join(FOUND), SAID[0] if SAID else ""], ids=["page", "policy"])
def test_each_runner_of_tests_is_named_where_people_read_which_are_found(said: str) -> None:
    runners = set(get_args(CheckRunner)) - {one.runner for one in LINTERS} - {"command"}
    assert {name for name in runners if not re.search(rf"\b{name}\b", said, re.IGNORECASE)} == set()
