"""How a run ended: its status and cost, why it did not end well, and what would unblock it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from profile_router.core.evidence import Evidence
from profile_router.core.found_check import FoundCheck
from profile_router.core.ladder.causes import TABLE, Cause, is_cause
from profile_router.core.ladder.check_words import EARLIER, NO_CHECK, NOT_BEGUN, NOTHING_TO_CHECK
from profile_router.core.ladder.failure import Failure, Place
from profile_router.core.ladder.receipt import Attempt, Receipt, Status, Verified
from profile_router.core.ladder.steps import TakenStep
from profile_router.core.policy import Limits, Policy
from profile_router.core.privacy.taint import HOW_TO_ALLOW
from profile_router.core.profile import address
from profile_router.core.routing.candidate import Candidates, is_local
from profile_router.core.routing.route import Decision, Refusal
from profile_router.core.routing.window_fit import fits
from profile_router.core.task import Task
from profile_router.core.text import USD_DIGITS

# Calls beside the attempts: they do not decide how a run ended.
BESIDE = frozenset({"probe", "condense", "review", "summarize"})


def judged_failed(
    receipts: Sequence[Receipt], attempt: Attempt, failure: Failure
) -> tuple[tuple[Receipt, ...], Attempt]:
    """Return *receipts* and *attempt* once its work turned out to have failed: its receipt is not `ok` any more."""
    receipt = attempt.receipt.failing(failure)
    said = tuple(receipt if one is attempt.receipt or one == attempt.receipt else one for one in receipts)
    return said, replace(attempt, receipt=receipt, failure=failure)


def with_unrun_check(verified: Verified, found: FoundCheck | None) -> Verified:
    """Return what was *verified* without a check; where one was *found* and was not run, it says why."""
    if found is None:
        return verified
    if found.only_if_changed and not verified.files_changed and found.unagreed != "declined":
        said = NO_CHECK if found.weak else NOTHING_TO_CHECK
    else:
        said = found.unrun if found.refused else NO_CHECK
    return replace(verified, unverified=tuple(said if one == NO_CHECK else one for one in verified.unverified))


def with_earlier_check(verified: Verified, earlier: Verified, receipts: Sequence[Receipt], *, named: bool) -> Verified:
    """Return what was *verified* after an attempt that did not finish, with the earlier attempt's check, if any.

    *named*: the task names a check, which was not run because the attempt did not finish. *receipts* are all so far.
    Where the last attempt that began had finished, no later one did anything that the check could have seen.
    """
    if verified.check is not None or not named:
        return verified
    said = "the check was not run: the last attempt did not finish"
    if earlier.check is not None:
        begun = _last_begun(receipts)
        finished = begun is not None and is_cause(begun.verdict) and TABLE[begun.verdict].family == "work"
        said = NOT_BEGUN if finished else EARLIER
    open_points = (*(one for one in verified.unverified if one not in {NO_CHECK, NOTHING_TO_CHECK}), said)
    return replace(verified, check=earlier.check, unverified=open_points)


def _last_begun(receipts: Sequence[Receipt]) -> Receipt | None:
    """Return the receipt of the last attempt that reached a model; None where none did."""
    made = (one for one in reversed(receipts) if one.step not in BESIDE)
    return next((one for one in made if one.outcome != "unavailable"), None)


def any_call_made(receipts: Sequence[Receipt]) -> bool:
    """Tell whether any attempt reached a model. Probe and summary do not count."""
    return any(receipt.outcome != "unavailable" for receipt in receipts if receipt.step not in BESIDE)


def final_status(
    decision: Decision, receipts: Sequence[Receipt], attempt: Attempt | None, verified: Verified
) -> Status:
    """Return the status of a run.

    `refused`: no attempt was allowed or possible, or a tainted attempt's changes could not be taken out of the files.
    `unapproved`: the next step needs approval, and no one was there to give it. `failed`: the last attempt or its check
    failed.
    """
    cause = attempt.failure.cause if attempt is not None and attempt.failure is not None else None
    if cause == "not-approved":
        return "unapproved"
    if cause == "timeout":
        return "failed"  # it was allowed and possible, and its time was too short
    if cause == "tainted" or isinstance(decision, Refusal) or not any_call_made(receipts):
        return "refused"
    if cause is not None or attempt is None:
        return "failed"
    return "failed" if verified.check is not None and verified.check.failed else "ok"


def cost(receipts: Sequence[Receipt]) -> float:
    """Return what all *receipts* cost together, in USD."""
    return round(sum(receipt.cost_usd for receipt in receipts), USD_DIGITS)


def unblock(
    places: Sequence[Place], steps: Sequence[TakenStep], policy: Policy, candidates: Candidates
) -> tuple[str, ...]:
    """Return what would have helped at each of *places*, which failed for the causes of *steps*, each line once.

    A cause after which the ladder goes on has none.
    """
    if any(taken.cause == "tainted" for taken in steps):
        return (HOW_TO_ALLOW,)
    lines = (_line(place, taken.cause, policy, candidates) for place, taken in zip(places, steps, strict=False))
    return tuple(dict.fromkeys(filter(None, lines)))


def ended_because(receipts: Sequence[Receipt], failure: Failure | None, task: Task, limits: Limits) -> str | None:
    """Return why a run of *task* did not end well: why the last begun attempt failed, then what stopped it.

    Where its time is over, it tells whose limit that was: the task's, or that of *limits*.
    """
    if failure is None:
        return None
    if failure.cause == "timeout":
        limit = f"--timeout {task.timeout_s:g} s" if task.timeout_s else f"limits.run_seconds {limits.run_seconds:g} s"
        return f"the time limit of {limit} is over"
    made = [one for one in receipts if one.step not in BESIDE]
    begun = _last_begun(receipts)
    if begun is None or made[-1].outcome != "unavailable" or not begun.error:
        return failure.message
    named = begun.error if begun.error.startswith(begun.profile) else f"{begun.profile}: {begun.error}"
    return f"{named}; {failure.message}"


def local_option(evidence: Evidence, policy: Policy, candidates: Candidates) -> tuple[str, ...]:
    """Return the option that runs the task by the local profile, free, where its prompt fits there."""
    name = policy.tiers.local
    candidate, window = candidates.get(name), evidence.window(name)
    if candidate is None or candidate.problem or not is_local(candidate, policy) or evidence.images:
        return ()
    fit = window is not None and fits(evidence, window, policy.counting)
    return (f"let {name} try it, which costs nothing: `--profile {name}`",) if fit else ()


def unblock_words(receipts: Sequence[Receipt]) -> tuple[str, ...]:
    """Return how to let on what was withheld from models elsewhere, for a run with a tainted attempt."""
    return (HOW_TO_ALLOW,) if any(receipt.taints for receipt in receipts) else ()


def _line(place: Place, cause: Cause, policy: Policy, candidates: Candidates) -> str:
    candidate = candidates[place.profile].at(place.provider)
    row = TABLE[cause]
    text = (row.unblock_here if is_local(candidate, policy) else "") or row.unblock
    return text.format(profile=place.profile, address=address(candidate.base_url))
