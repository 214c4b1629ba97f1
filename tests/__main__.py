"""`python3 <folder>/tests [pytest's arguments]` runs all tests from a plain copy, in an environment of its own."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "skill"))

from profile_router.bootstrap import ensure_environment  # noqa: E402 - its source root comes first

if __name__ == "__main__":
    python = str(ensure_environment(ROOT, ["test"]))
    os.chdir(ROOT)
    sys.stdout.flush()
    os.execv(python, [python, "-m", "pytest", "-n", "2", *sys.argv[1:]])
