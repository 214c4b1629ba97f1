"""What an attempt was shown that a model elsewhere may not see, and what is said of that. Pure.

An attempt is tainted when its model was given the content of a withheld file, or its command opened one. Its
words, its changes and what its commands print may hold that content in any form. That a withheld file exists does not
taint.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from profile_router.core.text import some_of
from profile_router.values import frozen

_ONCE = "is the file that was "


@frozen
class Taint:
    """A withheld file whose content was given to an attempt: its path in the workspace, and `why` it is withheld.

    `why` names a glob, a kind of secret, or what could not be told; never a value.
    """

    path: str
    why: str

    @property
    def moved(self) -> bool:
        """Tell whether `path` is a public name that a withheld file was given: whoever may read names may read it."""
        return self.why.startswith(_ONCE)


def moved(path: str, was: str, why: str) -> Taint:
    """Return the taint of the file at *path* that was called *was* and withheld for *why* before."""
    return Taint(path=path, why=f"{_ONCE}{was}, which {why}")


def together(*groups: Iterable[Taint]) -> tuple[Taint, ...]:
    """Return the taints of all *groups* in order, each file once."""
    found: dict[str, Taint] = {}
    for group in groups:
        for taint in group:
            found.setdefault(taint.path, taint)
    return tuple(found.values())


def named(taints: Sequence[Taint]) -> str:
    """Return the files of *taints* in words, the first three with their reasons."""
    return some_of([f"{taint.path}, which {taint.why}" for taint in taints])


def taint_note(profile: str, taints: Sequence[Taint]) -> str:
    """Say what *profile* read, what follows from that, and how it can be allowed."""
    return (
        f"{profile} read {named(taints)}: its words, its diff and what its check printed go to local models only "
        f"({HOW_TO_ALLOW})"
    )


def left_note(left: Sequence[str]) -> str:
    """Say which files are withheld from models elsewhere because a tainted attempt may have changed them."""
    return f"withheld from models elsewhere, since it may have changed them: {some_of(left)}"


HOW_TO_ALLOW = (
    "to keep the whole task on this machine: `--local-only`; to let its changes go on: "
    "`promotion.tainted_changes: pass` in the policy; if the file is not private: take its pattern out of the rule "
    "`private` of the policy; if a secret was found in it: take that out of the file"
)
