"""The book of prices: each is looked up once and kept in the user's cache, or left unknown.

One file (`state.kept_files`) keeps what one version of the table says. A price is looked up again for another
version, model or host. So it is from a day on which it changes, and after damage. Hosts and models stand there as
digests alone.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import field
from pathlib import Path
from typing import Any

from profile_router import __version__
from profile_router.core.profile import is_loopback
from profile_router.core.routing.listed import ListedPrice
from profile_router.digests import sha256
from profile_router.expressions import expression
from profile_router.folders import our_folder
from profile_router.outside.json_reader import UnreadableJson, read_json
from profile_router.outside.places import is_folder_named
from profile_router.prices.table import plain_url, table_version
from profile_router.state.kept_files import MOST_KEPT_BYTES, keep_file, kept_file
from profile_router.values import mutable

_MOST = 500  # prices that are kept
_HIGHEST_PRICE = 1_000_000.0
_FIGURES = ("usd_per_million_in", "usd_per_million_out", "usd_per_million_cached")
_DATED = expression(r"(\d{4}-\d{2})?")
_DAY = expression(r"(\d{4}-\d{2}-\d{2})?")
_Found = tuple[ListedPrice | None, str]  # and the day on which it changes


@mutable
class PriceBook:
    """The prices of models at endpoints, kept in *folder*. `looks_up`: what is not kept is looked up, then kept."""

    folder: Path
    looks_up: bool
    clock: Callable[[], float] = time.time
    _found: dict[str, _Found] | None = field(default=None, init=False)

    def price(self, base_url: str, model: str) -> ListedPrice | None:
        """Return what *model* costs at *base_url*; None where the table does not say, or was not asked."""
        url = plain_url(base_url)
        if not url or not model or is_loopback(base_url):
            return None
        name = _name(url, model)
        known = self._known()
        today = time.strftime("%Y-%m-%d", time.gmtime(self.clock()))
        if name in known and (not known[name][1] or today < known[name][1]):
            return known[name][0]
        if not self.looks_up:
            return None
        known.pop(name, None)
        known[name] = _looked_up(url, model, self.clock())
        self._keep(known)
        return known[name][0]

    def unlisted(self, base_url: str, model: str) -> bool:
        """Tell whether the table says nothing of *model* at *base_url*: False where it was not asked.

        What listens on this machine is asked for no price. A host without HTTPS is in no table.
        """
        if is_loopback(base_url) or not model:
            return False
        url = plain_url(base_url)
        found = self._known().get(_name(url, model)) if url else (None, "")
        return found is not None and found[0] is None

    def _known(self) -> dict[str, _Found]:
        if self._found is None:
            content = kept_file(self.folder, _file_name()) if is_folder_named(str(self.folder)) else None
            self._found = {} if content is None else _prices_in(content)
        return self._found

    def _keep(self, known: Mapping[str, _Found]) -> None:
        newest = dict(list(known.items())[-_MOST:])
        told = {name: [day, None if price is None else _listed_as_json(price)] for name, (price, day) in newest.items()}
        keep_file(self.folder, _file_name(), json.dumps(told).encode())


def price_book(environ: Mapping[str, str], *, looks_up: bool) -> PriceBook:
    """Return this user's book."""
    return PriceBook(folder=our_folder("CACHE", environ) / "prices", looks_up=looks_up)


def _name(url: str, model: str) -> str:
    return sha256(f"{url}\0{model}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _looked_up(url: str, model: str, now: float) -> _Found:
    from datetime import UTC, datetime

    from profile_router.prices.table import look_up

    with suppress(ImportError):  # an installation without the table does without its prices
        return look_up(url, model, datetime.fromtimestamp(now, UTC))
    return None, ""


def _file_name() -> str:
    return sha256(f"{__version__}\0{table_version()}".encode()).hexdigest()


def _listed_as_json(price: ListedPrice) -> list[Any]:
    return [*(getattr(price, name) for name in _FIGURES), price.dated, price.long_above, list(price.long)]


def _prices_in(content: bytes) -> dict[str, _Found]:
    """Return what *content* tells; nothing at all where any of it cannot be what was kept."""
    try:
        told = read_json(content, most=MOST_KEPT_BYTES)
        return {str(name): (_price(price), _text(day, _DAY)) for name, (day, price) in told.items()}
    except (UnreadableJson, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def _price(told: Any) -> ListedPrice | None:
    if told is None:
        return None
    sent, answered, cached, dated, above, long = told
    if not (above is None or (type(above) is int and above >= 0)):
        raise ValueError("not a number of tokens")
    long_in, long_out, long_cached = map(_amount, long)
    if min(_amount(sent), _amount(answered)) <= 0:
        raise ValueError("a price of nothing")
    return ListedPrice(
        usd_per_million_in=_amount(sent),
        usd_per_million_out=_amount(answered),
        usd_per_million_cached=_amount(cached),
        dated=_text(dated, _DATED),
        long_above=above,
        long=(long_in, long_out, long_cached),
    )


def _amount(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value) or not 0 <= value <= _HIGHEST_PRICE:
        raise ValueError("not an amount")
    return float(value)


def _text(value: Any, form: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not form.fullmatch(value):
        raise ValueError("not a date")
    return value
