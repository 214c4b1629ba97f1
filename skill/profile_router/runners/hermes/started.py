"""A child as a process: started in folders of its own, and ended with everything that it started."""

from __future__ import annotations

import secrets
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from profile_router.runners.hermes.child.family import SCRATCH, end_family
from profile_router.runners.hermes.environment import child_environment

CHILD = Path(__file__).parent / "child" / "main.py"
_DEFAULT = "default"


def home_of(profile: str, root: Path) -> Path:
    """Return the folder of *profile* in the Hermes home *root*."""
    named = root / "profiles" / profile
    return root if profile == _DEFAULT and not named.is_dir() else named


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A child that runs: `folder` is where it works, `mark` finds what it has started."""

    process: subprocess.Popen[bytes]
    folder: Path
    mark: str

    def end(self) -> int:
        """End it, if it has not ended, with all that it started, and return its exit code (negative: the signal)."""
        end_family(self.mark, self.process.pid if self.process.poll() is None else None)
        return self.process.wait()


@contextmanager
def started(
    python: Path,
    home: Path,
    environ: Mapping[str, str],
    workspace: Path | None,
    *,
    unattended: bool = False,
    also: Sequence[str] = (),
) -> Iterator[Child]:
    """Start a child of the profile folder *home* in *workspace* (None: an empty folder), and end it in the end.

    It waits for its order. *unattended* and *also* are those of `child_environment`. Raises OSError where it cannot be
    started. Hermes leaves its shell's environment among its temporary files: they are removed with all that is in them.
    """
    with tempfile.TemporaryDirectory(prefix=SCRATCH, ignore_cleanup_errors=True) as made:
        empty, scratch = Path(made, "empty"), Path(made, "tmp")
        empty.mkdir()
        scratch.mkdir()
        folder, mark = workspace or empty, secrets.token_hex(16)
        given = child_environment(environ, home, mark, unattended=unattended, also=also)
        process = subprocess.Popen(
            [str(python), "-P", str(CHILD)],  # -P: this package's folder is not Hermes' to import from
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env={**given, "TMPDIR": str(scratch)},
            start_new_session=True,
            bufsize=0,
        )
        child = Child(process=process, folder=folder, mark=mark)
        try:
            yield child
        finally:
            child.end()
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe:
                    pipe.close()
