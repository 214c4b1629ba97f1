"""What each kind of check says of right and of wrong work: `python3 -m tests.check_price --write docs/checks.md`.

The words after the options name repositories; none: all. `--kept FILE` adds what was said to a file of JSON lines. A
task that stands there is not tried again.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "skill"), str(ROOT / "graphs")]

from tests.check_price import compiled_repositories, python_repositories, script_repositories  # noqa: E402
from tests.check_price.bugs import BuggyRepository  # noqa: E402
from tests.check_price.judging import Saying, at_home, cannot_run, sayings  # noqa: E402
from tests.check_price.page import written  # noqa: E402
from tests.check_price.toolchains import lend, on_path  # noqa: E402

REPOSITORIES: Sequence[BuggyRepository] = (
    *python_repositories.REPOSITORIES,
    *script_repositories.REPOSITORIES,
    *compiled_repositories.REPOSITORIES,
)


def main() -> None:
    """Try the answers, and write the page or print it."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.check_price", description=__doc__)
    parser.add_argument("--write", type=Path, help="the page to write")
    parser.add_argument("--kept", type=Path, help="JSON lines of what was said before")
    parser.add_argument("--toolchains", action="store_true", help="fetch Go and Ruby where they are not installed")
    parser.add_argument("repositories", nargs="*", choices=[[], *(one.name for one in REPOSITORIES)])
    asked = parser.parse_args()
    wanted = [one for one in REPOSITORIES if not asked.repositories or one.name in asked.repositories]
    said = _said_before(asked.kept)
    with tempfile.TemporaryDirectory() as home:
        at_home(Path(home) / "env")
        for why in lend(Path(home) / "env") if asked.toolchains else ():
            print(why, file=sys.stderr)
        skipped = {one.name: why for one in wanted if (why := cannot_run(one))}
        for repository in wanted:
            if repository.name not in skipped:
                _try(repository, said, asked.kept)
        there = on_path(name for one in REPOSITORIES for name in one.needs)
    text = written(said, REPOSITORIES, skipped, there, f"{datetime.now(UTC):%Y-%m-%d}")
    if asked.write:
        asked.write.parent.mkdir(exist_ok=True)
        asked.write.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


def _try(repository: BuggyRepository, said: list[Saying], answers: Path | None) -> None:
    known = {(one.repository, one.bug, one.covered) for one in said}
    for bug in repository.bugs:
        for covered in (True, False):
            if (repository.name, bug.name, covered) in known:
                continue
            with tempfile.TemporaryDirectory() as folder:
                found = list(sayings(repository, bug, Path(folder), covered=covered))
            said += found
            print(f"{repository.name}: {bug.name}, {'with' if covered else 'without'} its test", file=sys.stderr)
            if answers:
                with answers.open("a", encoding="utf-8") as file:
                    file.writelines(f"{json.dumps(asdict(one))}\n" for one in found)


def _said_before(path: Path | None) -> list[Saying]:
    lines = path.read_text(encoding="utf-8").splitlines() if path and path.exists() else []
    return [Saying(**json.loads(line)) for line in lines]


if __name__ == "__main__":
    main()
