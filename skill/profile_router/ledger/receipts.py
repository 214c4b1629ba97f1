"""A receipt as a row of the ledger, and back. Figures and names of settings stand in columns, all else in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from profile_router.core.ladder.receipt import Receipt
from profile_router.core.policy.private import NO_CONFIDENTIAL, Confidential
from profile_router.expressions import expression

_WORDS = ("error", "withheld", "taints", "doubts", "early")
COLUMNS = tuple(name for name in Receipt.__dataclass_fields__ if name not in _WORDS)
_SERVED = "model_served"
_NAME_OF_A_MODEL = expression(r"[\w.:/@+-]{1,128}")  # what else a server says it is stands among the words


def columns_of(
    receipt: Receipt, confidential: Confidential = NO_CONFIDENTIAL
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the values of `COLUMNS` for *receipt*, and its words, in which what is *confidential* is masked."""
    from profile_router.core.privacy.findings import masked, masked_json  # 0.1 s, of which who reads needs nothing
    from profile_router.core.telling.work import receipt_json

    plain = masked_json(receipt_json(receipt), confidential)
    words = {name: plain.pop(name) for name in _WORDS}
    served = receipt.model_served
    if served is not None and not (_NAME_OF_A_MODEL.fullmatch(served) and masked(served, confidential) == served):
        words[_SERVED] = plain[_SERVED]
        plain[_SERVED] = None
    return tuple(plain[name] for name in COLUMNS), words


def receipt_of_row(row: Mapping[str, Any], words: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the receipt of *row* as `run --json` prints it; without *words* it lacks what they tell."""
    found = {name: row[name] if name in COLUMNS else None for name in Receipt.__dataclass_fields__}
    return found | {"withheld": "", "taints": [], "doubts": [], "early": None} | dict(words or {})
