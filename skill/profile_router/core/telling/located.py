"""Say where a task probably works, and by which signs: for a program, and as the table of `route --explain`."""

from __future__ import annotations

from typing import Any

from profile_router.core.locating.located import TERMS, Located

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
        "confidence": located.confidence,
        "ratio": round(located.ratio, 2),
        "indexed": located.indexed,
        "rankable": located.rankable,
        "commits": located.commits,
        "missing": list(located.missing),
    }


def explain_lines(located: Located | None) -> list[str]:
    """Return the table of `route --explain`: the likeliest files, and what each sign gave them."""
    if located is None:
        return ["no index of a repository was asked: the task names its files, or there is no git repository"]
    looked = f"{located.indexed:,} of {located.rankable:,} files and {located.commits:,} commits were looked into"
    if not located.files:
        return [looked]
    names = [name for name in TERMS if any(name in file.terms for file in located.files[:_MOST_ON_SCREEN])]
    lines = [looked, f"{'score':>6}  {'  '.join(f'{name:>10}' for name in names)}  file"]
    for file in located.files[:_MOST_ON_SCREEN]:
        given = "  ".join(f"{file.terms.get(name, 0.0):>10.2f}" for name in names)
        lines.append(f"{file.score:>6.2f}  {given}  {file.path} ({file.confidence})")
    return [*lines, f"the second scores {located.ratio:.2f} of the first: {located.confidence}"]
