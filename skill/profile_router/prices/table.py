"""Look a model up in the table of genai-prices. The table comes with the package: nothing is fetched.

Importing it takes 0.3 s and more, so only `book` does, and only for what it has not kept.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from profile_router.core.routing.listed import ListedPrice
from profile_router.expressions import expression

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice

_DISTRIBUTION = expression(r"genai_prices-(.+)\.dist-info")
_HOUR = timedelta(hours=1)
_OUT = ("output_mtok", "output_reasoning_mtok", "output_citation_mtok")
_BESIDE = ("requests_kcount",)  # charges that tokens do not tell: what has one is as good as unlisted


def table_version() -> str:
    """Return the version of the table that this Python has, by the name of its folder; empty where it has none.

    Nothing is imported: `importlib.metadata` alone takes longer than all else that `route` does with prices.
    """
    for place in sys.path:
        with suppress(OSError):
            for name in os.listdir(place or os.curdir):  # noqa: PTH208 - hundreds of names, and `route` waits
                if found := _DISTRIBUTION.fullmatch(name):
                    return found[1]
    return ""


def plain_url(base_url: str) -> str:
    """Return *base_url* without user, query and fragment, which may hold a key; empty where it is not an HTTPS URL."""
    try:
        parts = urlsplit(base_url)
        port = f":{parts.port}" if parts.port not in (None, 443) else ""
    except ValueError:
        return ""
    return f"https://{parts.hostname}{port}{parts.path.rstrip('/')}" if parts.scheme == "https" else ""


def look_up(url: str, model: str, now: datetime) -> tuple[ListedPrice | None, str]:
    """Return what *model* costs at *url* at the moment *now*, and the day (`YYYY-MM-DD`) on which that may change.

    None where the table has no such host, no such model there, or no price of it by the token. A price of 0 counts as
    none. The day is empty where the table knows of no change. Of prices that change with the hour, the highest counts.
    """
    from genai_prices import Usage, calc_price

    try:
        found = calc_price(Usage(), model, provider_api_url=url, genai_request_timestamp=now)
    except (LookupError, ValueError):
        return None, ""
    if not _whole_host(found.provider.api_pattern, url):
        return None, ""
    return _listed(found.model, now), _changes(found.model, now)


def _whole_host(pattern: str, url: str) -> bool:
    """Tell whether *pattern*, which begins *url*, ends with its host: `api.openai.com.evil.example` is another."""
    begun = re.match(pattern, url)
    return begun is not None and (url[begun.end() :][:1] in ("", "/", ":") or begun[0].endswith((".", "/")))


def _listed(model: ModelInfo, now: datetime) -> ListedPrice | None:
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    hours = [model.get_prices(day + hour * _HOUR) for hour in range(24)]
    if any(getattr(price, name) is not None for price in hours for name in _BESIDE):
        return None
    sent = max(_per_million(price, "input_mtok") for price in hours)
    answered = max(_per_million(price, name) for price in hours for name in _OUT)
    if sent <= 0 or answered <= 0:
        return None
    cached = [_per_million(price, "cache_read_mtok") for price in hours if price.cache_read_mtok is not None]
    above = min((start for price in hours for start in _starts(price)), default=None)
    listed = ListedPrice(
        usd_per_million_in=sent,
        usd_per_million_out=answered,
        usd_per_million_cached=max(cached, default=sent),
        dated=_dated(now),
    )
    return listed if above is None else _with_long(listed, hours, above)


def _with_long(listed: ListedPrice, hours: list[ModelPrice], above: int) -> ListedPrice:
    from dataclasses import replace

    long_in = max(_per_million(price, "input_mtok", long=True) for price in hours)
    long_out = max(_per_million(price, name, long=True) for price in hours for name in _OUT)
    cached = [_per_million(price, "cache_read_mtok", long=True) for price in hours if price.cache_read_mtok is not None]
    return replace(listed, long_above=above, long=(long_in, long_out, max(cached, default=long_in)))


def _per_million(price: ModelPrice, name: str, *, long: bool = False) -> float:
    """Return USD per million tokens, 0 where it has no such price. *long*: the highest, of the longest prompts."""
    from decimal import Decimal  # `route` looks nothing up, and imports this module

    value = getattr(price, name)
    if value is None or isinstance(value, Decimal):
        return float(value or 0)
    return float(max([value.base, *(tier.price for tier in value.tiers)]) if long else value.base)


def _starts(price: ModelPrice) -> Iterator[int]:
    from decimal import Decimal

    for name in ("input_mtok", "cache_read_mtok", *_OUT):
        value = getattr(price, name)
        if value is not None and not isinstance(value, Decimal):
            yield from (tier.start for tier in value.tiers[:1])


def _changes(model: ModelInfo, now: datetime) -> str:
    later = [day for day in _days(model) if day > f"{now.astimezone(UTC):%Y-%m-%d}"]
    return min(later, default="")


def _dated(now: datetime) -> str:
    """Return year and month of the table: of the newest price in it that holds by *now*. It states no date itself."""
    from genai_prices.data import providers

    today = f"{now.astimezone(UTC):%Y-%m-%d}"
    days = (day for one in providers for model in one.models for day in _days(model) if day <= today)
    return max(days, default="")[:7]


def _days(model: ModelInfo) -> Iterator[str]:
    from genai_prices.types import StartDateConstraint

    for one in model.prices if isinstance(model.prices, list) else ():
        if isinstance(one.constraint, StartDateConstraint):
            yield one.constraint.start_date.isoformat()
