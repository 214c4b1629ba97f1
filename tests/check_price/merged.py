"""How often the rules that need no run would refuse merged commits: `python3 -m tests.check_price.merged CLONES ROWS…`.

`--write tests/check_price/merged.json` keeps the counts with their day and the commit of the rules: the page tells
them. ROWS are files of JSON lines. Each line has a `text`, and a `source` such as `github:OWNER/NAME@COMMIT`, whose clone is
CLONES/OWNER/NAME. A merged commit counts as right, whatever its text asks for. Those that change no test are left out.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
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
_OF_TESTS = re.compile(r"\b(?:tests?|specs?|testing|coverage)\b", re.IGNORECASE)
MERGED = Path(__file__).with_name("merged.json")
RULES = (
    "skill/profile_router/core/language/clauses.py",
    "skill/profile_router/core/language/faults.py",
    "skill/profile_router/core/language/path_words.py",
    "skill/profile_router/core/trust/taken_tests.py",
    "skill/profile_router/core/trust/tests_meant.py",
    "skill/profile_router/verify/changes/tests_taken.py",
    "skill/profile_router/verify/code_form.py",
    "skill/profile_router/verify/same_code.py",
    "skill/profile_router/workspace/held_tests.py",
    "skill/profile_router/workspace/local_names.py",
    "skill/profile_router/workspace/switched_off.py",
    "skill/profile_router/workspace/tests_in_lines.py",
    "skill/profile_router/workspace/tests_in_trees.py",
    "skill/profile_router/workspace/tree_steps.py",
)
_RAW = re.compile(r":\d+ \d+ ([0-9a-f]+) ([0-9a-f]+) \w\t(.*)")
Contents = tuple[str, bytes | None, bytes | None]


@dataclass(slots=True)
class Refused:
    """Of `commits` that change tests, `judged` may not have fewer. `taken` lose some, `form` have no other code.

    Of those `taken`, the text of `silent` has no word of tests.
    """

    commits: int = 0
    judged: int = 0
    taken: int = 0
    silent: int = 0
    form: int = 0


@dataclass(slots=True)
class Counted:
    """What was counted: of commits whose text reports a fault, and of the others. `code` is the commit of the rules."""

    day: str = ""
    code: str = ""
    repositories: dict[str, int] = field(default_factory=dict)
    faults: Refused = field(default_factory=Refused)
    others: Refused = field(default_factory=Refused)


def merged_counts() -> Counted:
    """Return what was counted last."""
    said = json.loads(MERGED.read_text(encoding="utf-8"))
    return Counted(**{**said, **{name: Refused(**said[name]) for name in ("faults", "others")}})


def main() -> None:
    """Count over all rows, apart by whether the text reports a fault, and print each commit that is refused."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.check_price.merged", description=__doc__)
    parser.add_argument("--write", type=Path, help="the file that keeps the counts")
    parser.add_argument("clones", type=Path)
    parser.add_argument("rows", type=Path, nargs="+")
    asked = parser.parse_args()
    rows = [json.loads(line) for file in asked.rows for line in file.read_text(encoding="utf-8").splitlines()]
    clones, found_all = asked.clones, Counted(day=f"{datetime.now(UTC):%Y-%m-%d}", code=_commit_of_rules())
    for row in rows:
        found = _SOURCE.match(row["source"])
        changed = list(_changed(clones / found[1], found[2])) if found and (clones / found[1]).exists() else []
        if any(may_hold_tests(path) and before is not None for path, before, _ in changed):
            name = found[1] if found else ""
            found_all.repositories[name] = found_all.repositories.get(name, 0) + 1
            into = found_all.faults if wants_other_code(row["text"]) else found_all.others
            for why in counted(row["text"], changed, into):
                print(f"{row['source']}: {row['text'][:60]!r}: {why}", file=sys.stderr)
    text = f"{json.dumps(asdict(found_all), indent=2)}\n"
    sys.stdout.write(text)
    if asked.write:
        asked.write.write_text(text, encoding="utf-8")


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
        into.silent += not _OF_TESTS.search(text)
        yield taken.words()


def _commit_of_rules() -> str:
    """Return the commit that changed the rules last; with a `+` where they were changed since."""
    commit = _git(ROOT, "log", "-1", "--format=%h", "--abbrev=8", "--", *RULES).decode().strip()
    return commit + ("+" if _git(ROOT, "status", "--porcelain", "--", *RULES) else "")


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
