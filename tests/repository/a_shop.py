"""A small shop in a repository, and where a task works in it."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path

from profile_router.core.locating.located import Located
from profile_router.core.policy import SignWeights
from profile_router.repository.locate import locate
from profile_router.repository.sources import WorkTreeFiles
from profile_router.workspace.folder import Workspace

WEIGHTS = asdict(SignWeights())


SHOP = {
    "shop/cart.py": "class Cart:\n    def total(self):\n        return sum(self.lines)\n",
    "shop/money.py": "def vat_rate(country):\n    return RATES[country]\n\nRATES = {}\n",
    "shop/mail.py": "def send_receipt(address):\n    connect(address)\n",
    "tests/test_money.py": "from shop.money import vat_rate\n\ndef test_rate():\n    assert vat_rate('de')\n",
    "CHANGELOG.md": "vat_rate vat_rate vat_rate vat rate country",
    "vendor/money.py": "def vat_rate(country): ...\n",
    "keys.pem": "vat_rate",
}


def look(
    root: Path,
    text: str,
    *,
    seconds: float | None = None,
    private: tuple[str, ...] = (),
    git: bool = True,
    later: float = 0.0,
) -> Located:
    now = time.time_ns() + int(later * 1e9)
    source = WorkTreeFiles(workspace=Workspace(root, git=git), now_ns=now, private=private)
    return locate(source, text, root.parent / "cache", weights=WEIGHTS, seconds=seconds)


def paths(found: Located) -> list[str]:
    return [file.path for file in found.files]
