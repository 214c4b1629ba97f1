"""A provider of a profile as the router compares it, with its price by the book."""

from __future__ import annotations

from profile_router.core.profile import ProviderEndpoint
from profile_router.core.routing.candidate import Candidate
from profile_router.core.routing.speed import Speed
from profile_router.prices.book import PriceBook


def priced_candidate(name: str, endpoint: ProviderEndpoint, book: PriceBook, speed: Speed | None = None) -> Candidate:
    """Return the *endpoint* of the profile *name*, priced by *book*; *speed* is what was measured of it."""
    return Candidate(
        name=name,
        base_url=endpoint.base_url,
        model=endpoint.model,
        provider=endpoint.named,
        key_missing=endpoint.needs_key and endpoint.api_key is None,
        listed=book.price(endpoint.base_url, endpoint.model),
        unlisted=book.unlisted(endpoint.base_url, endpoint.model),
        speed=speed,
    )
