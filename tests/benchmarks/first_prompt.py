"""What the first prompt's candidates save: tokens, turns and reads with and without them. A benchmark, not a test.

    python tests/benchmarks/first_prompt.py [--alone] [--real MODEL [--tasks N]]

The tasks are those of `tests/check_price`. Their repositories lie side by side in one, which has enough files for an
index to be sure of one; `--alone`: each by itself. The scripted model reads as a model would. It searches for the
task's words and reads what it found, until it was shown the lines that are wrong. `--real` asks a model of
`tests/real_model` behind llama.cpp, one thread, on N tasks. Prints one line a task, and the sums.
"""

import argparse
import asyncio
import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "skill"), str(ROOT / "graphs")]

from tests.check_price.__main__ import REPOSITORIES  # noqa: E402 - after the paths
from tests.check_price.bugs import PlantedBug  # noqa: E402
from tests.fakes import a_policy, a_task, an_order  # noqa: E402
from tests.git.git_repository import repository  # noqa: E402
from tests.llama.server import flags, running  # noqa: E402
from tests.real_model.weights import place_of  # noqa: E402
from tests.runners.embedded.a_runner import a_runner, local  # noqa: E402
from tests.scripted_answers import Answer, call, say  # noqa: E402
from tests.scripted_provider import CHAT, Request, ScriptedProvider  # noqa: E402

from profile_router.core.locating.task_terms import task_terms  # noqa: E402
from profile_router.evidence.locating import located_in  # noqa: E402
from profile_router.prompting.tokens import exact_tokens  # noqa: E402
from profile_router.workspace.folder import Workspace  # noqa: E402

_NAMED = re.compile(
    r"(?:^In [\w./-]+\.\w+, | in [\w./-]+\.\w+(?=[:, ]))|bin/(?=rotate)|(?<=rotate)\.sh"
)  # where a task names its file, no candidate is shown
WINDOW, MOST_TURNS, SECONDS = 8_192, 12, 1_800.0
PATIENT = {"first_token_seconds": 900.0, "between_tokens_seconds": 300.0, "max_turns": MOST_TURNS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What one attempt took: `first` and `sent` are o200k tokens of the first prompt and of all that were sent.

    Of a real model `sent` is its server's own count, and `first` is not told. `found`: it came to the gold patch; a
    real model: it wrote the right file.
    """

    first: int = 0
    sent: int = 0
    turns: int = 0
    reads: int = 0
    found: int = 0

    def __str__(self) -> str:
        spent = f"first prompt {self.first:,}, sent {self.sent:,} tokens, {self.turns} turns, {self.reads} reads"
        return f"{spent}, {int(self.found)} right"

    def __add__(self, other: "Spent") -> "Spent":
        values = {name: value + getattr(other, name) for name, value in asdict(self).items()}
        return Spent(**values)


class ReadingModel(ScriptedProvider):
    """Answers as a model that looks for what is wrong: search, read in the order of hits, edit, done."""

    def __init__(self, bug: PlantedBug, path: str) -> None:
        super().__init__()
        self._bug, self._path = bug, path
        self._read: list[str] = []
        self._edited = False

    def take(self, request: Request) -> Answer:
        if request.path != CHAT:
            return super().take(request)
        with self._lock:
            self.requests.append(request)
            return replace(self._next(request.body["messages"]), model=self._model)

    def _next(self, messages: Sequence[Any]) -> Answer:
        said = "\n".join(str(message.get("content")) for message in messages)
        edit = self._bug.gold
        if self._edited:
            return say("I fixed it.")
        if all(line.strip() in said for line in edit.old.splitlines()):
            self._edited = True
            return call("edit_file", {"path": self._path, "old": edit.old, "new": edit.new})
        if not any(message["role"] == "tool" for message in messages):
            return call("search", {"pattern": _searched(self._bug.goal)})
        hits = Counter(re.findall(r"^([\w./-]+):\d+: ", said, re.MULTILINE))
        left = [path for path, _ in hits.most_common() if path not in self._read and "test" not in path.lower()]
        if not left:
            return say("I cannot find it.")
        self._read.append(left[0])
        return call("read_file", {"path": left[0]})


def _searched(goal: str) -> str:
    """Return an expression for the words of *goal* that say something."""
    return "(?i)" + "|".join(sorted(re.escape(part) for part in task_terms(goal).parts if len(part) > 3)[:8])


def tasks(*, alone: bool) -> Iterator[tuple[PlantedBug, str, Path, str]]:
    """Yield each bug, its file not named, its repository's name, a folder with the repository, and the path in it."""
    with tempfile.TemporaryDirectory() as folder:
        whole = {f"{one.name}/{path}": text for one in REPOSITORIES for path, text in one.files.items()}
        for one in REPOSITORIES:
            below = "" if alone else f"{one.name}/"
            for bug in one.bugs:
                root = repository(Path(folder) / f"{one.name}-{bug.name}", dict(one.files) if alone else whole)
                yield replace(bug, goal=_NAMED.sub("", bug.goal)), one.name, root, below + bug.gold.path


def spent(chats: Sequence[Any], said: bool) -> Spent:
    """Return what the requests *chats* took; *said* tells whether it came to the gold patch."""
    sizes = [exact_tokens(json.dumps(body["messages"])) for body in chats]
    asked = [one["function"]["name"] for message in chats[-1]["messages"] for one in message.get("tool_calls") or ()]
    return Spent(first=sizes[0], sent=sum(sizes), turns=len(chats), reads=asked.count("read_file"), found=int(said))


def scripted(bug: PlantedBug, root: Path, path: str, probable: Sequence[str]) -> Spent:
    """Return what the scripted model takes for *bug*."""
    with ReadingModel(bug, path) as model:
        order = an_order(a_task(bug.goal), probable=tuple(probable), window=WINDOW)
        asyncio.run(a_runner(local(model.base_url), root, a_policy(limits=PATIENT)).run(order, lambda _: None))
        return spent(model.chats, bug.gold.new in (root / path).read_text())


@contextmanager
def real_model(name: str) -> Iterator[Any]:
    """Yield a profile whose model is *name* of `tests/real_model`."""
    with running(flags(place_of(name), alias="real", context=WINDOW, parallel=1)) as server:
        yield local(server.base_url, model="real", window=WINDOW)


def real(profile: Any, bug: PlantedBug, root: Path, path: str, probable: Sequence[str]) -> Spent:
    """Return what the real model behind *profile* takes; `found`: it wrote the right file."""
    order = an_order(a_task(bug.goal), probable=tuple(probable), window=WINDOW, seconds=SECONDS)
    limits = {**PATIENT, "max_turns": 5}
    heard: list[Any] = []
    attempt = asyncio.run(a_runner(profile, root, a_policy(limits=limits)).run(order, heard.append))
    receipt = attempt.receipt
    reads = sum(event["tools"].count("read_file") for event in heard if event["event"] == "turn")
    return Spent(sent=receipt.tokens_in, turns=receipt.turns, reads=reads, found=int(path in (attempt.wrote or ())))


def main() -> None:
    """Print what each task took without and with candidates."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("--real", metavar="MODEL")
    parser.add_argument("--tasks", type=int, default=0, metavar="N")
    asked = parser.parse_args()
    shown, sums = 0, {"without": Spent(), "with": Spent()}
    with real_model(asked.real) if asked.real else tempfile.TemporaryDirectory() as profile:
        for bug, name, root, path in tasks(alone=asked.alone):
            located = located_in(a_task(bug.goal), Workspace(root, git=True), a_policy(), root.parent / "cache", None)
            told, first = located.probable, [file.path for file in located.files[:1]]
            print(f"{name}/{bug.name}: {located.confidence}, {'right' if first == [path] else 'wrong'} first file")
            if not told or (asked.tasks and shown == asked.tasks):
                continue  # without a candidate both prompts are the same
            shown += 1
            for way, probable in (("without", ()), ("with", told)):
                one = real(profile, bug, root, path, probable) if asked.real else scripted(bug, root, path, probable)
                (root / path).write_text(_as_made(bug, name))
                sums[way] += one
                print(f"  {way:8}{one}", flush=True)
    print(f"{shown} tasks with candidates")
    for way, total in sums.items():
        print(f"{way:8}{total}")


def _as_made(bug: PlantedBug, name: str) -> str:
    return next(one.files[bug.gold.path] for one in REPOSITORIES if one.name == name)


if __name__ == "__main__":
    main()
