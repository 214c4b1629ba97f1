"""The scratch folder of the demo: a git repository with a failing test, a Hermes home, an environment around them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from profile_router.demo.provider import ScriptLine
from profile_router.git.command import git
from profile_router.machine.hermes_program import HERMES_VARIABLE
from profile_router.state.folder import STATE_VARIABLE

SCRATCH_GOAL = "Fix delays() in backoff.py: it ignores `cap`, so a test fails"
CHECK_ARGUMENTS = "-m unittest -q"
CHECK = f"{Path(sys.executable).name} {CHECK_ARGUMENTS}"
MODEL = "scripted-model"
LOCAL_MODEL = "gemma-4-26b-q4_0"

WRONG = "    return [base * 2**n for n in range(retries)]"
RIGHT = "    return [min(cap, base * 2**n) for n in range(retries)]"
SCRATCH_FILES: Mapping[str, str] = {
    "backoff.py": f'''"""How long to wait before trying again."""


def delays(retries, base=0.5, cap=8.0):
    """Return the seconds before each retry: they double, and never exceed *cap*."""
{WRONG}
''',
    "test_backoff.py": """import unittest

from backoff import delays


class Delays(unittest.TestCase):
    def test_double(self):
        self.assertEqual(delays(3), [0.5, 1.0, 2.0])

    def test_never_exceed_the_cap(self):
        self.assertEqual(max(delays(10)), 8.0)
""",
}
LINES: tuple[ScriptLine, ...] = (
    ScriptLine(calls=(("read_file", {"path": "backoff.py"}), ("read_file", {"path": "test_backoff.py"}))),
    ScriptLine(calls=(("edit_file", {"path": "backoff.py", "old": WRONG, "new": RIGHT}),)),
    ScriptLine(calls=(("read_file", {"path": "backoff.py"}),)),
    ScriptLine(words="`delays()` in backoff.py now holds every wait at `cap`; one line changed."),
)
_IDENTITY = (
    "-c",
    "user.name=profile-router demo",
    "-c",
    "user.email=demo@localhost",
    "-c",
    "commit.gpgsign=false",
    "-c",
    "maintenance.auto=false",
)
# What a program needs to start and to print. All else could change what the demo shows, or send it somewhere.
_INHERITED = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TERM", "NO_COLOR", "TMPDIR", "LD_LIBRARY_PATH")


def make_scratch(root: Path, *, local: str, burst: str, files: Mapping[str, str] = SCRATCH_FILES) -> Path:
    """Fill the empty folder *root*; return its repository with *files*. *local*, *burst*: URLs of the stand-ins."""
    repository = root / "repository"
    _write(repository, files)
    git(repository, "init", "-q", "--template=")
    git(repository, "add", ".")
    git(repository, *_IDENTITY, "commit", "-q", "-m", "Wait longer before each retry")
    _write(root / "hermes" / "profiles", {
        "coding-local/config.yaml": _profile(local, LOCAL_MODEL, 8_192),
        "coding-burst/config.yaml": _profile(burst, MODEL, 200_000),
        "review-cheap/config.yaml": _profile(burst, MODEL, 128_000),
    })  # fmt: skip
    return repository


def _profile(base_url: str, model: str, window: int) -> str:
    return f"""model:
  provider: custom
  base_url: {base_url}
  api_key: "not-needed"
  default: {model}
  context_length: {window}
"""


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


@contextmanager
def own_environment(root: Path) -> Iterator[None]:
    """Let the whole process see the folder *root* as its home until the block ends, and nothing of the user's.

    The libraries underneath look at the process' environment (tracing, proxies, OPENAI_*, git's own). A mapping for
    ourselves alone would not keep them here.
    """
    before = dict(os.environ)
    python = str(Path(sys.executable).parent)
    replaced = {name: before[name] for name in _INHERITED if name in before} | {
        "HOME": str(root),
        "HERMES_HOME": str(root / "hermes"),
        "PATH": os.pathsep.join((python, before.get("PATH") or os.defpath)),
        STATE_VARIABLE: str(root / "state"),
        HERMES_VARIABLE: "none",  # the stand-ins play for the embedded runner's tools
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    _become(replaced)
    try:
        yield
    finally:
        _become(before)


def _become(environ: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environ)
