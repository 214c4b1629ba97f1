"""How long `profile-router route` takes over a bare Python, as a process. A benchmark, not a test.

    python tests/benchmarks/route_startup.py [RUNS]

Prints the median and the least of RUNS (default 20) pairs of a route and a bare Python. They run in an empty folder
and in a git repository. They are in milliseconds of processor time: those count on a machine that does other work too.
Byte code is made before, as an installed program has it. A repository's index is whole. Until it is, each route goes
on with it up to a deadline of its own (`repository.route_seconds`). Promise: at most 150 ms in a folder.

Then the shares of one route: what its modules, values and expressions take, and what is left.
"""

import compileall
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROUTE = ["-m", "profile_router", "route"]
TASKS = {
    "route, a short task": [*ROUTE, "fix the typo in README.md"],
    "route, 2 KB": [*ROUTE, "make the retry delay configurable. " * 60],
}
SHARES = """
import builtins, collections, dataclasses, re, sys, time
from importlib import _bootstrap, _bootstrap_external

taken, stack = collections.Counter(), [0]

def timed(name, inner):
    def outer(*given, **named):
        began = time.process_time_ns()
        stack.append(0)
        try:
            return inner(*given, **named)
        finally:
            spent = time.process_time_ns() - began
            taken[name] += spent - stack.pop()
            stack[-1] += spent
    return outer

run_module = _bootstrap_external._LoaderBasics.exec_module
def run(self, module):
    ours = module.__name__.startswith("profile_router")
    name = "our modules" if ours else "yaml" if module.__name__.startswith("yaml") else "standard library"
    return timed(name, run_module)(self, module)
_bootstrap_external._LoaderBasics.exec_module = run
_bootstrap._find_spec = timed("finding modules", _bootstrap._find_spec)
dataclasses._process_class = timed("values", dataclasses._process_class)
from profile_router import values
values._made = timed("values", values._made)
re._compiler.compile = timed("expressions", re._compiler.compile)
from profile_router.cli import main
timed("the route itself", main)(sys.argv[1:])
print(*(f"{name:<18}{spent / 1e6:7.1f}" for name, spent in taken.most_common()), sep=chr(10), file=sys.stderr)
"""


def milliseconds(arguments: list[str], environment: dict[str, str], folder: str) -> float:
    """Return the processor time that one process took, by itself and by those that it started."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], env=environment, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def compare(runs: int, environment: dict[str, str], folder: str, where: str) -> None:
    """Print what each task takes over a bare Python in *folder*: each pair meets the same noise."""
    for name, arguments in TASKS.items():
        for _ in range(2):  # the second finds what the first has kept
            milliseconds(arguments, environment, folder)
        over = [
            milliseconds(arguments, environment, folder) - milliseconds(["-c", "pass"], environment, folder)
            for _ in range(runs)
        ]
        print(f"{name:<20} {where:<16} over bare: median {statistics.median(over):6.1f} ms   least {min(over):6.1f} ms")


def main(runs: int) -> None:
    """Measure each task *runs* times in both kinds of folder, and print the shares of one."""
    for room in ("skill", "graphs"):
        compileall.compile_dir(ROOT / room, quiet=2)
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as folder:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": home,
            "PYTHONPATH": f"{ROOT / 'skill'}{os.pathsep}{ROOT / 'graphs'}",
        }
        compare(runs, environment, folder, "in a folder")
        done = subprocess.run(
            [sys.executable, "-c", SHARES, *TASKS["route, a short task"][2:]],
            env=environment,
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        )
        print(f"shares of a short task, in ms:\n{done.stderr}", end="")
        subprocess.run(["git", "clone", "-q", "--shared", str(ROOT), folder], check=True)
        milliseconds([*ROUTE, "make the retry delay configurable", "--wait"], environment, folder)
        compare(runs, environment, folder, "in a repository")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
