"""How much processor time the commands that read the ledger take over a bare Python. A benchmark, not a test.

    python tests/benchmarks/history.py [RUNS [TIMES]]

Makes a ledger of RUNS (default 100,000) runs, each with two attempts. Prints the median and the fastest of TIMES
(default 10), in milliseconds. Promise: at most 300 ms over bare Python.
"""

import json
import os
import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "skill"))
DAY_S = 86_400.0
_COLUMNS = (
    "id, kind, started, ended, day, verdict, cause, profile, tier, rule, thread, workspace, attempts, tokens_in, "
    "tokens_out, cost_usd, cost_source, saved_usd, if_burst_usd, saved_by"
)
COMMANDS = (
    ["history"],
    ["history", "--json"],
    *(["history", "--by", by] for by in ("day", "profile", "tier", "verdict", "repository")),
    ["show", "00"],
    ["budget"],
    ["threads"],
)


def fill(state: Path, runs: int) -> str:
    """Write *runs* runs of the last year, and return the id of one."""
    from profile_router.core.evidence import Evidence
    from profile_router.core.telling.figures import evidence_figures
    from profile_router.ledger.schema import LEDGER_FILE, day_of, make_ready

    measured = json.dumps(evidence_figures(Evidence()))
    state.mkdir(mode=0o700)
    database = sqlite3.connect(state / LEDGER_FILE, isolation_level=None)
    make_ready(database)
    dice, now = random.Random(7), time.time()
    database.execute("BEGIN")
    for number in range(runs):
        name, at = f"{dice.getrandbits(64):016x}", now - dice.random() * 365 * DAY_S
        profile, tier = dice.choice([("coding-local", "local"), ("coding-burst", "burst"), ("review-cheap", "cheap")])
        verdict = dice.choice(["verified"] * 8 + ["failed", "refused"])
        row = (name, "run", at, at + 40, day_of(at), verdict, "", profile, tier, "small-change", f"t{number % 5_000}",
               f"/home/u/repository-{number % 40}", 2, 11_000, 1_900, 0.06, "provider", 0.03, 0.09, "table")  # fmt: skip
        marks = ", ".join("?" * len(row))
        database.execute(f"INSERT INTO runs ({_COLUMNS}) VALUES ({marks})", row)
        details = (name, "d7432a7d26bf", "0.2.0", "{}", measured, "{}")
        database.execute("INSERT INTO details VALUES (?, ?, ?, ?, ?, ?, NULL)", details)
        for attempt in range(2):
            database.execute(
                "INSERT INTO attempts (run, number, started, profile, model_asked, provider, runner, step, verdict) "
                "VALUES (?, ?, ?, ?, 'm', 'custom', 'embedded', 'route', 'ok')",
                (name, attempt, at, profile),
            )
    database.execute("COMMIT")
    database.close()
    return name


def milliseconds(arguments: list[str], environment: dict[str, str], folder: str) -> float:
    """Return how much processor time one process took: on a busy machine the clock tells more of the others."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], env=environment, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def main(runs: int, times: int) -> None:
    """Measure each command *times* times, in turns, so that a noisy moment hits all of them."""
    with tempfile.TemporaryDirectory() as folder:
        name = fill(Path(folder) / "state", runs)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "PROFILE_ROUTER_STATE": f"{folder}/state",
            "PYTHONPATH": f"{ROOT / 'skill'}{os.pathsep}{ROOT / 'graphs'}",
        }
        named = [[name if word == "00" else word for word in words] for words in COMMANDS]
        calls = {"bare python": ["-c", "pass"]} | {" ".join(words): ["-m", "profile_router", *words] for words in named}
        taken: dict[str, list[float]] = {call: [] for call in calls}
        for _ in range(times):
            for call, arguments in calls.items():
                taken[call].append(milliseconds(arguments, environment, folder))
    bare = statistics.median(taken["bare python"])
    for call, found in taken.items():
        median = statistics.median(found)
        print(f"{call:<26} median {median:6.1f} ms   fastest {min(found):6.1f} ms   over bare {median - bare:6.1f} ms")


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(given[0] if given else 100_000, given[1] if len(given) > 1 else 10)
