"""The parts of `docs/` that are made from the code: `python -m tests.document_parts` writes them anew.

Each stands between `<!-- NAME -->` and `<!-- /NAME -->`; a test holds the pages to what the code says.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "skill"), str(ROOT / "graphs")]

from tests.real_model.triggers import triggers  # noqa: E402

from profile_router.core.ladder.causes import TABLE, Cause  # noqa: E402


def floors() -> str:
    """Return the floors of `pyproject.toml` as Mermaid: a box a floor with its rooms, an arrow to the next."""
    whole = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    [layers] = [
        one["layers"] for one in whole["tool"]["importlinter"]["contracts"] if one["name"].startswith("the floors")
    ]
    boxes = [" · ".join(room.strip().removeprefix("profile_router.") for room in layer.split("|")) for layer in layers]
    lines = [f'\tf{at}["{box}"];' for at, box in enumerate(boxes)]
    return "\n".join(
        ["```mermaid", "graph TD;", *lines, *(f"\tf{at} --> f{at + 1};" for at in range(len(boxes) - 1)), "```"]
    )


def causes() -> str:
    """Return the table of causes: its word, what happened, the HTTP statuses that mean it, and what would have helped."""
    rows = [
        f"| `{cause}` | {row.sentence} | {', '.join(map(str, row.statuses)) or '–'} | {_helps(cause)} |"
        for cause, row in TABLE.items()
    ]
    return "\n".join(["| cause | what happened | HTTP | what helps |", "|---|---|---|---|", *rows])


def _helps(cause: Cause) -> str:
    row = TABLE[cause]
    said = row.unblock_here or row.unblock or "the ladder goes on by itself"
    return said.format(address="…", profile="…").replace("|", "\\|")


def prompts() -> str:
    """Return the table of prompts that should or should not trigger the skill."""
    rows = [f"| {one.says} | {'yes' if one.use else 'no'} |" for one in triggers()]
    return "\n".join(["| what the user says | use it |", "|---|---|", *rows])


PARTS: Mapping[str, tuple[str, Callable[[], str]]] = {
    "docs/architecture.md": ("floors", floors),
    "docs/troubleshooting.md": ("causes", causes),
    "docs/triggers.md": ("prompts", prompts),
}


def page(name: str) -> str:
    """Return the page *name* with its part made anew."""
    mark, made = PARTS[name]
    text = (ROOT / name).read_text(encoding="utf-8")
    pattern = rf"(<!-- {mark} -->\n).*?(<!-- /{mark} -->)"
    return re.sub(pattern, lambda match: f"{match[1]}{made()}\n{match[2]}", text, flags=re.DOTALL)


if __name__ == "__main__":
    for name in PARTS:
        (ROOT / name).write_text(page(name), encoding="utf-8")
