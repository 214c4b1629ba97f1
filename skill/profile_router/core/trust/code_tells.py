"""How code tells that a test runs it, changes the runner, or ends its process before the check can speak. Pure.

A list of spellings, no proof: code that hides what it does is not found.
"""

from __future__ import annotations

from profile_router.core.language.code_endings import C_ENDINGS, JVM_ENDINGS, NODE_ENDINGS, PYTHON_ENDINGS
from profile_router.expressions import expression

_RUNNER = expression(
    rb"\b(?:unittest|_?pytest(?:_\w+)?|PYTEST_\w+|os\._exit|_exit|vitest|VITEST|JEST_WORKER_ID|jest|minitest|Minitest|"
    rb"RSpec|NODE_TEST_CONTEXT|node:test)\b"
    rb"|\bfor\b[^\n]{0,80}?\bin\s{1,9}(?:\w{1,9}\()?sys\.modules\b"  # a name in pieces; `in` alone imports late
    rb"|\btesting\.Testing\b|\bflag\.Lookup\(\"test\.|NODE_ENV\W{1,9}test\b"
    rb"|\bcfg!\s*\([^)\n]{0,40}\btest\b|\bcfg(?:_attr)?\(\s*not\(\s*test\s*\)"
)
# An exit that says all went well; one with another number or a text does not.
_ZERO = rb"\s{0,9}\(\s{0,9}(?:0+|None|False|true)?\s{0,9}\)"
_NOT_A_FAULT = rb"(?!\s{0,9}\(?\s{0,9}(?:-?[1-9]|[fr]?['\"`]))"
# Another program in the place of this one, and C's own exit.
_REPLACED = rb"|\bos\.exec[lv]p?e?(?=\s*\()|\bctypes\.(?:CDLL|PyDLL)\(\s*None\b|\bctypes\.pythonapi\b"
_PYTHON = expression(
    rb"(?:(?<![\w.])(?:sys\.)?(?:exit|quit)(?=\s*\()|\braise\s+SystemExit\b)" + _NOT_A_FAULT + _REPLACED,
)
_PYTHON_ZERO = expression(
    rb"(?:(?<![\w.])(?:sys\.)?(?:exit|quit)|\braise\s+SystemExit)" + _ZERO + rb"|\braise\s+SystemExit\s*$"
)
_MAIN = expression(
    rb"if\s{1,9}\(?(?:__name__\s{0,9}==\s{0,9}['\"]__main__|['\"]__main__)|(?:async\s+)?def\s+_*(?:main|cli)\w*\s*\("
)
_FUNCTION = expression(rb"(?:async\s+)?def\b|class\b|@")
_CONTINUES = expression(rb"[)\]}#]|\"\"\"|'''")
_OTHERS = {
    "js": expression(rb"\bprocess\s*\.\s*(?:exit|reallyExit)\s*(?=\()" + _NOT_A_FAULT + rb"|\bDeno\.exit" + _ZERO),
    "go": expression(rb"\b(?:os|syscall)\.Exit\(\s*0\s*\)|\bruntime\.Goexit\("),
    "rs": expression(rb"\bprocess::exit\(\s*0\s*\)"),
    "java": expression(rb"\b(?:System\.exit|exitProcess|\.halt)\(\s*0\s*\)"),
    "php": expression(rb"\b(?:exit|die)\s*\(\s*0\s*\)|\bregister_shutdown_function\s*\("),
    "rb": expression(rb"(?m)^[ \t]*(?:Process\.|Kernel\.)?exit!?(?:[ \t]?\(?(?:0|true)?\)?)?[ \t]*$"),
}
_KINDS = {
    **dict.fromkeys(NODE_ENDINGS, "js"),
    **dict.fromkeys(JVM_ENDINGS, "java"),
    **{f".{kind}": kind for kind in ("go", "rs", "rb", "php")},
}


def names_runner(text: bytes) -> int:
    """Return how often *text* names a runner, or what only a test's process has."""
    return sum(1 for _ in _RUNNER.finditer(text))


def tells_of_runner(path: str, content: bytes) -> int:
    """Return how often the code *content* of the file *path* names a runner. In C, `_exit` ends a child, as it must."""
    found = (one[0] for one in _RUNNER.finditer(content))
    return sum(1 for name in found if name != b"_exit" or not path.lower().endswith(C_ENDINGS))


def ends_well(path: str, content: bytes) -> int:
    """Return how often the code *content* of the file *path* ends its process as if all went well.

    In Python that is an exit that an import reaches, or one in a function with no fault to tell. A `main` may, and
    so may what stands under `if __name__ == "__main__"`.
    """
    if path.lower().endswith(PYTHON_ENDINGS):
        return _python(content)
    kind = _KINDS.get(f".{path.rpartition('.')[2].lower()}")
    return 0 if kind is None else sum(1 for _ in _OTHERS[kind].finditer(content))


def _python(content: bytes) -> int:
    found, at = 0, b""
    for line in content.splitlines():
        if line[:1].strip() and not _CONTINUES.match(line):
            at = line
        code = line.partition(b"#")[0]
        if _MAIN.match(at):
            continue
        found += len((_PYTHON_ZERO if _FUNCTION.match(at) else _PYTHON).findall(code))
    return found
