"""The end of a run: its status and its JSON, made once however often the process is killed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from profile_router.core.attempt.outcome import cost, ended_because, local_option, unblock, unblock_words
from profile_router.core.attempt.saving import OLDER_VERSION, Saving, saving
from profile_router.core.ladder.causes import IN_HERMES, NOT_MERGED, is_cause
from profile_router.core.ladder.receipt import Status
from profile_router.core.privacy.findings import masked_json
from profile_router.core.routing.route import Refusal
from profile_router.core.telling.decision import Json, decision_json
from profile_router.core.telling.envelope import enveloped
from profile_router.core.telling.verdict import RunVerdict, verdict_of, why_not_elsewhere
from profile_router.core.telling.work import verified_json
from profile_router.errors import UsageError
from profile_router.ledger.schema import moment
from profile_router.machine.hermes_program import find_hermes
from profile_router.runs.setup import Setup
from profile_router.threads.threads import Run
from profile_router.values import frozen

if TYPE_CHECKING:
    from profile_router.git.undo import Undo
    from profile_router_graphs.state import RunState  # LangGraph takes half a second


@frozen
class Result:
    """The end of a run, as `run --json` prints it, and its status for the exit code.

    For a person alone: `output` is the end of what its check printed, secrets masked; `workspace` where it worked.
    `undo` takes back what a copy brought into the workspace; no record keeps it. `end_mark` is that of the workspace at
    its end, empty where there was nothing to mark.
    """

    status: Status
    json: Json
    output: str = ""
    workspace: str = ""
    undo: Undo | None = None
    end_mark: str = ""

    def as_recorded(self) -> dict[str, object]:
        """Return the fields as a record keeps them."""
        words = {"output": self.output, "workspace": self.workspace, "left": self.end_mark}
        return {"status": self.status, "json": self.json, **words}

    @classmethod
    def of(cls, found: Json) -> Result:
        """Return the result of the record *found*; one of an older version had the cause in place of the verdict."""
        json = {"steps": found["json"].get("hops"), **found["json"]}  # their name in 0.1
        if "cause" not in json:
            json = {**json, "cause": json["verdict"] if is_cause(json.get("verdict", "")) else None}
            json |= {"verdict": verdict_of(json)}
        without_mark = {name: value for name, value in found.items() if name != "left"}
        return cls(**{**without_mark, "json": json}, end_mark=found.get("left", ""))

    @property
    def cause(self) -> str:
        """Return why it did not end well where no attempt says it; else empty."""
        return NOT_MERGED if self.json["cause"] == NOT_MERGED else ""

    @property
    def files_changed(self) -> frozenset[str]:
        """Return the paths of the files that differ after the run."""
        return frozenset(str(one["path"]) for one in self.json["verified"].get("files_changed", ()))

    @property
    def tainted(self) -> bool:
        """Tell whether an attempt or the check read a withheld file: the result may repeat it."""
        verified = self.json["verified"]
        checks = (verified["check"], (verified.get("before") or {}).get("check"))
        return any(one["taints"] for one in (*self.json["attempts"], *filter(None, checks)))

    def noting(self, note: str) -> Result:
        """Return the result with one more *note*."""
        return replace(self, json={**self.json, "notes": [*self.json["notes"], note]})

    @property
    def saved(self) -> Saving:
        """Return what it saved; a result that an older version kept does not say so."""
        return Saving(**self.json["saved"]) if self.json.get("saved") else Saving(why=OLDER_VERSION)

    @property
    def seconds(self) -> float | None:
        """Return how long it took, from its beginning to its end; one that an older version kept does not say so."""
        found: float | None = self.json.get("seconds")
        return found

    @property
    def refused(self) -> Json:
        """Return why nothing took the task, or what kept a private one that failed here, and what would unblock it."""
        why = why_not_elsewhere(self.json)
        if self.status != "refused" and not (why and self.status != "ok"):
            return {}
        return {"why": why, "unblock": list(self.json["unblock"])}

    @property
    def verdict(self) -> RunVerdict:
        """Return its verdict in one word."""
        return verdict_of(self.json)


def result_of(
    final: RunState, receipts: Sequence[Json], setup: Setup, warnings: Sequence[str], run: Run, *, seconds: float
) -> Result:
    """Return the result of *run*, whose *receipts* and *seconds* are the ledger's."""
    decision = final["decision"]
    attempt = final.get("attempt")
    stopped = attempt.failure if attempt is not None else None
    status: Status = final["status"]
    verified = verified_json(final["verified"])
    usd = cost(final["receipts"])
    saved = saving(
        final["receipts"],
        usd,
        setup.policy,
        setup.candidates,
        well=status == "ok",
        private=bool(final["evidence"].private) or setup.task.local_only,
    )
    ways = _here(_unblock(final, setup), setup)
    ends = {"status": status, "cause": stopped.cause if stopped else None, "verified": verified}
    return Result(
        status=status,
        json=masked_json(
            enveloped(
                {
                    "status": status,
                    "verdict": verdict_of(ends),
                    "verified": verified,
                    "summary": final["summary"],
                    "route": decision_json(decision),
                    "attempts": list(receipts),
                    "steps": [taken.reason for taken in final["steps"]],
                    "cost_usd": usd,
                    "saved": asdict(saved),
                    "thread": run.thread,
                    "cause": ends["cause"],
                    "error": _without(ways, ended_because(final["receipts"], stopped, setup.task, setup.policy.limits)),
                    "unblock": ways,
                    "notes": list(final["notes"]),
                    "warnings": list(warnings),
                    "seconds": round(seconds, 3),
                },
                time=moment(time.time()),
                run=run.id,
            ),
            setup.policy.confidential,
        ),
        output=final["verified"].check.tail if final["verified"].check else "",
        workspace=str(setup.workspace.root) if setup.workspace else "",
    )


def _unblock(final: RunState, setup: Setup) -> list[str]:
    """Return what would let a refused run go on: what the decision says, else what each place that failed needs."""
    if isinstance(final["decision"], Refusal):
        return list(final["decision"].unblock)
    private = bool(final["evidence"].private)
    for_models = () if final["status"] == "ok" or private else unblock_words(final["receipts"])
    places, steps = final.get("places", ()), final["steps"]
    untried = all(place.profile != setup.policy.tiers.local for place in places)
    if final["status"] not in ("refused", "unapproved"):
        receipts = final["receipts"]
        if final["status"] == "ok" or not receipts or receipts[-1].outcome != "unavailable":
            return list(for_models)
        places, steps = places[-1:], steps[-1:]  # it went on to where nothing could be asked: what is wanting there
    ways = unblock(places, steps, setup.policy, setup.candidates)
    if untried and steps and steps[-1].cause in ("not-approved", "declined", "over-budget"):
        ways = (*ways, *local_option(final["evidence"], setup.policy, setup.candidates))
    return list(dict.fromkeys((*ways, *for_models)))


def _without(ways: Sequence[str], error: str | None) -> str | None:
    """Return *error* without the advice at its end that stands among *ways*: nobody reads it twice."""
    said = next((f"; {way}" for way in ways if error and error.endswith(f"; {way}")), "")
    return error.removesuffix(said) if error else error


def _here(ways: list[str], setup: Setup) -> list[str]:
    """Return *ways* as they are of use here: without Hermes, none of its commands is named."""
    with suppress(UsageError):  # what names a Hermes that is none
        if not any(IN_HERMES in way for way in ways) or find_hermes(setup.environ, setup.policy.hermes.python):
            return ways
    return [way.partition(IN_HERMES)[0] for way in ways]


def batch_status(statuses: Sequence[Status]) -> Status:
    """Return `ok` where all tasks are, `refused` where none was run at all, else `failed`."""
    different = set(statuses)
    return different.pop() if len(different) == 1 else "failed"
