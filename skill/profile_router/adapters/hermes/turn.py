"""Build Hermes' agent as its own `hermes chat` does, minus all that it repeats unseen, and run one turn.

Loaded by the child, inside Hermes' python. What it takes of Hermes was read in 0.19.0: where a name is gone it stops
before the first request.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

_REPORTED = (
    "completed", "failed", "partial", "interrupted", "turn_exit_reason", "failure_reason", "compression_exhausted",
    "error", "final_response", "estimated_cost_usd", "cost_status",
)  # fmt: skip
# No question to a user who is not there, no delegation by the delegated, nothing that outlives the turn.
_WITHHELD = ("clarify", "delegation", "memory", "cronjob", "session_search")
_NEEDS_APPROVAL = ("code_execution",)

Say = Callable[..., None]
Order = Mapping[str, Any]


def load() -> None:
    """Import Hermes under the profile, most of a second, before there is an order: it asks no model and no server."""
    import_module("hermes_cli.env_loader").load_hermes_dotenv(hermes_home=os.environ["HERMES_HOME"])
    import_module("gateway.session_context").declare_stateless_channel()
    keys = import_module("hermes_cli.auth")
    read = getattr(keys, "_load_global_auth_store", None)
    _put(keys, _load_global_auth_store=dict)  # the root's keys: only an order may allow them
    import_module("hermes_cli.config").apply_terminal_config_to_env()
    import_module("run_agent")
    _put(keys, _load_global_auth_store=read)


def run(order: Order, say: Say, beside: Callable[[str], Any]) -> None:
    """Run the turn of *order*; `say` gets its events and, at last, `result`. Whatever Hermes raises is raised."""
    if not order["root_keys"]:  # else Hermes reads through to the root's keys, even past one in the profile's .env
        _put(import_module("hermes_cli.auth"), _load_global_auth_store=dict)
    config = import_module("hermes_cli.config").load_config()
    if os.environ.get("TERMINAL_ENV", "local") != "ssh":  # there the folders are another machine's
        os.environ["TERMINAL_CWD"] = order["cwd"]
    agent = _agent(order, config, say)
    beside("meter").Meter(agent, say, beside("size").sizer(order["counting"]))
    result = agent.run_conversation(order["prompt"], conversation_history=list(order["history"]))
    say("result", **{key: result.get(key) for key in _REPORTED})
    agent.close()


def _agent(order: Order, config: Mapping[str, Any], say: Say) -> Any:
    section = config.get("model") or {}
    section = section if isinstance(section, dict) else {"default": section}
    model = section.get("default") or section.get("model") or ""
    _same_model(order["expected"], model)
    runtime = import_module("hermes_cli.runtime_provider").resolve_runtime_provider(target_model=model or None)
    _same_place(order["expected"], runtime.get("base_url") or "")
    runtime = _with_key(runtime, order)
    _start_tool_servers()
    agent_class = import_module("run_agent").AIAgent
    _approvals(order["unattended"])
    agent = agent_class(
        **{key: runtime.get(key) for key in ("api_key", "base_url", "provider", "api_mode")},
        **_preferences(config.get("provider_routing") or {}),
        model=model,
        credential_pool=None,  # with it Hermes tries the next key by itself
        fallback_model=None,
        max_iterations=order["max_turns"],
        max_tokens=section.get("max_tokens") or order["max_tokens"],
        enabled_toolsets=_toolsets(order["toolsets"], config, say),
        disabled_toolsets=[
            *((config.get("agent") or {}).get("disabled_toolsets") or ()),
            *_WITHHELD,
            *(() if order["unattended"] else _NEEDS_APPROVAL),
        ],
        reasoning_config=import_module("hermes_constants").resolve_reasoning_config(config, model),
        ephemeral_system_prompt=order["system"],
        quiet_mode=True,
        platform="cli",
        session_db=None,
        skip_memory=True,
    )
    agent.suppress_status_output = True
    _one_request_a_turn(agent)
    if not isinstance(order["prompt"], str):  # else another model call would put the images into words first
        _put(agent, _model_supports_vision=lambda: True)
    return agent


def _with_key(runtime: Mapping[str, Any], order: Order) -> Mapping[str, Any]:
    """Return *runtime* with the key that was routed to, for its own server only.

    Hermes might take another one of the pool: then what is remembered of a key would be said of the wrong one.
    """
    here = urlsplit(order["expected"]["base_url"]).netloc == urlsplit(runtime.get("base_url") or "").netloc
    return {**runtime, "api_key": order["key"]} if order["key"] and here else runtime


def _same_model(expected: Mapping[str, Any], model: str) -> None:
    """Stop before the first request where Hermes reads the profile differently from whoever routed to it."""
    if model != expected["model"]:
        raise LookupError(f"it reads the profile's model as '{model}', not as '{expected['model']}'")


def _same_place(expected: Mapping[str, Any], base_url: str) -> None:
    """Stop where what was routed as local is elsewhere to Hermes."""
    if expected["local"] and urlsplit(expected["base_url"]).netloc != urlsplit(base_url).netloc:
        raise LookupError(f"it reads the profile's address as '{base_url}', not as '{expected['base_url']}'")


def _start_tool_servers() -> None:
    import logging

    startup = import_module("hermes_cli.mcp_startup")
    startup.start_background_mcp_discovery(logger=logging.getLogger(__name__), thread_name="mcp-discovery")
    startup.wait_for_mcp_discovery()


def _preferences(wish: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "providers_allowed": wish.get("only"),
        "providers_ignored": wish.get("ignore"),
        "providers_order": wish.get("order"),
        "provider_sort": wish.get("sort"),
        "provider_require_parameters": wish.get("require_parameters", False),
        "provider_data_collection": wish.get("data_collection"),
    }


def _toolsets(wanted: list[str] | None, config: Mapping[str, Any], say: Say) -> list[str]:
    """Return what the task wants and the profile allows. A profile that lists none for the CLI allows any."""
    allowed: set[str] = import_module("hermes_cli.tools_config")._get_platform_tools(config, "cli")
    if wanted is None:
        return sorted(allowed)
    known = import_module("toolsets").validate_toolset
    listed = isinstance((config.get("platform_toolsets") or {}).get("cli"), list)
    offered = [name for name in wanted if known(name) and (name in allowed or not listed)]
    if left_out := [name for name in wanted if name not in offered]:
        say("note", text=f"toolsets that Hermes does not offer under this profile: {', '.join(left_out)}")
    return offered


def _approvals(unattended: bool) -> None:
    """Grant what asks for approval, or refuse it at once: left alone, Hermes grants it where nobody is there to ask."""
    approval = import_module("tools.approval")
    if unattended:
        _put(approval, _YOLO_MODE_FROZEN=True)
        return
    os.environ["HERMES_CRON_SESSION"] = "1"  # Hermes' word for: nobody is there
    refused = {"_get_approval_mode": lambda: "manual", "_get_cron_approval_mode": lambda: "deny"}
    _put(approval, _YOLO_MODE_FROZEN=False, **refused)


def _one_request_a_turn(agent: Any) -> None:
    """Switch off retries, the second round on a new connection, and the summary asked for beyond the turn limit."""
    os.environ["HERMES_STREAM_RETRIES"] = "0"  # once more: the profile's .env may have set it
    _put(
        agent,
        _api_max_retries=1,
        _try_recover_primary_transport=lambda *_, **__: False,
        _handle_max_iterations=lambda *_, **__: "",
        _skill_nudge_interval=0,
    )


def _put(place: Any, **values: Any) -> None:
    for name, value in values.items():
        if not hasattr(place, name):
            raise AttributeError(f"Hermes has no {name} any more: this is not the version that was read")
        setattr(place, name, value)
