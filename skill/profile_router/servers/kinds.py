"""Ask a local model server which program it is, what it has loaded, and how large one request may be.

Sources: llama.cpp's /props (b11549, measured); Ollama's API reference (/api/version, /api/ps, /api/show with
`remote_host` for a model that runs elsewhere); LM Studio's REST API v0 (/api/v0/models); vLLM's /v1/models, which says
`owned_by: vllm` and `max_model_len`. Nothing asked here runs a model.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import urlsplit

from profile_router.core.ladder.server_report import BackendReport, same_model
from profile_router.core.profile import Profile, is_loopback
from profile_router.machine.listener import Listener, find_listener
from profile_router.machine.machine import Machine
from profile_router.outside.json_reader import UnreadableJson, read_json
from profile_router.servers.http import ask, open_client
from profile_router.servers.inspect import READ_SECONDS, inspect, server_root


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server as it was found. `kind` is a row of KINDS, "" for an unknown one; `window` is tokens for one request.

    `loaded` are the models in memory, None where it is not told. `elsewhere` names the host that really runs the model.
    """

    address: str
    report: BackendReport
    kind: str = ""
    window: int | None = None
    slots: int | None = None
    model_path: str | None = None
    loaded: tuple[str, ...] | None = None
    elsewhere: str | None = None
    listener: Listener | None = None


class Ask(Protocol):
    """Asks one page of a server: JSON, or None where there is none."""

    def __call__(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Awaitable[Any]:
        """Return the JSON at *path*, which begins at the server's root."""
        ...


async def look_at(profile: Profile, machine: Machine, *, connect_s: float) -> Server:
    """Return the server of *profile*. Never raises for a bad server: `report.cause` says what is wrong."""
    url = urlsplit(profile.endpoint.base_url)
    port = url.port or (443 if url.scheme == "https" else 80)
    server = Server(address=f"{url.hostname}:{port}", report=await inspect(profile, connect_s=connect_s))
    if is_loopback(profile.endpoint.base_url):
        server = replace(server, listener=await asyncio.to_thread(find_listener, machine, port))
    if server.report.cause is not None:
        return server
    key = profile.endpoint.api_key
    headers = {"Authorization": f"Bearer {key.reveal()}"} if key else {}
    async with open_client(direct=True, connect_s=connect_s, read_s=READ_SECONDS, headers=headers) as client:

        async def asked(method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
            import httpx2

            try:
                answer = await ask(client, method, f"{server_root(profile.endpoint.base_url)}{path}", body)
                return read_json(answer.content) if answer.status_code == 200 else None
            except (httpx2.HTTPError, UnreadableJson):
                return None

        return await recognise(server, profile, asked)


async def recognise(server: Server, profile: Profile, ask: Ask) -> Server:
    """Return *server* with what the first kind that fits could find out."""
    for kind, read in KINDS:
        found = await read(server, profile, ask)
        if found is not None:
            return replace(found, kind=kind)
    return replace(server, window=server.report.window)


async def _llama(server: Server, profile: Profile, ask: Ask) -> Server | None:
    props = await ask("GET", "/props")
    if not isinstance(props, dict) or "default_generation_settings" not in props:
        return None
    slots, path = props.get("total_slots"), props.get("model_path")
    return replace(
        server,
        window=server.report.window,
        slots=_size(slots),
        model_path=path if isinstance(path, str) and path else None,
        loaded=server.report.models,
    )


async def _lm_studio(server: Server, profile: Profile, ask: Ask) -> Server | None:
    entries = [entry for entry in _list(await ask("GET", "/api/v0/models"), "data") if "state" in entry]
    if not entries:
        return None
    loaded = [entry for entry in entries if entry["state"] == "loaded"]
    window = [_size(entry.get("loaded_context_length")) for entry in loaded if _is(profile, entry, "id")]
    return replace(server, window=next(iter(window), None), loaded=_names(loaded, "id"))


async def _ollama(server: Server, profile: Profile, ask: Ask) -> Server | None:
    version = await ask("GET", "/api/version")
    if not isinstance(version, dict) or not isinstance(version.get("version"), str):
        return None
    running = _list(await ask("GET", "/api/ps"), "models")
    shown = await ask("POST", "/api/show", {"model": profile.endpoint.model})
    host = shown.get("remote_host") if isinstance(shown, dict) else None
    elsewhere = host if isinstance(host, str) and host else None
    return replace(server, window=server.report.window, loaded=_names(running, "name"), elsewhere=elsewhere)


async def _vllm(server: Server, profile: Profile, ask: Ask) -> Server | None:
    entries = _list(await ask("GET", "/v1/models"), "data")
    if not any(entry.get("owned_by") == "vllm" for entry in entries):
        return None
    windows = [_size(entry.get("max_model_len")) for entry in entries if _is(profile, entry, "id")]
    return replace(server, window=next(iter(windows), None), loaded=_names(entries, "id"))


Read = Callable[[Server, Profile, Ask], Awaitable[Server | None]]
# Ollama answers unknown paths with 404, LM Studio with 200 and an error, llama.cpp imitates some of Ollama's: so the
# page that only one of them has comes first.
KINDS: tuple[tuple[str, Read], ...] = (
    ("llama-server", _llama),
    ("LM Studio", _lm_studio),
    ("Ollama", _ollama),
    ("vLLM", _vllm),
)


def _list(body: Any, key: str) -> list[dict[str, Any]]:
    entries = body.get(key) if isinstance(body, dict) else None
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _names(entries: list[dict[str, Any]], key: str) -> tuple[str, ...]:
    return tuple(name for entry in entries if isinstance(name := entry.get(key), str))


def _is(profile: Profile, entry: Mapping[str, Any], key: str) -> bool:
    name = entry.get(key)
    return isinstance(name, str) and same_model(profile.endpoint.model, name)


def _size(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
