"""What routing costs a child over the same child started by hand. A benchmark, no test.

    python tests/benchmarks/routing_overhead.py [RUNS]

Prints median and fastest of RUNS (default 7) in seconds, and the processor's seconds. The span begins with what Hermes
0.22 calls as the model of a child, and ends with its answer. The model is scripted, on loopback. Promise: at most 2 s
over the child by hand, at the median. That child is, for Hermes, the very process that the router starts, with the same
order; for the embedded runner, a Python that runs nothing but the runner. On a machine that is busy only the
processor's seconds say something.

2026-11-29, two cores of a virtual machine, Hermes 0.22.2, over the child by hand. First quiet, 7 runs, LangGraph's
unused clients with them: Hermes +2.22 s at the median. That took +2.27 s of the processor. Its fastest was +1.50 s;
embedded +0.19 s.
Without those a run imports a fifth less (busy: 1.18 s to 0.97 s of processor). Since then, quiet: Hermes +2.00 s at the
median of 7 runs and +1.86 s of 9; embedded +0.45 s. Of what the router takes over the child, 85 % are imports, before
the child starts. The plugin's wait, git's 21 calls, checkpoints and the end of the process take under 0.3 s of
processor.
"""

import asyncio
import os
import resource
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "skill"), str(ROOT / "graphs")]

from tests.cli.stage import workspace  # noqa: E402
from tests.fakes import BURST, CHEAP, LOCAL, Heard, a_policy, a_task  # noqa: E402
from tests.runners.hermes.installed import NEW, installed_hermes  # noqa: E402
from tests.runners.hermes.stage import Stage, an_errand  # noqa: E402
from tests.scripted_provider import ScriptedProvider  # noqa: E402

from profile_router.hermes_plugin.children import CHILDREN  # noqa: E402
from profile_router.hermes_plugin.provider import Client  # noqa: E402
from profile_router.hermes_plugin.settings import COMMAND_VARIABLE  # noqa: E402
from profile_router.machine.hermes_program import Hermes  # noqa: E402
from profile_router.runners.embedded.runner import EmbeddedRunner  # noqa: E402
from profile_router.withheld.whole_scan import Secrets  # noqa: E402

GOAL = "Make the retry delay configurable"
WINDOWS = {"hermes": 128_000, "embedded": 32_768}
PLENTY = 1_000


class Bench:
    """One runner's stage: a workspace under git, three profiles at *model*, and the router as a command."""

    def __init__(self, folder: Path, runner: str, model: ScriptedProvider, hermes: Hermes) -> None:
        self.runner = runner
        self.stage = Stage(folder, hermes)
        self.stage.__enter__()
        workspace(self.stage.workspace, {"http.py": "DELAY = 3\n", "README.md": "# Retry\n"})
        for name in (LOCAL, BURST, CHEAP):
            self.stage.profile(model.base_url, name, window=WINDOWS[runner])
        python = str(self.stage.hermes.python) if runner == "hermes" else "none"
        self.stage.environ |= {
            "PROFILE_ROUTER_HERMES_PYTHON": python,
            "PROFILE_ROUTER_STATE": str(folder / "state"),
            "HERMES_DISABLE_LAZY_INSTALLS": "1",
        }
        script = folder / "router.py"
        script.write_text(f"import sys\nsys.path[:0] = {sys.path[:3]!r}\nfrom profile_router.cli import main\nmain()\n")
        self.command = folder / "router"
        self.command.write_text(f'#!/bin/sh\nexec {sys.executable} {script} "$@"\n')
        self.command.chmod(0o755)

    def by_hand(self) -> None:
        """Run the child itself."""
        if self.runner == "hermes":
            attempt = self.stage.run(an_errand(a_task(GOAL), window=WINDOWS["hermes"]))
            assert attempt.failure is None, attempt.failure
            return
        child = [sys.executable, __file__, "child", str(self.stage.folder)]
        subprocess.run(child, env=self.stage.environ, cwd=self.stage.workspace, check=True)

    def routed(self) -> None:
        """Delegate the task: its child's model is asked, which is our run."""
        os.environ[COMMAND_VARIABLE] = str(self.command)
        os.chdir(self.stage.workspace)
        session = secrets.token_hex(4)
        CHILDREN.made(child_session_id=session, child_goal=GOAL)
        ask = Client().chat.completions.create
        ask(messages=[{"role": "user", "content": GOAL}], extra_body={"profile_router_session": session})
        CHILDREN.ended(child_session_id=session)
        child = CHILDREN.find(session)
        assert child is not None
        assert child.ran is not None
        assert child.ran.result is not None, child.ran
        assert [attempt["runner"] for attempt in child.ran.result["attempts"]] == [self.runner]


def child(folder: Path) -> None:
    """Run the embedded runner alone, as the child by hand."""
    stage = Stage(folder, Hermes(python=Path(sys.executable), command=()), environ=dict(os.environ))
    runner = EmbeddedRunner(
        load=stage.home.load,
        policy=a_policy(),
        secrets=Secrets(),
        workspace=stage.workspace,
        base=stage.workspace,
        known_files=tuple,
    )
    attempt = asyncio.run(runner.run(an_errand(a_task(GOAL), window=WINDOWS["embedded"]), Heard()))
    assert attempt.failure is None, attempt.failure


def taken_by(act: Callable[[], None]) -> tuple[float, float]:
    """Return how long *act* takes, and how long it keeps the processor: this process and all that it waited for."""
    before, started = _processor(), time.perf_counter()
    act()
    return time.perf_counter() - started, _processor() - before


def _processor() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main(runs: int) -> None:
    """Measure each way *runs* times, in turns, so that a noisy moment hits all of them."""
    hermes = installed_hermes(NEW)
    for runner in WINDOWS:
        answers = ["the delay is configurable"] * PLENTY
        with ScriptedProvider(answers) as model, tempfile.TemporaryDirectory() as folder:
            bench = Bench(Path(folder) / "stage", runner, model, hermes)
            os.environ.clear()
            os.environ.update(bench.stage.environ)  # as Hermes, which delegates, would have it
            ways = {"by hand": bench.by_hand, "routed": bench.routed}
            taken: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
            try:
                for _ in range(runs):
                    for way, act in ways.items():
                        taken[way].append(taken_by(act))
            finally:
                os.chdir(ROOT)
                bench.stage.__exit__(None, None, None)
        for place, what in enumerate(("seconds", "processor")):
            hand = [each[place] for each in taken["by hand"]]
            for way, both in taken.items():
                times = [each[place] for each in both]
                median, over = statistics.median(times), statistics.median(times) - statistics.median(hand)
                print(f"{runner:<9} {what:<9} {way:<8} median {median:5.2f} over {over:+5.2f}", end="   ")
                print(f"fastest {min(times):5.2f} over {min(times) - min(hand):+5.2f}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
