"""How long `profile-router route` takes over a bare Python, as a process. A benchmark, not a test.

    python tests/benchmarks/route_startup.py [RUNS]

Prints the median and the fastest of RUNS (default 20), in milliseconds. Promise: at most 150 ms over bare Python.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TASKS = {
    "bare python": ["-c", "pass"],
    "route, a short task": ["-m", "profile_router", "route", "fix the typo in README.md"],
    "route, 2 KB": ["-m", "profile_router", "route", "make the retry delay configurable. " * 60],
}


def milliseconds(arguments: list[str], environment: dict[str, str], folder: str) -> float:
    """Return how long one process took."""
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], env=environment, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - started) * 1000


def main(runs: int) -> None:
    """Measure each task *runs* times, in turns, so that a noisy moment hits all of them."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "PYTHONPATH": f"{ROOT / 'skill'}{os.pathsep}{ROOT / 'graphs'}",
        }
        taken: dict[str, list[float]] = {name: [] for name in TASKS}
        for _ in range(runs):
            for name, arguments in TASKS.items():
                taken[name].append(milliseconds(arguments, environment, folder))
    bare = statistics.median(taken["bare python"])
    for name, times in taken.items():
        median = statistics.median(times)
        print(f"{name:<22} median {median:6.1f} ms   fastest {min(times):6.1f} ms   over bare {median - bare:6.1f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
