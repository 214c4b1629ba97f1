"""Rows and repositories made for a test: nothing of a real project."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.git.git_repository import repository, run_git, write_files

FILES = {
    "shop/cart.py": "class Cart:\n    def total(self) -> int:\n        return 0\n",
    "shop/users.py": "class User:\n    name = ''\n",
    "tests/test_cart.py": "def test_total() -> None:\n    pass\n",
    "CHANGES.md": "none\n",
}


def row(name: str, text: str, *, split: str = "dev", **more: Any) -> dict[str, Any]:
    """Return a row; what is not a field of a row is a part of its truth."""
    fields: dict[str, Any] = {key: more.pop(key) for key in ("repo", "base_commit", "models", "ts") if key in more}
    return {"id": name, "text": text, "split": split, "truth": more, **fields}


def written(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    path.write_text("".join(f"{json.dumps(one)}\n" for one in rows))
    return path


def shop(repos: Path) -> list[str]:
    """Make the clone `acme/shop` with three commits; return them, the oldest first."""
    folder = repository(repos / "acme" / "shop", FILES)
    commits = [run_git(folder, "rev-parse", "HEAD").strip()]
    for content in ("class Cart:\n    total = 1\n", "class Cart:\n    total = 2\n"):
        write_files(folder, {"shop/cart.py": content, "shop/late.py": f"late = {len(commits)}\n"})
        run_git(folder, "add", "--all")
        run_git(folder, "commit", "--quiet", "--message=change the cart")
        commits.append(run_git(folder, "rev-parse", "HEAD").strip())
    return commits
