"""Which files are code, by how their names end: one table for all that ask. Pure."""

from __future__ import annotations

PYTHON_ENDINGS = (".py", ".pyi")
NODE_ENDINGS = (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts", ".vue", ".svelte")
JVM_ENDINGS = (".java", ".kt", ".kts", ".scala", ".groovy")
_COMPILED = (".go", ".rs", ".c", ".cc", ".cpp", ".h", ".hpp", ".cs", ".swift", ".dart")
_OTHERS = (".rb", ".php", ".ex", ".exs")
_SOURCES = (*PYTHON_ENDINGS, *NODE_ENDINGS, *JVM_ENDINGS, *_COMPILED, *_OTHERS)
_SCRIPTS = (".sh", ".pl", ".pm", ".lua", ".r")


def is_source(path: str) -> bool:
    """Tell whether *path* ends as code that other code imports by its name: no test imports a script."""
    return path.lower().endswith(_SOURCES)


def is_code(path: str) -> bool:
    """Tell whether *path* ends as code of any kind, a script too."""
    return is_source(path) or path.lower().endswith(_SCRIPTS)
