"""Our delegation backend, for a Hermes that lets a plugin choose each task's provider (from 0.22.5).

That Hermes could not be had. Its documentation tells the base class's name, and that a provider is named and asked
whether it is available. A provider may add parameters to a task, and it answers with a route as `delegation.*` is
written. The rest is taken as it is found. Arguments may have any name. The methods that the class demands are made by
what their names say. Where one says nothing to us, nothing is registered. Children come then by the provider in
`delegation.provider`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..arguments import NOTHING_GIVEN, read_field
from ..seam import OUR_PROVIDER
from ..settings import plugin_settings
from .fields import DELEGATION_FIELDS, joined_fields

_SAYS = "Runs each task under the profile that fits it, and gives a receipt: local first, cloud when it counts."
# Never the parent's key: a route without one inherits it.
_NO_KEY = "profile-router-needs-no-key"
_TEXTS = {"type": "array", "items": {"type": "string"}}
_PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "profile": {"type": "string", "description": "Run the task under this profile. Leave it out: it finds its own."},
    "toolsets": {**_TEXTS, "description": "Toolsets that the subagent may use, such as file or terminal."},
    "max_turns": {"type": "integer", "minimum": 1, "description": "Model calls of one attempt, at most."},
    "local_only": {"type": "boolean", "description": "True: the task never leaves this machine."},
    "files": {**_TEXTS, "description": "Paths that the task is about; named, not pasted."},
    "check": {"type": "string", "description": "Command that must succeed afterwards; jailed, once the user agreed."},
    "max_cost": {"type": "number", "minimum": 0, "description": "USD that the task may cost at most."},
}
_WITHIN = ("parameters", "params", "options", "task_parameters", "arguments")  # where a task's parameters may lie


def register(ctx: Any) -> None:
    """Register our backend where Hermes takes one."""
    if not hasattr(ctx, "register_delegation_provider"):
        return
    try:
        from agent.delegation_provider import DelegationProvider
    except ImportError:
        return
    backend = backend_of(DelegationProvider)
    if backend is not None:
        ctx.register_delegation_provider(backend)


def backend_of(base: type) -> Any | None:
    """Return our backend as an instance of *base*; None where that demands what we do not know."""
    members: dict[str, Any] = {
        "__doc__": _SAYS,
        "name": OUR_PROVIDER,
        "is_available": _is_available,
        "route_task": _route_task,
    }
    for name in sorted(getattr(base, "__abstractmethods__", frozenset()) - members.keys()):
        meant = next((member for words, member in _BY_NAME if words.search(name)), None)
        if meant is None:
            logging.getLogger(__name__).warning(
                "profile-router: its delegation backend lacks '%s'; not registered", name
            )
            return None
        given = getattr(base, name)
        members[name] = property(meant) if isinstance(given, property) else meant
    # what it may demand by another name than these, and has a default of
    members |= {name: meant for name, meant in _OFFERED.items() if hasattr(base, name) and name not in members}
    return type("ProfileRouterBackend", (base,), members)()


def _is_available(self: Any, *_: Any, **__: Any) -> bool:
    """Tell whether the program is there: without it Hermes refuses the task and names us."""
    return not plugin_settings().problem


def _route_task(self: Any, *given: Any, **named: Any) -> dict[str, Any]:
    """Return the route of a task: always our provider, with what the task says. Nothing is measured or asked here."""
    if problem := plugin_settings().problem:
        raise _error(problem)
    route: dict[str, Any] = {
        "provider": OUR_PROVIDER,
        "model": OUR_PROVIDER,
        "api_key": _NO_KEY,
        "fallback_providers": [],
    }
    if fields := _fields((*given, *named.values(), named)):
        route["request_overrides"] = {"extra_body": {"profile_router": {"fields": fields}}}
    return route


def _fields(places: tuple[Any, ...]) -> dict[str, Any]:
    """Return our fields of the task, which is one of *places*, or lies with its parameters in one."""
    found: dict[str, Any] = {}
    for place in (one for one in places if isinstance(one, Mapping)):
        for values in (place, *(place[name] for name in _WITHIN if isinstance(place.get(name), Mapping))):
            said = {
                name: read_field(name, values[name])
                for name in DELEGATION_FIELDS
                if values.get(name) not in NOTHING_GIVEN
            }
            found = joined_fields(found, said)
    return found


def _error(problem: str) -> Exception:
    """Return the error by which a backend refuses a task; Hermes makes a tool's error of any other as well."""
    try:
        from agent.delegation_provider import DelegationRouteError
    except ImportError:
        return ValueError(problem)
    refused: Exception = DelegationRouteError(problem)
    return refused


def _parameters(self: Any, *_: Any, **__: Any) -> dict[str, Any]:
    """Return the schemas of a task's parameters by their names."""
    found = {name: dict(schema) for name, schema in _PARAMETERS.items()}
    if profiles := _profiles():
        found["profile"]["enum"] = profiles
    return found


def _profiles() -> list[str]:
    """Return the names of the profiles that are there: a model sees them and nothing else of them."""
    try:
        from hermes_constants import get_hermes_home

        home = Path(get_hermes_home())
        root = home.parent.parent if home.parent.name == "profiles" else home
        return sorted(file.parent.name for file in (root / "profiles").glob("*/config.yaml"))
    except (ImportError, OSError):
        return []


def _told(self: Any, *_: Any, **__: Any) -> str:
    return _SAYS


def _titled(self: Any, *_: Any, **__: Any) -> str:
    return "Profile Router"


def _fix(self: Any, *_: Any, **__: Any) -> str:
    return plugin_settings().problem


_BY_NAME = (
    (re.compile(r"schema|param"), _parameters),
    (re.compile(r"unavailable|reason|hint|fix"), _fix),
    (re.compile(r"available|ready"), _is_available),
    (re.compile(r"route|resolve"), _route_task),
    (re.compile(r"descri|summary"), _told),
    (re.compile(r"label|title|display"), _titled),
)
_OFFERED = {"task_parameters": _parameters, "task_schema": _parameters, "unavailable_reason": _fix}
