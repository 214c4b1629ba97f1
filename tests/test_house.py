"""The house: a room says what it holds and stays small; no class or type shares its name."""

from __future__ import annotations

import ast
import functools
import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

import profile_router
import profile_router_graphs

ROOT = Path(profile_router.__file__).parent
GRAPHS = Path(profile_router_graphs.__file__).parent
MODULES = sorted([*ROOT.rglob("*.py"), *GRAPHS.rglob("*.py")])
ROOMS = sorted({path.parent for path in MODULES})
MOST_MODULES = 20
NO_BOUND = {ROOT / "cli" / "commands"}  # one file for each command
FAR_HOUSE = ROOT / "runners" / "hermes" / "child"  # runs in Hermes' own python, whose modules it imports


def public_types(module: ast.Module) -> Iterator[str]:
    """Yield the names of classes, and of aliases of types that other modules may import."""
    yield from (node.name for node in ast.walk(module) if isinstance(node, ast.ClassDef))
    for node in module.body:
        targets = node.targets if isinstance(node, ast.Assign) else ()
        names = [one.id for one in targets if isinstance(one, ast.Name)]
        yield from (name for name in names if re.fullmatch(r"[A-Z][A-Za-z]*[a-z][A-Za-z]*", name))


def test_no_name_of_a_class_or_an_alias_stands_twice() -> None:
    names = Counter(name for path in MODULES for name in public_types(ast.parse(path.read_text())))
    assert [name for name, count in names.items() if count > 1] == []


# Names that something outside of their module looks for, or that a reader knows by what they are.
WANTED_BY_NAME: Mapping[str, str] = {
    "add": "each of cli/commands has one",
    "run": "each of cli/commands has one, and programs call profile_router.run",
    "main": "where a program begins",
    "register": "what Hermes calls of a plugin",
    "graph": "what LangGraph's server and a reader of the state machine look for",
    "T": "a type variable",
}


def bound_names(node: ast.stmt) -> Iterator[str]:
    """Yield the names that *node*, a statement at module level, binds by itself; an import binds none of its own."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", node)]
    if isinstance(node, ast.Assign | ast.AnnAssign):
        yield from (one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name))


def test_no_public_name_at_module_level_is_defined_in_two_modules() -> None:
    places: dict[str, set[str]] = {}
    for path in MODULES:
        for name in (name for node in ast.parse(path.read_text()).body for name in bound_names(node)):
            places.setdefault(name, set()).add(str(path))
    twice = {name: sorted(where) for name, where in places.items() if len(where) > 1 and not name.startswith("_")}
    assert {name: where for name, where in twice.items() if name not in WANTED_BY_NAME} == {}
    assert set(WANTED_BY_NAME) <= set(twice), "a name that stands once needs no exception"


CONSTANT = re.compile(r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9]\b")
QUOTED = re.compile(r"""\"{3}.*?\"{3}|\#[^\n]*""", re.DOTALL)
# What docstrings and comments name that no code here has: names of other programs, and a form of names.
NAMED_ELSEWHERE = {
    *("AF_VSOCK", "API_KEY", "DB_PASSWORD", "GGML_HIP_ENABLE", "HERMES_HOME", "MINIMUM_CONTEXT_LENGTH", "OWNER__NAME"),
    "PROFILE_ROUTER_COMMAND",
}


def test_a_constant_that_is_named_is_there_for_a_docstring_in_its_own_module() -> None:
    said: list[tuple[str, str, set[str]]] = []
    for path in MODULES:
        text = path.read_text()
        code = set(CONSTANT.findall(QUOTED.sub("", text)))
        said += [(path.name, one, code) for one in QUOTED.findall(text)]
    everywhere = set().union(*(code for _, _, code in said))
    dead = {
        (module, name)
        for module, one, code in said
        for name in CONSTANT.findall(one)
        if name not in (everywhere if one[0] == "#" else code)
    }
    assert {one for one in dead if one[1] not in NAMED_ELSEWHERE} == set()
    assert {name for _, name in dead} == NAMED_ELSEWHERE, "a name that is there needs no exception"


MOST_LINES, MOST_OF_A_FUNCTION = 300, 50


def long_functions(module: ast.Module) -> Iterator[str]:
    """Yield the names of the functions of *module* that have too many lines, each with how many."""
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            if lines > MOST_OF_A_FUNCTION:
                yield f"{node.name}: {lines}"


def test_a_module_and_a_function_are_short_enough_to_be_read_at_once() -> None:
    long = []
    for path in MODULES:
        text = path.read_text()
        if (lines := text.count("\n")) > MOST_LINES:
            long.append(f"{path}: {lines}")
        long += [f"{path}: {function}" for function in long_functions(ast.parse(text))]
    assert long == []


TESTS = sorted(Path(__file__).parent.rglob("*.py"))
BEGINS = re.compile(r"^(?:async )?(?:def|class) ", re.MULTILINE)


def test_so_is_a_function_of_the_tests() -> None:
    texts = {path: path.read_text() for path in TESTS}
    # Only a file whose definitions are far apart can have one: to parse all of them takes a second.
    far = [
        path
        for path, text in texts.items()
        if any(part.count("\n") > MOST_OF_A_FUNCTION for part in BEGINS.split(text))
    ]
    assert {str(path): long for path in far if (long := [*long_functions(ast.parse(texts[path]))])} == {}


ASKED_OF_A_TEXT = re.compile(
    r"Path\((?!__file__)(?:[^()]|\([^()]*\))*\)\.(?:is_dir|is_file|exists|is_symlink|expanduser)\("
)


def test_a_text_is_asked_for_as_a_place_by_outside_places_which_never_raises() -> None:
    assert [path.name for path in MODULES if ASKED_OF_A_TEXT.search(path.read_text())] == []


# A run of empty lines would be tried from each of its lines to its end. A file of them then takes minutes, and no
# timeout of ours ends that.
OVER_LINES = re.compile(
    r"\^(?:\(\?:)?(?:\\[sn]|\[(?!\^)[^\]]*\\[sn][^\]]*\])[*+{]"  # ^\s* ^\n+ ^(?:\s+ ^[\s>]*
    r"|(?<!\\n)\\[sn][*+](?:\^|\\n)|\^\|\\n\)\\[sn]"  # \n*^ \s*\n (?:^|\n)\s; \n\s*\n ends at the first such run
)


def test_no_pattern_begins_a_line_with_blanks_that_go_on_over_lines() -> None:
    found = {path.name: said for path in MODULES if (said := OVER_LINES.findall(path.read_text()))}
    assert found == {}, r"write ^[ \t]* or ^[^\S\n]* for a line, \A\s* for a text's beginning, [^\S\n]*\n for its end"


@pytest.mark.parametrize(
    "pattern", [r"^\s*gem", r"(?m)^(?:\s+)x", r"^[\s>]*x", r"\n*^Use", r"x\s*\n\s*", r"(?:^|\n)\s*x"]
)
def test_that_rule_knows_a_pattern_that_does(pattern: str) -> None:
    assert OVER_LINES.search(pattern)


ALONE = ("hermes_plugin", "hermes_older", "child")  # rooms that run without ours
OF_COMMANDS = [path for path in MODULES if not {*ALONE, "child.py"} & {*path.parts}]


def named(node: ast.AST) -> str:
    """Return the last name of *node*, such as `dataclass` of `dataclasses.dataclass(frozen=True)`."""
    return ast.unparse(node.func if isinstance(node, ast.Call) else node).rpartition(".")[2]


def made_by_dataclasses(module: ast.Module) -> list[str]:
    """Return the classes of *module*, at any depth, that the module `dataclasses` makes."""
    called = {"dataclass", "make_dataclass"}
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.module == "dataclasses":
            called |= {one.asname for one in node.names if one.name in called and one.asname}
    classes = [node for node in ast.walk(module) if isinstance(node, ast.ClassDef)]
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call) and named(node) in called]
    decorated = {id(one): node.name for node in classes for one in node.decorator_list if named(one) in called}
    return [*decorated.values(), *(ast.unparse(node) for node in calls if id(node) not in decorated)]


def test_a_class_of_values_is_made_by_values_because_dataclasses_takes_long() -> None:
    told = {path: text for path in OF_COMMANDS if re.search(r"\b(make_)?dataclass\b", text := path.read_text())}
    found = {str(path): made for path, text in told.items() if (made := made_by_dataclasses(ast.parse(text)))}
    assert [*found] == [str(ROOT / "values.py")]  # which makes all others


@pytest.mark.parametrize(
    "text",
    [
        "@dataclass\nclass A: ...",
        "class A:\n    @dataclass\n    class B: ...",
        "def f():\n    @dataclasses.dataclass(frozen=True)\n    class A: ...",
        "from dataclasses import dataclass as d\nif x:\n    @d(slots=True)\n    class A: ...",
        "A = dataclass(B)",
        "A = dataclasses.make_dataclass('A', [])",
    ],
)
def test_that_rule_sees_a_class_at_any_depth_and_by_any_name(text: str) -> None:
    assert len(made_by_dataclasses(ast.parse(text))) == 1
    assert made_by_dataclasses(ast.parse("@frozen\nclass A:\n    x = is_dataclass(B)")) == []


def at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is carried out when a module is imported, in the tree of *node*.

    Of a function these are its decorators and the defaults of its parameters.
    """
    inner: Sequence[ast.AST | None] = [*ast.iter_child_nodes(node)]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        inner = [*getattr(node, "decorator_list", ()), *node.args.defaults, *node.args.kw_defaults]
    for one in inner:
        if one is not None:
            yield one
            yield from at_import(one)


def compiled_at_import(module: ast.Module) -> list[int]:
    """Return the lines of *module* that compile an expression when it is imported."""
    calls = {"re.compile"}
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            calls |= {f"{one.asname}.compile" for one in node.names if one.name == "re" and one.asname}
        if isinstance(node, ast.ImportFrom) and node.module == "re":
            calls |= {one.asname or one.name for one in node.names if one.name == "compile"}
    return [
        node.lineno
        for node in at_import(module)
        if isinstance(node, ast.Attribute | ast.Name) and ast.unparse(node) in calls
    ]


def test_an_expression_is_compiled_when_it_is_used_because_a_command_uses_few_of_them() -> None:
    parsed = {str(path): ast.parse(text) for path in OF_COMMANDS if "compile" in (text := path.read_text())}
    compiled = {path: lines for path, module in parsed.items() if (lines := compiled_at_import(module))}
    assert compiled == {}, "write `expression(…)` of profile_router.expressions"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("A = re.compile('a')", [1]),
        ("class A:\n    x = re.compile('a')", [2]),
        ("def f(x=re.compile('a')): ...", [1]),
        ("class A:\n    def f(self, *, x=re.compile('a')): ...", [2]),
        ("@once(re.compile('a'))\nasync def f(): ...", [1]),
        ("f = lambda x=re.compile('a'): x", [1]),
        ("import re as r\nA = r.compile('a')", [2]),
        ("from re import compile as c\nA = [*map(c, B)]", [2]),
        ("def f():\n    def g(x=re.compile('a')): ...\n    return re.compile('a')", []),
    ],
)
def test_that_rule_sees_what_is_carried_out_at_import_and_nothing_else(text: str, lines: list[int]) -> None:
    assert compiled_at_import(ast.parse(text)) == lines


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_a_room_says_what_it_holds(room: Path) -> None:
    said = ast.get_docstring(ast.parse((room / "__init__.py").read_text())) or ""
    assert said.partition("\n")[0].endswith((".", ":"))
    assert "TODO" not in said


def module_file(name: str) -> Path:
    """Return the file of the module or package *name*, there or not."""
    top, _, rest = name.partition(".")
    path = (ROOT if top == ROOT.name else GRAPHS).joinpath(*filter(None, rest.split(".")))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@functools.cache
def imported(path: Path) -> Sequence[Path]:
    """Return the files of ours that the module at *path* imports from."""
    return list(_imported(path))


def _imported(path: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").startswith(ROOT.name):
            for one in node.names:
                inner = module_file(f"{node.module}.{one.name}")
                yield inner if inner.exists() else module_file(node.module or "")


@pytest.mark.parametrize("room", [room for room in ROOMS if room != ROOT], ids=lambda room: room.name)
def test_a_room_names_the_modules_by_which_others_come_in(room: Path) -> None:
    told = (ast.get_docstring(ast.parse((room / "__init__.py").read_text())) or "").partition("Other rooms come in by ")
    used = {found.stem for path in MODULES if path.parent != room for found in imported(path) if found.parent == room}
    assert set(re.findall(r"`(\w+)`", told[2])) == used - {"__init__"}


@pytest.mark.parametrize("room", [room for room in ROOMS if room not in NO_BOUND], ids=lambda room: room.name)
def test_a_room_has_at_most_twenty_modules(room: Path) -> None:
    assert len([path for path in room.glob("*.py") if path.name != "__init__.py"]) <= MOST_MODULES


def names_of_modules() -> list[str]:
    """Return the names of all modules of ours that this Python can import."""
    found = [
        module.name
        for package in (profile_router, profile_router_graphs)
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]
    return [name for name in found if not name.endswith("__main__") and FAR_HOUSE.name not in name.split(".")]


@pytest.mark.parametrize("name", names_of_modules())
def test_each_module_can_be_imported(name: str) -> None:
    importlib.import_module(name)


def test_no_command_carries_a_task_out_but_by_the_interface_of_programs() -> None:
    walking = ("run", "opened", "batch", "resume", "job", "context", "thread_session")
    carry = {ROOT / "runs" / f"{name}.py" for name in walking}
    by_hand = {
        path.name: found.stem
        for path in (ROOT / "cli").rglob("*.py")
        for found in imported(path)
        if found in carry or ROOT / "runners" in found.parents
    }
    assert by_hand == {}
    asking = {path.stem for path in (ROOT / "cli").rglob("*.py") if ROOT / "api" / "running.py" in imported(path)}
    assert asking == {"run", "demo", "tour"}
    for command, module in (("batch", "batching"), ("resume", "resuming"), ("route", "routing")):
        assert ROOT / "api" / f"{module}.py" in imported(ROOT / "cli" / "commands" / f"{command}.py")
