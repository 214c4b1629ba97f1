"""What in this process' environment would make a library speak to somewhere else, or to the terminal."""

from __future__ import annotations

import logging
from collections.abc import Mapping, MutableMapping

from profile_router.expressions import expression

# Observers of other frameworks would send prompts elsewhere; OPENAI_* would redirect a request or add a header.
_FOREIGN = expression(r"^(LANGSMITH|LANGCHAIN|OPENAI|AZURE_OPENAI)_")
# Whose warnings are for programmers: what is wrong with a run, we say ourselves.
_LIBRARIES = (
    "httpcore2",
    "httpx2",
    "langchain",
    "langchain_core",
    "langchain_openai",
    "langgraph",
    "openai",
    "opentelemetry",
)


def drop_foreign(environ: MutableMapping[str, str]) -> None:
    """Take out of *environ* what would make a library send prompts elsewhere, and let none write to the terminal."""
    for name in foreign_names(environ):
        del environ[name]
    for name in _LIBRARIES:
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())  # else warnings without a handler go to stderr


def foreign_names(environ: Mapping[str, str]) -> list[str]:
    """Return the names of *environ* by which a library would send prompts elsewhere, or a request otherwise."""
    return [name for name in environ if _FOREIGN.match(name)]
