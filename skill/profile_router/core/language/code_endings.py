"""Which files are code, by how their names end: one table for all that ask. Pure."""

from __future__ import annotations

PYTHON_ENDINGS = (".py", ".pyi")
SCRIPT_ENDINGS = (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts")
NODE_ENDINGS = (*SCRIPT_ENDINGS, ".vue", ".svelte")  # a component has script in it; no runner collects one as a test
JVM_ENDINGS = (".java", ".kt", ".kts", ".scala", ".groovy")
C_ENDINGS = (".c", ".cc", ".cpp", ".h", ".hpp")
_COMPILED = (".go", ".rs", *C_ENDINGS, ".cs", ".swift", ".dart")
_OTHERS = (".rb", ".php", ".ex", ".exs")
_SOURCES = (*PYTHON_ENDINGS, *NODE_ENDINGS, *JVM_ENDINGS, *_COMPILED, *_OTHERS)
_SCRIPTS = (".sh", ".pl", ".pm", ".lua", ".r")
CODE_ENDINGS = (*_SOURCES, *_SCRIPTS)


def is_source(path: str) -> bool:
    """Tell whether *path* ends as code that other code imports by its name: no test imports a script."""
    return path.lower().endswith(_SOURCES)


def is_code(path: str) -> bool:
    """Tell whether *path* ends as code of any kind, a script too."""
    return path.lower().endswith(CODE_ENDINGS)
