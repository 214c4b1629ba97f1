"""What a run leaves behind: a receipt per attempt, what was verified, and the result as the parent gets it."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from profile_router.core.ladder.causes import Cause
from profile_router.core.ladder.difference import Difference
from profile_router.core.ladder.early_score import EarlyScore
from profile_router.core.ladder.failure import Failure
from profile_router.core.ladder.report import CheckReport
from profile_router.core.ladder.weak_check import WeakCheck
from profile_router.core.privacy.taint import Taint
from profile_router.values import frozen

AttemptOutcome = Literal["ok", "failed", "unavailable"]
_Verdict = Cause | Literal["ok"]
Status = Literal["ok", "failed", "refused", "unapproved"]


@frozen
class Receipt:
    """One attempt: one provider, one model. Tokens as the provider counted them, `cost_usd` in USD, times in seconds.

    `cost_source` says whose figure the cost is, as `core.routing.rate` names it; `tokens_cached` are within
    `tokens_in`. `doubts` say which figures of the server were not believed: there, our own count stands.
    `runner` is `hermes`, `embedded`, or `none` where the attempt was over before one was chosen. `host` is the server
    that was asked, with its port. `step` says why the attempt was made: `route`, `probe`, `condense`, `review`,
    `summarize`, or the id of a ladder step. `withheld` says why the subagent had no terminal though one was asked for.
    An outcome `unavailable` made no model call at all. `taints` are the withheld files whose content the attempt was
    given.

    `verdict` is what came of it: `ok`, or the cause of its failure, such as `verification-failed` where its check
    failed. `tokens_source` says who counted: the provider, or we. `cost_source` says whose price it is. `early` is the
    last score of how far it got, None where it ended before there was one.
    """

    profile: str
    model_asked: str
    model_served: str | None
    provider: str
    runner: str
    step: str
    tokens_in: int
    tokens_out: int
    cost_usd: float
    ttft_s: float | None
    seconds: float
    outcome: AttemptOutcome
    host: str = ""
    error: str | None = None
    turns: int = 0
    withheld: str = ""
    taints: tuple[Taint, ...] = ()
    verdict: _Verdict = "ok"
    tokens_source: Literal["provider", "counted"] = "provider"
    cost_source: str = ""
    tokens_cached: int = 0
    doubts: tuple[str, ...] = ()
    early: EarlyScore | None = None

    def failing(self, failure: Failure) -> Receipt:
        """Return this receipt of an attempt whose work turned out to have failed."""
        return replace(self, outcome="failed", error=failure.message, verdict=failure.cause)


@frozen
class Attempt:
    """The end of one attempt: its receipt, and either the subagent's last words or the failure.

    `wrote` are the files that it wrote, relative to the workspace; None: nobody knows, it ran commands or other tools.
    `in_vain`: it tried to write files, and every try failed. `edited` are those that its own tools wrote, whatever else
    ran. `around` are marks of the work tree before and after each command, or Hermes' turn; an empty one is unknown.
    """

    receipt: Receipt
    text: str = ""
    failure: Failure | None = None
    notes: tuple[str, ...] = ()
    wrote: tuple[str, ...] | None = None
    in_vain: bool = False
    edited: tuple[str, ...] = ()
    around: tuple[tuple[str, str], ...] = ()


@frozen
class ChangedFile:
    """One file that differs after the run. Lines are None for a binary file, and where only its times are known."""

    path: str
    lines_added: int | None
    lines_removed: int | None


@frozen
class CheckResult:
    """A check command: its exit code, the last line it printed, and the end of all that it printed.

    `source` is the sentence that says where it was found; empty: the task names it. `inconclusive` says why its end
    tells nothing of the work; empty where it does. It ran in `folder`, relative to the workspace; empty: at its root.
    In `tail` secrets are masked: it is kept, and shown to the next model. `taints` are the withheld files that the
    command opened or moved; `wrote` tells whether it may have put what they hold into the work tree. `left` are the
    files that it left otherwise than it found them, None where nobody knows. `outlived`: something that it started may
    run still, and write.

    `report` is what its test runner said, None where none is known. `held` tells whether the work passed, and `why`. It
    is None where the exit code tells. `difference` is what became of the tests since before the work. Where the check
    was narrowed and passed, `all_tests` tells what all tests say. `partial` is why it may have missed what matters.
    """

    command: str
    exit_code: int | None
    seconds: float
    last_line: str
    tail: str = ""
    taints: tuple[Taint, ...] = ()
    wrote: bool = False
    left: tuple[str, ...] | None = None
    outlived: bool = False
    folder: str = ""
    report: CheckReport | None = None
    held: bool | None = None
    why: str = ""
    difference: Difference | None = None
    source: str = ""
    inconclusive: str = ""
    all_tests: str = ""
    partial: str = ""

    @property
    def said(self) -> str:
        """Return the command and where it ran: what it prints is relative to that."""
        return f"{self.command} (in {self.folder}/)" if self.folder else self.command

    @property
    def unclear(self) -> str:
        """Return that it says nothing of the work, and why; empty where it does."""
        return f"`{self.said}` says nothing of the work: {self.inconclusive}" if self.inconclusive else ""

    @property
    def passed(self) -> bool:
        """Tell whether the work passed: by the tests where they say it, else where the command ended with 0."""
        return (self.exit_code == 0 if self.held is None else self.held) and not self.inconclusive

    @property
    def failed(self) -> bool:
        """Tell whether the command's end says that the work is wrong."""
        return not self.passed and not self.inconclusive


@frozen
class CheckBefore:
    """The task's check as it ended before any work. Where it did not come to its end, `why` says so.

    `mark` is the work tree afterwards, which the attempts begin with; `known`: an earlier run on the same files had it.
    """

    check: CheckResult | None = None
    why: str = ""
    mark: str = ""
    known: bool = False

    @property
    def taints(self) -> tuple[Taint, ...]:
        """Return the withheld files that the check opened or moved."""
        return self.check.taints if self.check else ()

    @property
    def passed(self) -> bool | None:
        """Tell whether the check passed, None where nobody knows."""
        return None if self.check is None or self.why else self.check.passed


@frozen
class Verified:
    """What the world says after the run. `unverified` lists what could not be confirmed, `absent` claimed files.

    `whole`: every file that changed is among `files_changed`, whoever changed it. `before` is the check before any
    work, None where none was named or nothing was begun. `put_back` are test files that the task does not name, and
    that were as before when the check ran; the note says where what was written in them is kept. `weak` says a little
    where no check said anything. `only_words` are all files that changed, where the code of each is as it was.
    `unproved` are those of `unverified` by which a check that passed shows nothing of the work. `missed` are files to
    edit that stayed as they were. Others changed in their place, which they do not use. `taken_tests` says which tests
    the attempt took away, though the task does not ask for it; empty where it took none. `put_back_saved`: what was
    written in the files of `put_back` is stored. `theirs` are files that other runs wrote here since this one began.
    `ignored` are files that git ignores, and that changed or went in a run with commands or Hermes' own tools. Nothing
    gives them back.
    """

    files_changed: tuple[ChangedFile, ...] = ()
    check: CheckResult | None = None
    unverified: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    whole: bool = True
    before: CheckBefore | None = None
    put_back: tuple[str, ...] = ()
    put_back_note: str = ""
    put_back_saved: bool = False
    weak: tuple[WeakCheck, ...] = ()
    only_words: tuple[str, ...] = ()
    unproved: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    taken_tests: str = ""
    theirs: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    @property
    def lines_added(self) -> int:
        """Return the lines added over all files."""
        return sum(file.lines_added or 0 for file in self.files_changed)

    @property
    def lines_removed(self) -> int:
        """Return the lines removed over all files."""
        return sum(file.lines_removed or 0 for file in self.files_changed)
