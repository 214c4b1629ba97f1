"""What a failed attempt leaves to the next one: what was tried, what went wrong and what it changed. Pure.

It goes to another model, so it is looked at as a task is. What makes it private keeps the task on this machine from
then on. Nothing is shortened unsaid.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from profile_router.core.evidence import PrivateFinding
from profile_router.core.ladder.causes import TABLE, Cause
from profile_router.core.ladder.check_words import missed_words, passed_before, red_tests
from profile_router.core.ladder.receipt import Attempt, CheckResult, Verified
from profile_router.core.ladder.steps import TakenStep
from profile_router.core.policy.private import NO_CONFIDENTIAL, Confidential
from profile_router.core.privacy.findings import MASK, findings, masked
from profile_router.values import frozen

DIFF_CHARS = 64_000
_SAID_CHARS = 800
_ERRORS = 3
_PRIVATE_PLACES = 3
_TRIED, _LAST_ERRORS, _EITHER = "what was tried", "the last errors", "what was tried, or the last errors"
_UNTOLD = "what it said, changed and printed stays on the machine it ran on: it read a private file there"
_KIND_CHARS = 40
# Failures whose message repeats the model's own words.
_QUOTING: frozenset[Cause] = frozenset(
    {"asked-for-profile", "repeated-call", "unknown-tool", "bad-arguments", "calls-as-text"}
)


@frozen
class Handoff:
    """What the next attempt is told. `tried` has a line per attempt, `errors` the newest first, `diff` all changes.

    `tree`: the changes are still in the files (`keep`), or were taken back (`clean`). `left_out` names what is missing.
    `repair`: it goes to the model that did the work, which is to make the check pass.
    """

    tried: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    diff: str = ""
    left_out: tuple[str, ...] = ()
    tree: Literal["keep", "clean"] = "keep"
    repair: bool = False


@frozen
class FileDiff:
    """What became of one file. `text` is its part of a patch, empty where only the name may be told.

    `holds` says what makes it private besides the secrets in its text. That is a glob that its path matches, a secret
    in a binary file, or the file that it repeats.
    """

    path: str
    text: str = ""
    form: Literal["text", "binary", "private", "large"] = "text"
    holds: str = ""


@frozen
class SetBack:
    """Whether the files are again as they were before the run. `note` says where the work is kept, or why not.

    `saved`: a diff or a folder holds what was taken back, and the note has the command that applies it.
    `left` are files that may have been changed and stay so: mostly what git ignores. A folder stands for all in it.
    `taken` says which tests were gone before that, though the task does not ask for it; empty where none was.
    `uncompared` are changed test files of which nobody knows that.
    """

    done: bool
    note: str = ""
    left: tuple[str, ...] = ()
    taken: str = ""
    uncompared: tuple[str, ...] = ()
    saved: bool = False


def ran(attempt: Attempt) -> bool:
    """Tell whether *attempt* came so far that there is something to tell of it."""
    return attempt.receipt.turns > 0 and attempt.receipt.outcome != "unavailable"


def told_once(notes: Sequence[str]) -> tuple[str, ...]:
    """Return *notes*, each once. One with a clause more, or with one fewer, tells of the same patch."""
    told: list[str] = []
    for note in notes:
        if not any(f"{note};".startswith(f"{one};") or one.startswith(f"{note};") for one in told):
            told.append(note)
    return tuple(told)


def wrote_so_far(wrote: Sequence[str] | None, attempt: Attempt) -> tuple[str, ...] | None:
    """Return the files that all attempts wrote, None where that is not known of one of them."""
    if attempt.receipt.turns == 0:
        return None if wrote is None else tuple(wrote)
    if wrote is None or attempt.wrote is None:
        return None
    return tuple(sorted({*wrote, *attempt.wrote}))


def handed_over(
    earlier: Handoff | None, attempt: Attempt, verified: Verified, work: Sequence[FileDiff], *, said: str, quotes: bool
) -> Handoff | None:
    """Return what follows from a failed *attempt* and those before it (*earlier*); None where none came so far.

    *work* is all that was changed since the run began. *said* is the model's summary. Unless *quotes*, no words of a
    model go along: they may repeat private turns of the conversation.
    """
    tried, errors = (tuple(earlier.tried), tuple(earlier.errors)) if earlier else ((), ())
    if ran(attempt):
        tried = (*tried, _tried(attempt, said if quotes else ""))
        errors = (*_errors(attempt, verified, quotes), *errors)[:_ERRORS]
    if not tried:
        return None
    diff, left_out = _joined(work)
    return Handoff(tried=tried, errors=tuple(dict.fromkeys(errors)), diff=diff, left_out=left_out)


def to_repair(handoff: Handoff | None) -> Handoff | None:
    """Return of *handoff* what a repair is told: what the check said last, and the diff.

    No word of the failed attempt is in it: a model that reads its own words writes them again.
    """
    if handoff is None or not handoff.errors:
        return None
    return replace(handoff, tried=(), errors=handoff.errors[:1], repair=True)


def told_elsewhere(earlier: Handoff | None, attempt: Attempt) -> Handoff | None:
    """Return what a model elsewhere is told of a failed tainted *attempt*, after *earlier*; None where that is nothing.

    Sentences of ours alone: no word, name, number, diff or output that the attempt could choose.
    """
    if not ran(attempt):
        return earlier
    before = earlier or Handoff()
    words = TABLE[attempt.failure.cause].sentence if attempt.failure else "it finished"
    tried = (*before.tried, f"{attempt.receipt.profile} ({attempt.receipt.model_asked}): {words}")
    return replace(before, tried=tried, left_out=tuple(dict.fromkeys((*before.left_out, _UNTOLD))))


def without_output(handoff: Handoff, verified: Verified) -> Handoff:
    """Return *handoff* without what a check of *verified* printed that read a withheld file."""
    check = verified.check
    if check is None or not check.failed or not check.taints:
        return handoff
    errors = tuple(one for one in handoff.errors if one != _check_error(check, passed_before(verified)))
    note = f"{check.command} failed; what it printed is not told: it read a private file"
    return replace(handoff, errors=(note, *errors))


def _tried(attempt: Attempt, said: str) -> str:
    receipt = attempt.receipt
    turns = f"{receipt.turns} turn{'s' if receipt.turns != 1 else ''}"
    words = TABLE[attempt.failure.cause].sentence if attempt.failure else "it finished"
    line = f"{receipt.profile} ({receipt.model_served or receipt.model_asked}), {turns}: {words}"
    if not said or attempt.failure is None or not attempt.failure.of_work:
        return line
    folded = " ".join(said.split())
    cut = "…" if len(folded) > _SAID_CHARS else ""
    return f"{line}. It said: {folded[:_SAID_CHARS]}{cut}"


def _errors(attempt: Attempt, verified: Verified, quotes: bool) -> Iterator[str]:
    if attempt.failure is None:
        return
    if attempt.failure.cause == "verification-failed" and (error := check_error(verified)):
        yield error
    elif quotes or attempt.failure.cause not in _QUOTING:
        yield attempt.failure.message


def check_error(verified: Verified) -> str:
    """Return what tells the next model what was wrong with *verified*; empty where nothing was.

    A failed check tells it, a file that no longer parses, or a file to edit that was missed. It is hardly longer than
    `CheckResult.tail`, and secrets are masked in it.
    """
    check = verified.check
    if check is not None and check.failed:
        return _check_error(check, passed_before(verified))
    return next((one.said for one in verified.weak if one.proves_it_wrong), missed_words(verified))


def _check_error(check: CheckResult, before: bool | None) -> str:
    known = {None: "", True: ", and passed before any attempt", False: ", and failed before any attempt, too"}[before]
    how = ("did not end in time" if check.exit_code is None else f"ended with exit {check.exit_code}") + known
    tests = "".join(f"{line}\n" for line in red_tests(check)) or (f"{check.why}\n" if check.why else "")
    return f"{check.said} {how}:\n{tests}{check.tail or check.last_line}".rstrip(": \n")


def _joined(work: Sequence[FileDiff]) -> tuple[str, tuple[str, ...]]:
    """Return the diffs of all files as one text, and what is only named instead."""
    text, left_out = "", []
    for file in work:
        if file.form != "text":
            left_out.append(f"{file.path} ({file.form})")
        elif len(text) + len(file.text) > DIFF_CHARS:
            left_out.append(f"{file.path} (too long)")
        else:
            text += file.text if file.text.endswith("\n") else f"{file.text}\n"
    return text, tuple(left_out)


def private_in(
    handoff: Handoff, work: Sequence[FileDiff], copied: str = "", *, confidential: Confidential = NO_CONFIDENTIAL
) -> tuple[PrivateFinding, ...]:
    """Return what is private in *handoff* and in all of *work*, also where it would only be named. Never a value.

    *copied* is the private file that the words of *handoff* repeat something of, if any; *confidential* is what the
    policy calls private in texts.
    """
    found = [PrivateFinding(kind=file.holds, place=masked(file.path, confidential)) for file in work if file.holds]
    texts = [(f"the diff of {masked(file.path, confidential)}", file.text) for file in work]
    texts += [("the name of a changed file", file.path) for file in work]
    found += [PrivateFinding(kind=kind, place=place) for place, text in texts for kind in _kinds(text, confidential)]
    for place, said in ((_TRIED, handoff.tried), (_LAST_ERRORS, handoff.errors)):
        found += [
            PrivateFinding(kind=kind, place=place)
            for text in said
            for kind in (*_kinds(text, confidential), *_masks(text))
        ]
    if copied:
        found.append(PrivateFinding(kind=f"what {copied} says", place=_EITHER))
    return tuple(dict.fromkeys(found))


def _kinds(text: str, confidential: Confidential) -> Iterator[str]:
    """Yield the kinds of secrets in *text*, also where its lines start with the signs of a diff."""
    bare = "\n".join(line[1:] if line[:1] in "+- " else line for line in text.split("\n"))
    for reading in dict.fromkeys((text, bare)):
        yield from (finding.kind for finding in findings(reading, confidential))


def _masks(text: str) -> Iterator[str]:
    """Yield the kinds of secrets that were taken out of *text*: a check's output comes masked."""
    for part in text.split(MASK)[1:]:
        yield part.partition("]")[0][:_KIND_CHARS]


def stopped_for_privacy(taken: TakenStep, found: Sequence[PrivateFinding]) -> TakenStep:
    """Return *taken*, which was looked for with the task being private for *found*; a stop says that this is why."""
    if taken.profile is not None:
        return taken
    reason = f"{TABLE[taken.cause].sentence}; {private_note(found)}"
    return replace(taken, cause="not-local", reason=reason)


def without_words(attempt: Attempt, found: Sequence[PrivateFinding]) -> Attempt:
    """Return the failed *attempt* without the words of its model, server or check, where they hold what is *found*."""
    kinds = dict.fromkeys(finding.kind for finding in found if finding.place in {_TRIED, _LAST_ERRORS, _EITHER})
    if attempt.failure is None or not kinds:
        return attempt
    said = f"{attempt.failure.cause}: what was said is withheld, as it holds {', '.join(kinds)}"
    receipt = replace(attempt.receipt, error=said if attempt.receipt.error else attempt.receipt.error)
    return replace(attempt, receipt=receipt, failure=replace(attempt.failure, message=said))


def private_note(found: Sequence[PrivateFinding]) -> str:
    """Say what keeps the handoff, and with it the task, on this machine."""
    places = [f"{finding.place}: {finding.kind}" for finding in found]
    more = f" and {len(places) - _PRIVATE_PLACES} more" if len(places) > _PRIVATE_PLACES else ""
    return f"the handoff is private ({'; '.join(places[:_PRIVATE_PLACES])}{more}): local models only from here on"
