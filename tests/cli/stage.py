"""A stage for runs: a git workspace, a Hermes home, and servers behind its profiles."""

import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from profile_router.policies.file import SHIPPED

_IDENTITY = (
    *("-c", "user.name=Test", "-c", "user.email=test@example.invalid", "-c", "commit.gpgsign=false"),
    *("-c", "maintenance.auto=false"),  # a process more for each commit
)


class Gate(threading.Event):
    """An answer that is held back, and tells when it is waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Event()

    def wait(self, timeout: float | None = None) -> bool:
        self.reached.set()
        return super().wait(timeout)


def workspace(folder: Path, files: dict[str, str]) -> Path:
    """Make a git repository of *files* in *folder*."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for arguments in (["init", "-q"], ["add", "-A"], [*_IDENTITY, "commit", "-q", "-m", "start"]):
        subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)
    return folder


def profile(home: Path, name: str, base_url: str, *, model: str = "scripted", extra: str = "", env: str = "") -> None:
    """Write the profile *name* of a Hermes home below *home*."""
    folder = home / "hermes" / "profiles" / name
    folder.mkdir(parents=True, exist_ok=True)
    text = f"model:\n  provider: custom\n  base_url: {base_url}\n  default: {model}\n  context_length: 32768\n{extra}"
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    (folder / ".env").write_text(env, encoding="utf-8")


def without_repair(home: Path, *changes: tuple[str, str]) -> str:
    """Write the shipped policy without its row `repair`, and with *changes* from text to text; return the file."""
    text = re.sub(r"  - id: repair\n(?:    .*\n)+", "", SHIPPED.read_text(encoding="utf-8"))
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    file = home / "policy.yaml"
    file.write_text(text, encoding="utf-8")
    return str(file)


@contextmanager
def nobody() -> Iterator[str]:
    """Give a base URL that refuses the connection while this lasts: its port is taken, but nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
