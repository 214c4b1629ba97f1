"""How long `report` takes over many runs. A benchmark, not a test.

    python tests/benchmarks/report.py [RUNS [TIMES]]

Makes a ledger of RUNS (default 100,000) runs of the last 30 days with their attempts, steps and verifications. Prints
the median and the fastest of TIMES (default 5) calls, which also write the page. They are in seconds of processor and
of wall clock. Promise: at most 3 s.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "skill"), str(ROOT / "graphs")]


def call(environment: dict[str, str], folder: str) -> tuple[float, float]:
    """Return the seconds of processor and of wall clock that one call took."""
    words = [sys.executable, "-m", "profile_router", "report", "--since", "31d", "--html", f"{folder}/report.html"]
    before, at = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(words, env=environment, cwd=folder, check=True, capture_output=True)
    after, took = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - at
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, took


def main(runs: int, times: int) -> None:
    """Measure *times* calls over *runs* runs."""
    from tests.ledger.many_runs import fill

    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder) / "state", runs, now=time.time())
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "PROFILE_ROUTER_STATE": f"{folder}/state",
            "PYTHONPATH": f"{ROOT / 'skill'}{os.pathsep}{ROOT / 'graphs'}",
        }
        found = [call(environment, folder) for _ in range(times)]
    for name, values in zip(("processor", "wall clock"), zip(*found, strict=True), strict=True):
        print(f"{runs:,} runs, {name:<10} median {statistics.median(values):5.2f} s   fastest {min(values):5.2f} s")


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(given[0] if given else 100_000, given[1] if len(given) > 1 else 5)
