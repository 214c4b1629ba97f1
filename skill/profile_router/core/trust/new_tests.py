"""What new tests of an attempt do to a check: tests that were red before must be green without them. Pure.

A new test may bring the fix itself, or change the code for all tests after it in its process. It is a
list of spellings, no proof: only a run without the new tests is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from profile_router.core.language.code_endings import NODE_ENDINGS
from profile_router.core.language.test_files import is_test
from profile_router.core.trust.steered import Content
from profile_router.expressions import expression

_LONGEST = 256 * 1024  # of a test that is read
_IMPORTS = expression(rb"(?m)^[ \t]*(?:from[ \t]+[\w.]+[ \t]+)?import[ \t]+([^\n#]+)")
_CONTINUED = expression(rb"\(([^()]*)\)")
_SET = expression(rb"(?m)^[ \t]*(\w+)(?:\.\w+)+[ \t]*(?:[-+*/|&]?=(?!=)|:[^=\n]+=(?!=))")
_PYTHON = expression(
    rb"(?<![\w.])(?:setattr|delattr|vars|exec|eval|__import__)\s*\(|\.__(?:dict|code|class|bases|globals)__\b"
    rb"|\bsys\s*\.\s*modules\s*(?:\[|\.\s*(?:update|setdefault|pop))|\bimportlib\s*\.\s*reload\b|\bgc\s*\.\s*get_"
    rb"|\bos\s*\.\s*(?:_exit|exec\w+)|(?m:^[ \t]*def\s+pytest_\w+)|\bbuiltins\s*\.\s*\w+\s*=(?!=)"
)
_SCRIPT = expression(
    rb"\brequire\s*\([^)\n]*\)(?:\.\w+)+\s*=(?!=)|\.prototype(?:\.\w+)+\s*=(?!=)|\brequire\.cache\b|\bModule\._\w+"
    rb"|\bObject\.(?:assign|definePropert\w+)\s*\(\s*(?:require|[A-Z])|\bprocess\.exit\b"
)
_SCRIPT_IMPORTS = expression(
    rb"\bimport\s+(?:\*\s+as\s+)?(\w+)\s+from\b|\b(?:const|let|var)\s+(\w+)\s*=\s*(?:await\s+import|require)\s*\("
)
_RUBY = expression(
    rb"\b(?:class_eval|module_eval|instance_eval|define_method|define_singleton_method|alias_method|prepend|at_exit"
    rb"|remove_method|undef_method)\b|(?m:^[ \t]*def\s+[A-Z]\w*\.\w+)"
)
_GO = expression(rb"(?m)^func\s+(?:init\s*\(\s*\)|TestMain\s*\()")


def new_tests(changed: Iterable[Content]) -> tuple[str, ...]:
    """Return the paths of the tests among the *changed* files that were not there before."""
    return tuple(path for path, before, _ in changed if before is None and is_test(path))


def turned_by_tests(changed: Sequence[Content]) -> str:
    """Return why what turned green with the files *changed* may be the work of new tests; empty where nothing says so.

    One reason is that nothing but new tests changed. The other is what one of them says.
    """
    new = new_tests(changed)
    if new and len(new) == len(changed):
        return "only new tests were written, yet tests that were red before are green: no code was fixed"
    found = [path for path, before, after in changed if before is None and is_test(path) and changes_code(path, after)]
    if found:
        return f"{found[0]} is a new test that changes what it tests: without it others may be red as before"
    return ""


def changes_code(path: str, content: bytes) -> bool:
    """Tell whether the test *content* at *path* changes code for the tests after it; one too long to be read does."""
    if len(content) > _LONGEST:
        return True
    ending = path.rpartition(".")[2]
    if ending == "py":
        return _PYTHON.search(content) is not None or _sets(content, _python_names(content))
    if ending == "rb":
        return _RUBY.search(content) is not None
    if ending == "go":
        return _GO.search(content) is not None
    if path.endswith(NODE_ENDINGS):
        names = {name for found in _SCRIPT_IMPORTS.findall(content) for name in found if name}
        return _SCRIPT.search(content) is not None or _sets(content, names)
    return False


def _sets(content: bytes, names: set[bytes]) -> bool:
    """Tell whether an attribute of one of the imported *names* is set."""
    return any(name in names for name in _SET.findall(content))


def _python_names(content: bytes) -> set[bytes]:
    flat = _CONTINUED.sub(lambda found: b" ".join(found[1].split()), content)
    return {name.partition(b".")[0] for listed in _IMPORTS.findall(flat) for name in _names(listed)}


def _names(listed: bytes) -> Iterable[bytes]:
    for one in listed.replace(b";", b",").split(b","):
        words = one.split()
        if words:
            yield words[-1] if len(words) == 1 or words[-2] == b"as" else words[0]
