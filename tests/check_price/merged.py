"""How often the rules that need no run would refuse merged commits: `python3 -m tests.check_price.merged CLONES ROWS…`.

ROWS are files of JSON lines. Each line has a `text`, and a `source` such as `github:OWNER/NAME@COMMIT`, whose clone is
CLONES/OWNER/NAME. A merged commit counts as right, whatever its text asks for. Those that change no test are left out.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "skill"), str(ROOT / "graphs")]

from profile_router.core.language.faults import wants_other_code  # noqa: E402
from profile_router.core.task import Task  # noqa: E402
from profile_router.core.trust.tests_meant import may_have_fewer  # noqa: E402
from profile_router.verify.changes.tests_taken import MOST_TEST_FILES, taken_from  # noqa: E402
from profile_router.verify.parsing import MOST_PARSED_FILES, ChangedContent  # noqa: E402
from profile_router.verify.same_code import only_words_changed  # noqa: E402
from profile_router.workspace.held_tests import may_hold_tests  # noqa: E402

_SOURCE = re.compile(r"github:([\w.-]+/[\w.-]+)@([0-9a-f]{40})")
_RAW = re.compile(r":\d+ \d+ ([0-9a-f]+) ([0-9a-f]+) \w\t(.*)")
Contents = tuple[str, bytes | None, bytes | None]


@dataclass(slots=True)
class Refused:
    """Of `commits` that change tests, `judged` may not have fewer. `taken` lose some, `form` have no other code."""

    commits: int = 0
    judged: int = 0
    taken: int = 0
    form: int = 0


def main() -> None:
    """Count over all rows, apart by whether the text reports a fault, and print each commit that is refused."""
    clones = Path(sys.argv[1])
    rows = [json.loads(line) for file in sys.argv[2:] for line in Path(file).read_text(encoding="utf-8").splitlines()]
    counts = {True: Refused(), False: Refused()}
    for row in rows:
        found = _SOURCE.match(row["source"])
        changed = list(_changed(clones / found[1], found[2])) if found and (clones / found[1]).exists() else []
        if any(may_hold_tests(path) and before is not None for path, before, _ in changed):
            for why in counted(row["text"], changed, counts[wants_other_code(row["text"])]):
                print(f"{row['source']}: {row['text'][:60]!r}: {why}", file=sys.stderr)
    for fault, count in counts.items():
        print(f"{'reports a fault' if fault else 'other texts'}: {count}")


def counted(text: str, changed: Sequence[Contents], into: Refused) -> Iterator[str]:
    """Count one commit with its *text* and the files that it *changed*; yield why a rule would refuse it."""
    task = Task(goal=text, folder="")
    into.commits += 1
    there = [ChangedContent(path, before, after) for path, before, after in changed if after is not None]
    if wants_other_code(text) and len(there) == len(changed) and only_words_changed(there):
        into.form += 1
        yield "no other code"
    if may_have_fewer(task):
        return
    into.judged += 1
    if taken := taken_from([one for one in changed if may_hold_tests(one[0])][:MOST_TEST_FILES], task):
        into.taken += 1
        yield taken.words()


def _changed(clone: Path, commit: str) -> Iterator[Contents]:
    said = _git(clone, "diff", "--raw", "--no-renames", "--no-abbrev", "-r", f"{commit}^1", commit)
    files = [found for line in said.decode("utf-8", "replace").splitlines() if (found := _RAW.fullmatch(line))]
    for before, after, path in (found.groups() for found in files[: MOST_PARSED_FILES * 2]):
        yield path, _content(clone, before), _content(clone, after)


def _content(clone: Path, blob: str) -> bytes | None:
    return None if set(blob) == {"0"} else _git(clone, "cat-file", "blob", blob)


def _git(clone: Path, *words: str) -> bytes:
    return subprocess.run(["git", "-C", str(clone), *words], capture_output=True, check=False).stdout


if __name__ == "__main__":
    main()
