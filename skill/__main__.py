"""`python3 <folder>/skill …` runs profile-router from a plain copy of the repository, in an environment of its own."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "skill"))
sys.path.insert(1, str(ROOT / "graphs"))

from profile_router.bootstrap import extras_for, go_on_inside  # noqa: E402 - the two source roots come first

if __name__ == "__main__":
    try:
        go_on_inside(ROOT, [str(ROOT / "skill"), *sys.argv[1:]], extras_for(sys.argv[1:]))
        from profile_router.cli import as_process

        as_process()
    except KeyboardInterrupt:
        from profile_router.cli import forget_interrupt

        forget_interrupt()
        raise SystemExit(130) from None
