"""Build Hermes' agent as its own `hermes chat` does, minus all that it repeats unseen, and run one turn.

Loaded by the child, inside Hermes' python. Where Hermes lacks what the turn takes of it (see `internals`), `load` or
`run` raises Unknown before the first request.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlsplit

_REPORTED = (
    "completed", "failed", "partial", "interrupted", "turn_exit_reason", "failure_reason", "compression_exhausted",
    "error", "final_response", "estimated_cost_usd", "cost_status",
)  # fmt: skip
_NEEDS_APPROVAL = ("code_execution",)
_TURNS_SPENT = "max_iterations_reached"

_Say = Callable[..., None]
_Order = Mapping[str, Any]


class HermesTurn:
    """One turn: *internals* finds what Hermes has. Each request goes by *meter*, whoever of Hermes makes it.

    *doors* is the module of the door that lets it out to the endpoint of the order alone. *sending* is the one that
    tells which tools may send.
    """

    def __init__(self, internals: Any, meter: Any, doors: Any, sending: Any) -> None:
        self.internals = internals
        self.meter = meter
        self.doors = doors
        self.sending = sending

    def load(self) -> None:
        """Import Hermes under the profile, about a second, before there is an order: no model or server is asked."""
        take, keys = self.internals.take_of_hermes, self.internals.module_with("_load_global_auth_store")
        take("load_hermes_dotenv")(hermes_home=os.environ["HERMES_HOME"])
        take("declare_stateless_channel")()
        read = keys._load_global_auth_store
        self.internals.replace_in(keys, _load_global_auth_store=dict)  # the root's keys: only an order may allow them
        take("apply_terminal_config_to_env")()
        self.meter.stand_between(self.internals.module_with("call_llm"))  # before any of Hermes has taken it from there
        self.internals.look_for_all()
        self.internals.replace_in(keys, _load_global_auth_store=read)

    def run(self, order: _Order, say: _Say) -> None:
        """Run the turn of *order*; `say` gets its events and, at last, `result`. Whatever Hermes raises is raised."""
        if not order["root_keys"]:  # else Hermes reads through to the root's keys, even past one in the profile's .env
            self.internals.replace_in(
                self.internals.module_with("_load_global_auth_store"), _load_global_auth_store=dict
            )
        config = self.internals.take_of_hermes("load_config")()
        if os.environ.get("TERMINAL_ENV", "local") != "ssh":  # there the folders are another machine's
            os.environ["TERMINAL_CWD"] = order["cwd"]
        may_leave = partial(self.meter.may_leave, say) if order["expected"]["local"] else None
        door = self._stand_at_the_door(order, say, may_leave)
        off = self.sending.ASK_OTHERS
        if may_leave is not None:
            off += self.sending.CONNECTED
            self.sending.stand_between(self.internals.take_of_hermes("ToolRegistry"), may_leave)
        agent = _agent(order, config, say, self.internals, off, self.sending.WITHHELD)
        door.also(agent.model or "")
        # Beyond its limit Hermes asks for a summary here; what it calls such an ending differs between versions.
        self.internals.replace_in(agent, _handle_max_iterations=lambda *_, **__: self.meter.end())
        self.meter.begin(say, order["counting"], order["max_turns"], agent.max_tokens or 0)
        self.meter.watch(agent, self.internals)
        say("begun")
        result = agent.run_conversation(order["prompt"], conversation_history=list(order["history"]))
        ended = {"turn_exit_reason": _TURNS_SPENT, "completed": False} if self.meter.spent else {}
        say("result", **({key: result.get(key) for key in _REPORTED} | ended))
        agent.close()

    def _stand_at_the_door(self, order: _Order, say: _Say, may_leave: Callable[[str], bool] | None) -> Any:
        door = self.doors.Door(say, order["expected"], order["key"], may_leave)
        names = ("HTTPTransport", "AsyncHTTPTransport", "HTTPConnection")
        others = (("urllib3.connection", "HTTPConnection"), ("aiohttp", "ClientSession"))
        door.stand(
            *(self.internals.take_of_hermes(name) for name in names),
            *(self.internals.client_of(module, name) for module, name in others),
        )
        for kind, method in self.internals.model_programs():
            door.stand_at(kind, method)
        clients = [self.internals.take_of_hermes(name) for name in ("Client", "AsyncClient")]
        self.meter.stand_at_the_door(clients, door)
        return door


def _agent(
    order: _Order, config: Mapping[str, Any], say: _Say, internals: Any, off: Sequence[str], withheld: Sequence[str]
) -> Any:
    section = config.get("model") or {}
    section = section if isinstance(section, dict) else {"default": section}
    model = section.get("default") or section.get("model") or ""
    _same_model(order["expected"], model)
    runtime = internals.take_of_hermes("resolve_runtime_provider")(target_model=model or None)
    _same_place(order["expected"], runtime.get("base_url") or "")
    runtime = _with_key(runtime, order)
    _start_tool_servers(internals)
    _approvals(order["unattended"], internals)
    agent = internals.take_of_hermes("AIAgent")(
        **{key: runtime.get(key) for key in ("api_key", "base_url", "provider", "api_mode")},
        **_preferences(config.get("provider_routing") or {}),
        model=model,
        credential_pool=None,  # with it Hermes tries the next key by itself
        fallback_model=None,
        max_iterations=order["max_turns"],
        max_tokens=section.get("max_tokens") or order["max_tokens"],
        enabled_toolsets=_toolsets(order["toolsets"], config, say, internals, off),
        disabled_toolsets=[
            *((config.get("agent") or {}).get("disabled_toolsets") or ()),
            *withheld,
            *filter(internals.take_of_hermes("validate_toolset"), off),
            *(() if order["unattended"] else _NEEDS_APPROVAL),
        ],
        reasoning_config=internals.take_of_hermes("resolve_reasoning_config")(config, model),
        ephemeral_system_prompt=order["system"],
        quiet_mode=True,
        platform="cli",
        session_db=None,
        skip_memory=True,
    )
    agent.suppress_status_output = True
    _one_request_a_turn(agent, internals)
    if not isinstance(order["prompt"], str):  # else another model call would put the images into words first
        internals.replace_in(agent, _model_supports_vision=lambda: True)
    return agent


def _with_key(runtime: Mapping[str, Any], order: _Order) -> Mapping[str, Any]:
    """Return *runtime* with the key that was routed to, for its own server only.

    Hermes might take another one of the pool. What is remembered of a key would be said of the wrong one then.
    """
    here = urlsplit(order["expected"]["base_url"]).netloc == urlsplit(runtime.get("base_url") or "").netloc
    return {**runtime, "api_key": order["key"]} if order["key"] and here else runtime


def _same_model(expected: Mapping[str, Any], model: str) -> None:
    """Stop before the first request where Hermes reads the profile differently from whoever routed to it."""
    if model != expected["model"]:
        raise LookupError(f"it reads the profile's model as '{model}', not as '{expected['model']}'")


def _same_place(expected: Mapping[str, Any], base_url: str) -> None:
    """Stop where Hermes finds the provider elsewhere: nobody routed to it, knows its price or attested it as local."""
    if urlsplit(expected["base_url"]).netloc.lower() != urlsplit(base_url).netloc.lower():
        raise LookupError(
            f"it reads the profile's address as '{base_url}', not as '{expected['base_url']}': "
            "state `provider: custom` beside `base_url`"
        )


def _start_tool_servers(internals: Any) -> None:
    log = logging.getLogger(__name__)
    internals.take_of_hermes("start_background_mcp_discovery")(logger=log, thread_name="mcp-discovery")
    internals.take_of_hermes("wait_for_mcp_discovery")()


def _preferences(wish: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "providers_allowed": wish.get("only"),
        "providers_ignored": wish.get("ignore"),
        "providers_order": wish.get("order"),
        "provider_sort": wish.get("sort"),
        "provider_require_parameters": wish.get("require_parameters", False),
        "provider_data_collection": wish.get("data_collection"),
    }


def _toolsets(
    wanted: list[str] | None, config: Mapping[str, Any], say: _Say, internals: Any, off: Sequence[str]
) -> list[str]:
    """Return what the task wants and the profile allows. A profile that lists none for the CLI allows any.

    Those that are *off* ask models of their own, or send past the router.
    """
    if others := [name for name in wanted or () if name in off]:
        say("note", text=f"toolsets that ask other models or connected services are off here: {', '.join(others)}")
        wanted = [name for name in wanted or () if name not in off]
    allowed: set[str] = internals.take_of_hermes("_get_platform_tools")(config, "cli")
    if wanted is None:
        return sorted(allowed)
    known = internals.take_of_hermes("validate_toolset")
    listed = isinstance((config.get("platform_toolsets") or {}).get("cli"), list)
    offered = [name for name in wanted if known(name) and (name in allowed or not listed)]
    if left_out := [name for name in wanted if name not in offered]:
        say("note", text=f"toolsets that Hermes does not offer under this profile: {', '.join(left_out)}")
    return offered


def _approvals(unattended: bool, internals: Any) -> None:
    """Grant what asks for approval, or refuse it at once. Hermes itself grants it where no one can be asked."""
    frozen = internals.module_with("_YOLO_MODE_FROZEN")
    if unattended:
        internals.replace_in(frozen, _YOLO_MODE_FROZEN=True)
        return
    os.environ["HERMES_CRON_SESSION"] = "1"  # Hermes' word for: no one is there
    internals.replace_in(frozen, _YOLO_MODE_FROZEN=False)
    internals.replace_in(internals.module_with("_get_approval_mode"), _get_approval_mode=lambda: "manual")
    internals.replace_in(internals.module_with("_get_cron_approval_mode"), _get_cron_approval_mode=lambda: "deny")


def _one_request_a_turn(agent: Any, internals: Any) -> None:
    """Switch off retries, the second round on a new connection, and the wait for a server that fails."""
    os.environ["HERMES_STREAM_RETRIES"] = "0"  # once more: the profile's .env may have set it
    internals.replace_in(
        agent,
        _api_max_retries=1,
        _try_recover_primary_transport=lambda *_, **__: False,
        _skill_nudge_interval=0,
    )
    if hasattr(agent, "_auto_recovery_cycles"):  # from 0.22 on
        internals.replace_in(agent, _auto_recovery_cycles=0)
