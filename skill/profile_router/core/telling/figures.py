"""What was measured of a task, as figures alone: no text of it, no path, no name of a file. And back. Pure.

Figures are what the ledger keeps of the evidence. A policy that has changed since decides on them as it would have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast, get_args

from profile_router.core.evidence import (
    ContentForm,
    Evidence,
    ImageFact,
    NamedFile,
    PrivateFinding,
    Range,
    Source,
    TokenCount,
    Window,
    WindowSource,
)
from profile_router.core.language.kinds import KindHit
from profile_router.core.locating.located import Located, LocatedFile, SizeGuess
from profile_router.core.task import Task

Figures = dict[str, Any]
_FORMS = get_args(ContentForm)


def evidence_figures(evidence: Evidence) -> Figures:
    """Return *evidence* as figures. Sizes are [low, high, source]; a high of null means no known end."""
    files = evidence.files
    return {
        "files_to_read": _sized(evidence.files_to_read),
        "files_to_edit": _sized(evidence.files_to_edit),
        "lines_to_edit": _sized(evidence.lines_to_edit),
        "tokens": _counted(evidence.tokens),
        "fixed": _counted(evidence.fixed),
        "chars": evidence.chars,
        "files": {form: [one.bytes for one in files if one.form == form] for form in _FORMS},
        "images": [[image.form, image.bytes] for image in evidence.images],
        "kinds": [hit.kind for hit in evidence.kinds],
        "scope_word": evidence.scope_word,
        "private": sorted({finding.kind for finding in evidence.private}),
        "windows": [_windowed(one) for one in evidence.windows],
        "turns": len(evidence.turns),
        "located": evidence.located and _located_figures(evidence.located),
    }


def task_figures(task: Task) -> Figures:
    """Return what of *task* is not text: labels, limits and counts. The profile is the one that was asked for."""
    return {
        "profile": task.profile,
        "local_only": task.local_only,
        "checked": task.check is not None,
        "max_cost_usd": task.max_cost_usd,
        "timeout_s": task.timeout_s,
        "max_turns": task.max_turns,
        "files": len(task.files),
        "images": len(task.images),
    }


def evidence_of(figures: Mapping[str, Any]) -> Evidence:
    """Return the evidence of *figures*, which `evidence_figures` made. Names and quotes in it are placeholders."""
    files = [(form, size) for form, sizes in figures["files"].items() for size in sizes]
    return Evidence(
        files_to_read=_range(figures["files_to_read"]),
        files_to_edit=_range(figures["files_to_edit"]),
        lines_to_edit=_range(figures["lines_to_edit"]),
        tokens=_count(figures["tokens"]),
        fixed=_count(figures["fixed"]),
        chars=figures["chars"],
        files=tuple(NamedFile(path=f"file {at}", bytes=size, form=form) for at, (form, size) in enumerate(files, 1)),
        images=tuple(ImageFact(place="an image", form=form, bytes=size) for form, size in figures["images"]),
        kinds=tuple(KindHit(kind=kind, quote="not kept") for kind in figures["kinds"]),
        scope_word=figures["scope_word"],
        private=tuple(PrivateFinding(kind=kind, place="not kept") for kind in figures["private"]),
        windows=tuple(_window(one) for one in figures["windows"]),
        located=_located(figures["located"]) if figures.get("located") else None,
    )


def _located_figures(located: Located) -> list[Any]:
    """Return what decides of *located*: how sure its first file is, how central, and the size that history tells."""
    size = located.size and [located.size.size, located.size.score, located.size.share, located.size.neighbours]
    return [located.confidence, located.centrality, size]


def _located(figures: Sequence[Any]) -> Located:
    band, busy, size = figures
    guess = size and SizeGuess(
        size=size[0], score=size[1], share=size[2], neighbours=size[3], files_low=1, files_high=1
    )
    files = () if band == "guess" else (LocatedFile(path="a file", confidence=band),)
    return Located(files=files, centrality=busy, size=guess)


def task_of_figures(figures: Mapping[str, Any]) -> Task:
    """Return a task without text that a policy decides on as on the one that *figures* were made of."""
    return Task(goal="", profile=figures["profile"], local_only=figures["local_only"])


def _sized(of: Range) -> list[Any]:
    return [of.low, of.high, of.source]


def _range(figures: Sequence[Any]) -> Range:
    low, high, source = figures
    return Range(low, high, cast("Source", source))


def _counted(count: TokenCount) -> list[Any]:
    return [count.low, count.high, count.source]


def _count(count: Sequence[Any]) -> TokenCount:
    low, high, source = count
    return TokenCount(low, high, cast("Literal['bounded', 'counted']", source))


def _windowed(window: Window) -> list[Any]:
    return [window.profile, window.tokens, window.source, window.prompt_tokens, window.age_s, window.reply]


def _window(window: Sequence[Any]) -> Window:
    profile, tokens, source, prompt_tokens, age_s, *reply = window  # an older row has no reply
    where = cast("WindowSource", source)
    reply_tokens = int(reply[0]) if reply else 0
    return Window(
        profile=profile, tokens=tokens, source=where, prompt_tokens=prompt_tokens, age_s=age_s, reply=reply_tokens
    )
