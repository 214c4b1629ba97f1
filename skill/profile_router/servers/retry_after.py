"""Read from the headers of a provider how long it asks us to wait."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from profile_router.expressions import expression

# Seconds or a date (RFC 9110), milliseconds (OpenAI), and the moment of the reset as providers spell it.
RETRY_HEADERS = ("retry-after-ms", "retry-after")
RESET_HEADERS = ("x-ratelimit-reset", "x-ratelimit-reset-requests", "x-ratelimit-reset-tokens", "ratelimit-reset")
_DURATION = expression(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")
_EPOCH = 1_000_000_000.0  # more seconds than any wait: a moment


def retry_after(headers: Mapping[str, str], *, now: float) -> float | None:
    """Return the seconds that *headers* ask us to wait from *now* (seconds since 1970), None where they do not.

    Retry-After counts before a reset header: it is meant for this request.
    """
    for name in RETRY_HEADERS:
        value = headers.get(name)
        if value is not None and (found := _wait(value, now)) is not None:
            return found / 1000 if name.endswith("-ms") else found
    waits = [_wait(headers[name], now) for name in RESET_HEADERS if name in headers]
    return max((wait for wait in waits if wait is not None), default=None)


def _wait(value: str, now: float) -> float | None:
    text = value.strip()
    try:
        number = float(text)
    except ValueError:
        return _until_date(text, now)
    if number >= _EPOCH * 1000:
        number /= 1000
    return max(0.0, number - now if number >= _EPOCH else number) if number == number else None


def _until_date(text: str, now: float) -> float | None:
    duration = _DURATION.fullmatch(text) if text else None
    if duration is not None:
        days, hours, minutes, seconds, milliseconds = (float(part or 0) for part in duration.groups())
        return days * 86_400 + hours * 3600 + minutes * 60 + seconds + milliseconds / 1000
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = read(text)
            moment = found if found.tzinfo else found.replace(tzinfo=UTC)  # never this machine's zone
            return max(0.0, moment.timestamp() - now)
        except (ValueError, OverflowError):
            continue
    return None
