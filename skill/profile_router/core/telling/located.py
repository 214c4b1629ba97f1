"""Say where a task probably works, and by which signs: for a program, and as the table of `route --explain`."""

from __future__ import annotations

from typing import Any

from profile_router.core.locating.located import TERMS, FileSpan, Located, SizeGuess
from profile_router.core.locating.rank import FEWEST_FILES, FEWEST_SIGNS, LIKELY_BELOW, SURE_BELOW

_HOW_SURE = (
    "score: what the signs of its row give together · how far the first stands out: "
    f"sure, the second scores under {SURE_BELOW:g} of it; likely, under {LIKELY_BELOW:g}; else a guess"
)
_MOST_IN_JSON, _MOST_ON_SCREEN = 10, 5


def located_json(located: Located) -> dict[str, Any]:
    """Return *located* as `route --json` prints it, the first ten files with what each sign gave them."""
    return {
        "candidates": [
            {
                "path": file.path,
                "confidence": file.confidence,
                "why": list(file.why),
                "score": round(file.score, 2),
                "terms": {name: round(given, 2) for name, given in file.terms.items()},
            }
            for file in located.files[:_MOST_IN_JSON]
        ],
        "tests": list(located.tests),
        "files_to_read": _span(located.files_to_read),
        "files_to_edit": _span(located.files_to_edit),
        "size_class": located.size and located.size.size,
        "size": located.size and _size(located.size),
        "centrality": None if located.centrality is None else round(located.centrality, 2),
        "confidence": located.confidence,
        "ratio": round(located.ratio, 2),
        "indexed": located.indexed,
        "rankable": located.rankable,
        "commits": located.commits,
        "missing": list(located.missing),
    }


def _span(span: FileSpan | None) -> dict[str, int] | None:
    return None if span is None else {"low": span.low, "high": span.high}


def spans_text(located: Located) -> str:
    """Say how many files a task probably reads and edits: "probably reads 2–6 files, edits 1–2". Empty: not known.

    Where the first file is a guess, so is what is read, and only what history tells is said.
    """
    read, edited = located.files_to_read if located.told else None, located.files_to_edit
    spans = [(verb, span) for verb, span in (("reads", read), ("edits", edited)) if span is not None]
    said = [f"{verb} {_amount(span)}" for verb, span in spans]
    if not said:
        return ""
    noun = "file" if spans[0][1].low == spans[0][1].high == 1 else "files"
    return ", ".join([f"probably {said[0]} {noun}", *said[1:]])


def _amount(span: FileSpan) -> str:
    return f"{span.low}" if span.low == span.high else f"{span.low}–{span.high}"


def _size(guess: SizeGuess) -> dict[str, Any]:
    return {
        "score": round(guess.score, 3),
        "share": round(guess.share, 2),
        "neighbours": guess.neighbours,
        "files": [guess.files_low, guess.files_high],
        "terms": {name: round(given, 2) for name, given in guess.terms.items()},
    }


def explain_lines(located: Located | None, *, named: bool = False, seconds: float = 1.0) -> list[str]:
    """Return the table of `route --explain`: the likeliest files, and what each sign gave them.

    *named*: the task names files. *seconds* are those in which the policy lets files be searched for.
    """
    if located is None:
        return [f"no files were searched for: {_unsearched(named=named, seconds=seconds)}"]
    looked = f"{located.indexed:,} of {located.rankable:,} files and {located.commits:,} commits were looked into"
    if not located.files:
        return [looked, "no file is likelier than another: no word of the task is in a path, a definition or a commit"]
    names = [name for name in TERMS if any(name in file.terms for file in located.files[:_MOST_ON_SCREEN])]
    lines = [looked, f"{'score':>6}  {'  '.join(f'{name:>10}' for name in names)}  file"]
    for file in located.files[:_MOST_ON_SCREEN]:
        given = "  ".join(f"{file.terms.get(name, 0.0):>10.2f}" for name in names)
        lines.append(f"{file.score:>6.2f}  {given}  {file.path} ({file.confidence})")
    lines.append(_HOW_SURE)
    lines.append(f"the second scores {located.ratio:.2f} of the first: {located.confidence}{_by_chance(located)}")
    if located.tests:
        touched = "the first of them" if located.told else "one of the first three, a guess as they are"
        lines.append(f"tests that touch {touched}: {', '.join(located.tests)}")
    if (read := located.files_to_read) is not None:
        lines.append(f"reads {_amount(read)} of them: those that score half of the first, or as many as are edited")
    if located.centrality is not None:
        lines.append(f"centrality {located.centrality:.2f}: the first three among all by commits, definitions, lines")
    if (size := located.size) is not None:
        lines.append(
            f"{size.size}: {size.share:.2f} of {size.neighbours} commits like it were large; four of five changed "
            f"{size.files_low} to {size.files_high} files"
        )
    return lines


def _unsearched(*, named: bool, seconds: float) -> str:
    if named:
        return "the task names its files"
    if seconds <= 0:
        return "repository.route_seconds of the policy is 0"
    return "this folder is not in a git repository; name it: --workspace ."


def _by_chance(located: Located) -> str:
    """Return why the first file is a guess although it stands out; empty where it is none, or does not."""
    if located.told or located.ratio >= LIKELY_BELOW:
        return ""
    if not located.whole:
        return ", for not every file was looked into"
    few = f"among fewer than {FEWEST_FILES} files, or by fewer than {FEWEST_SIGNS} signs"
    return f", for {few}, one stands out by chance"
