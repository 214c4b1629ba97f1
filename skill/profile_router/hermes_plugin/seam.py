"""Which seam of this Hermes carries a delegated task to us. What is there tells it, never a version's text."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

OUR_PROVIDER = "profile-router"


def provider_base() -> Any:
    """Return Hermes' class of model providers; None where it lets none bring its own client (before 0.22)."""
    try:
        from providers.base import ProviderProfile
    except ImportError:
        return None
    return ProviderProfile if hasattr(ProviderProfile, "create_client") else None


def native() -> bool:
    """Tell whether Hermes' own delegation leads to us: it lets us be a child's model, and its config names us."""
    return provider_base() is not None and (delegation_provider() == OUR_PROVIDER or backend())


def backend() -> bool:
    """Tell whether our delegation backend is in force: then the fields of a task come to it by themselves."""
    return provider_base() is not None and _delegation("backend") == OUR_PROVIDER


def delegation_provider() -> str:
    """Return what `delegation.provider` says in the config.yaml in force; empty where it says nothing."""
    return _delegation("provider")


def _delegation(name: str) -> str:
    try:
        from hermes_cli.config import load_config
    except ImportError:
        return ""
    with suppress(Exception):
        return str((load_config().get("delegation") or {}).get(name) or "").strip().lower()
    return ""
