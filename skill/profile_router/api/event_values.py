"""The events of a run by their kind, for the schema of `--stream`: a class for each, with its fields."""

from __future__ import annotations

from typing import Literal

from profile_router.api.route_values import RouteView
from profile_router.api.run_values import RunResult, TermView
from profile_router.api.value import Value
from profile_router.core.ladder.receipt import AttemptOutcome, Status


class _Told(Value):
    """What each event carries. `task_index` counts the tasks of a batch from 0."""

    v: int
    time: str
    run: str | None
    task_index: int | None = None


class _Line(_Told):
    line: str


class LineEvent(_Line):
    """A line for people: what its folder lacks, condensing, money held, another form, what was read, what stands.

    `back` tells of changes of which nothing is stored. They could not be taken back, or tests among them were undone.
    """

    event: Literal["folder", "condense", "reserve", "form", "taint", "stands", "back"]


class FoundEvent(_Line):
    """The check that was found for a task that names none, and whether it may run."""

    event: Literal["found"]
    runs: bool = True


class VerifyEvent(_Line):
    """One thing that was verified of the work, or stays open; `unrun`: as the check that was found may not run.

    `passed` is that of a check, as the command ended; None: the line is about something else.
    """

    event: Literal["verify"]
    about: Literal["files", "check", "weak", "unrun", "open"] = "files"
    passed: bool | None = None


class ClassifyEvent(_Line):
    """Where the task goes, and the rule that says so."""

    event: Literal["classify"]
    rule: str


class ProbeEvent(_Line):
    """What the probe said, and where the task goes by it."""

    event: Literal["probe"]
    goes: str


class CheckEvent(_Line):
    """The task's check before any work; `passed` None: nobody knows."""

    event: Literal["check"]
    passed: bool | None


class TurnEvent(_Told):
    """An answer of the model: its number in the attempt, and the tools it calls.

    Of the attempt so far: `tokens_in` and `tokens_out`, `cost_usd` in USD. `tokens_per_second` is how fast this answer
    was written, None: it came at once. `file` is the first path that its calls name.
    """

    event: Literal["turn"]
    turn: int
    tools: tuple[str, ...]
    file: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0
    tokens_per_second: float | None = None


class BeginEvent(_Told):
    """A model is about to be asked, for the attempt of this number, from 1 on; `step` says why."""

    event: Literal["begin"]
    profile: str
    model: str
    step: str
    attempt: int


class EarlyEvent(_Line):
    """How little an attempt gets forward, with each term of its score."""

    event: Literal["early"]
    score: float
    terms: tuple[TermView, ...]


class AttemptEvent(_Line):
    """The end of an attempt, and what it cost in USD."""

    event: Literal["attempt"]
    profile: str
    outcome: AttemptOutcome
    cost_usd: float


class LadderEvent(_Line):
    """What follows a failure: the step of the ladder and the cause that it answers."""

    event: Literal["ladder"]
    step: str
    cause: str


class KeptEvent(_Line):
    """Changes that are stored: the file with them, and the command that applies it."""

    event: Literal["kept"]
    diff: str = ""
    apply: str = ""


class ThreadEvent(_Line):
    """Threads that were interrupted here, or one that had ended already."""

    event: Literal["unfinished", "ended"]
    thread: str
    threads: tuple[str, ...] = ()


class AskEvent(_Line):
    """A question that is answered by a line on stdin: about a price, or about running code of the workspace."""

    event: Literal["ask"]
    about: Literal["price", "code"]


class PluginEvent(_Told):
    """How the policy has the Hermes plugin switched, and which files it keeps here."""

    event: Literal["plugin"]
    mode: str
    private_paths: tuple[str, ...]


class BatchEvent(_Told):
    """The end of a batch: its tasks, what they cost in USD, and its seconds."""

    event: Literal["batch"]
    status: Status
    tasks: int
    cost_usd: float
    seconds: float


class ExplainedEvent(_Told):
    """Where a task would go, under a policy that only explains or observes; `observed` is its row in the ledger.

    `route` is None where the task, its profile or a file is wrong, and `error` says what.
    """

    event: Literal["result"]
    status: Literal["explained"]
    route: RouteView | None
    error: str | None = None
    observed: str = ""


class ResultEvent(RunResult):
    """The end of a run, as `run --json` prints it."""

    event: Literal["result"]
    task_index: int | None = None


AnyEvent = (
    LineEvent
    | FoundEvent
    | VerifyEvent
    | ClassifyEvent
    | ProbeEvent
    | CheckEvent
    | BeginEvent
    | TurnEvent
    | EarlyEvent
    | AttemptEvent
    | LadderEvent
    | KeptEvent
    | ThreadEvent
    | AskEvent
    | PluginEvent
    | BatchEvent
    | ExplainedEvent
    | ResultEvent
)
