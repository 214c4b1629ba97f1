"""A model's look at finished work: what it may be shown of the changes, and what its verdict comes to. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from profile_router.core.attempt.handoff import FileDiff, Handoff, private_in
from profile_router.core.ladder.receipt import Receipt, Verified
from profile_router.core.ladder.weak_check import WeakCheck
from profile_router.core.policy.private import Confidential
from profile_router.core.text import shown
from profile_router.values import frozen

ReviewWord = Literal["right", "wrong", "unsure"]
_REASON_CHARS = 200


@frozen
class ReviewedWork:
    """The changes that a reviewer is shown: a patch, and how many of the changed `files` it leaves out."""

    patch: str = ""
    files: int = 0
    withheld: int = 0


@frozen
class ReviewOutcome:
    """What a review came to: its check, or in `problem` why there is none; a receipt for each call that was made."""

    check: WeakCheck | None = None
    receipts: tuple[Receipt, ...] = ()
    problem: str = ""


def is_due(verified: Verified) -> bool:
    """Tell whether a review would say more of what was *verified*: a file changed, and no check tells anything."""
    told = verified.check is not None and not verified.check.inconclusive
    return bool(verified.files_changed) and not told and all(one.passed for one in verified.weak)


def shown_to(work: Sequence[FileDiff], confidential: Confidential, *, local: bool) -> ReviewedWork:
    """Return of *work* what a reviewer may see. Nobody sees what is not text.

    A model elsewhere sees nothing of a withheld file, of one that repeats it, or of a diff with secrets. It sees no
    name of theirs either.
    """
    seen = [file for file in work if file.form == "text" and (local or not _private(file, confidential))]
    patch = "".join(file.text if file.text.endswith("\n") else f"{file.text}\n" for file in seen)
    return ReviewedWork(patch=patch, files=len(work), withheld=len(work) - len(seen))


def _private(file: FileDiff, confidential: Confidential) -> bool:
    return bool(private_in(Handoff(), (file,), confidential=confidential))


def reviewed(profile: str, word: ReviewWord, reason: str, work: ReviewedWork, *, cut: bool) -> WeakCheck:
    """Return *profile*'s verdict *word* on *work* as a weak check. It says why it is weak, and what it did not see."""
    finds = {"right": "finds it right", "wrong": "finds it wrong", "unsure": "is not sure"}[word]
    parts = [f"{work.withheld} of {work.files} files were not shown to it"] if work.withheld else []
    parts += ["it saw the beginning of the changes alone"] if cut else []
    limits = f" ({'; '.join(parts)})" if parts else ""
    said = f"{profile}, a model that read task and changes and ran nothing, {finds}{limits}: {_one_line(reason)}"
    return WeakCheck(kind="reviewed", passed=word == "right", said=said)


def _one_line(reason: str) -> str:
    return shown(" ".join(reason.split()), _REASON_CHARS)
