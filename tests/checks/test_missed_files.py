"""A file to edit is missed where others changed, it did not, and it uses none of those."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.fakes import a_task
from tests.git.git_repository import repository

from profile_router.checks.missed_files import missed_files
from profile_router.workspace.folder import Workspace

FILES = {
    "a.py": "import util\nprint(open('rates.toml').read())\n",
    "b.py": "x = 1\n",
    "util.py": "y = 1\n",
    "util.pyi": "y: int\n",
    "list.vue": "<script>x</script>\n",
    "rates.toml": "z = 1\n",
    "cart/cart.go": "package cart\n",
    "cart/price.go": "package cart\n",
    "tests/test_a.py": "import a\n",
    "docs/spec.md": "as it should be\n",
}
FIX = "Fix the loop in a.py"


def missed(
    tmp_path: Path, goal: str, *changed: str, files: tuple[str, ...] = (), adds: bool = False,
    there: Mapping[str, str] = FILES, git: bool = True,
) -> tuple[str, ...]:  # fmt: skip
    workspace = Workspace(repository(tmp_path / "ws", dict(there)), git=git)
    return missed_files(workspace, a_task(goal, files=files), changed, adds=adds)


@pytest.mark.parametrize(
    ("goal", "changed", "files", "expected"),
    [
        (FIX, ("b.py",), (), ("a.py",)),
        ("Fix the loop", ("b.py",), ("a.py",), ("a.py",)),
        ("Fix the loop", ("b.py",), ("list.vue",), ("list.vue",)),
        ("Fix the loop", ("b.py",), ("util.pyi",), ("util.pyi",)),
        ("Add a docstring to cart/cart.go", ("b.py",), (), ("cart/cart.go",)),
        ("Update a.py and util.py", ("b.py",), (), ("a.py", "util.py")),
        ("Set z to 2 in rates.toml", ("b.py",), (), ("rates.toml",)),
        ("Add a test to tests/test_a.py", ("b.py",), (), ("tests/test_a.py",)),
        # edited, alone or with others
        (FIX, ("a.py",), (), ()),
        (FIX, ("a.py", "b.py"), (), ()),
        ("Update a.py and util.py", ("util.py",), (), ()),
        # used by the file to edit: imported, named, of its package
        (FIX, ("util.py",), (), ()),
        (FIX, ("rates.toml",), (), ()),
        ("Fix the sum in cart/cart.go", ("cart/price.go",), (), ()),
        # another that is named, or a test of it
        ("Fix the loop in a.py by a change of b.py", ("b.py",), (), ()),
        ("Add a test of the loop in a.py", ("tests/test_a.py",), (), ()),
        ("Add tests for the loop", ("tests/test_a.py",), ("b.py",), ()),
        # only spoken of, or not there, or a test that says what is wrong
        ("Implement b as described in docs/spec.md", ("b.py",), (), ()),
        ("Write the report to out/report.txt", ("b.py",), (), ()),
        ("Fix the test in tests/test_a.py", ("b.py",), (), ()),
        ("Explain a.py", ("b.py",), (), ()),
        ("Fix the loop", ("b.py",), ("docs/spec.md",), ()),
        (FIX, (), (), ()),
    ],
)
def test_a_file_to_edit_is_missed(
    tmp_path: Path, goal: str, changed: tuple[str, ...], files: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    assert missed(tmp_path, goal, *changed, files=files) == expected


FAR = {
    "cart.py": "from shop import basket\n",
    "shop/__init__.py": "",
    "shop/basket.py": "from shop import money\n",
    "shop/money.py": "x = 1\n",
    "shop/other.py": "x = 1\n",
    "app.py": "import flask\nflask.render_template('index.html')\n",
    "static/style.css": "a {}\n",
    "conf.yaml": "a: 1\n",
    "web/a.ts": "import {x} from '@lib'\n",
    "lib/index.ts": "export * from './calc'\n",
    "lib/calc.ts": "1\n",
    "main.rb": "require 'all'\n",
    "lib/all.rb": "Dir['lib/*.rb'].each { |one| load one }\n",
    "lib/tax.rb": "1\n",
    "README.md": "words\n",
    "alone.py": "x = 1\n",
    "alone.ts": "1\n",
}


@pytest.mark.parametrize(
    ("wanted", "changed", "is_missed"),
    [
        ("cart.py", "shop/money.py", False),
        ("web/a.ts", "lib/calc.ts", False),
        ("main.rb", "lib/tax.rb", False),
        ("app.py", "static/style.css", False),
        ("cart.py", "conf.yaml", False),
        ("cart.py", "alone.py", True),
        ("web/a.ts", "alone.ts", True),
        ("cart.py", "README.md", True),
        ("shop/money.py", "cart.py", True),  # it is used there, and uses nothing itself
    ],
)
def test_what_a_file_uses_by_way_of_others_or_as_data_is_where_its_fault_may_lie(
    tmp_path: Path, wanted: str, changed: str, is_missed: bool
) -> None:
    found = missed(tmp_path, f"Fix the bug in {wanted}", changed, there=FAR)
    assert found == ((wanted,) if is_missed else ())


def test_a_file_that_the_task_is_given_may_be_read_alone_where_one_is_added(tmp_path: Path) -> None:
    goal = "Add a client for this interface"
    assert missed(tmp_path, goal, "client.py", files=("b.py",), adds=True) == ()


def test_nothing_is_missed_where_nobody_knows_what_changed(tmp_path: Path) -> None:
    assert missed(tmp_path, FIX, "b.py", git=False) == ()
    assert missed_files(None, a_task(FIX), ["b.py"], adds=False) == ()


def test_what_cannot_be_read_is_taken_for_used(tmp_path: Path) -> None:
    assert missed(tmp_path, FIX, "b.py", there={**FILES, "a.py": "#" * 300_000}) == ()
