"""The demo's cascade: a local attempt that claims too much, a repair that is not better, and the promotion."""

from __future__ import annotations

from profile_router.demo.provider import Script, ScriptLine
from profile_router.demo.scratch import LOCAL_MODEL, MODEL, RIGHT, WRONG

_LOOKS = ScriptLine(calls=(("read_file", {"path": "backoff.py"}),))
_AT_FIRST = "    return [min(cap, base) * 2**n for n in range(retries)]"
_REPAIRED = "    return [min(cap, 2**n) for n in range(retries)]"


def _changes(old: str, new: str) -> ScriptLine:
    return ScriptLine(calls=(("edit_file", {"path": "backoff.py", "old": old, "new": new}),))


def local_script(pause_s: float) -> Script:
    """Return what plays the local model: its attempt, and its repair, which breaks the other test."""
    attempt = (_LOOKS, _changes(WRONG, _AT_FIRST), ScriptLine(words="`delays()` respects `cap` now. All tests pass."))
    repair = (_LOOKS, _changes(_AT_FIRST, _REPAIRED), ScriptLine(words="Repaired: no wait exceeds `cap` any more."))
    return Script(model=LOCAL_MODEL, lines=attempt, repair=repair, pause_s=pause_s)


def burst_script(pause_s: float) -> Script:
    """Return what plays the cloud model, which is told of both and gets it right."""
    last = ScriptLine(words="Each wait is `base * 2**n`, held at `cap`. The factor `base` had got lost in the repair.")
    return Script(model=MODEL, lines=(_LOOKS, _changes(_REPAIRED, RIGHT), last), pause_s=pause_s)
