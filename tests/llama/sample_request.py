"""A request such as the embedded runner sends, for its cost: system prompt, tool schemas, a file to read."""

import inspect
import shlex
from typing import Any

SYSTEM = """You are a careful coding agent. You work in one git repository and change only what the task asks for.
Look before you edit: list the files, search for the names that the task mentions, and read the lines around them.
Make the smallest change that solves the task, keep the style of the code around it, and never touch generated files.
When the work is done, answer with a short summary: which files you changed, what you checked, and what is left open.
If the task needs more than you can do - an image to look at, or far more files than fit - ask for another profile.
"""

_TOOLS: dict[str, tuple[str, dict[str, tuple[str, str]]]] = {
    "list_files": (
        "List the files below a folder of the workspace, one path a line.",
        {"path": ("string", "The folder, relative to the workspace; '.' is all of it.")},
    ),
    "search": (
        "Search the files for a regular expression and return the matching lines with their numbers.",
        {
            "pattern": ("string", "The regular expression."),
            "glob": ("string", "Which files to look at, for example '**/*.py'."),
        },
    ),
    "read_file": (
        "Read a range of lines of a text file. Long files are read in several calls.",
        {
            "path": ("string", "The file, relative to the workspace."),
            "start": ("integer", "The first line to return, counted from 1."),
            "lines": ("integer", "How many lines to return."),
        },
    ),
    "write_file": (
        "Create a file, or replace the whole of it.",
        {"path": ("string", "The file, relative to the workspace."), "content": ("string", "The new text.")},
    ),
    "edit_file": (
        "Replace a text that occurs exactly once in a file.",
        {
            "path": ("string", "The file, relative to the workspace."),
            "old": ("string", "The text to replace, with enough context to be unique."),
            "new": ("string", "The text to put in its place."),
        },
    ),
    "ask_for_profile": (
        "Stop and ask to be run again under another profile, when this one can't do the task.",
        {"profile": ("string", "The profile's name."), "reason": ("string", "Why it is needed, in one sentence.")},
    ),
}


def _schema(name: str, description: str, parameters: dict[str, tuple[str, str]]) -> dict[str, Any]:
    properties = {key: {"type": kind, "description": text} for key, (kind, text) in parameters.items()}
    body = {"type": "object", "properties": properties, "required": list(parameters)}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": body}}


TOOLS = [_schema(name, *tool) for name, tool in _TOOLS.items()]
PYTHON_FILE = "".join(inspect.getsource(shlex).splitlines(keepends=True)[:200])
