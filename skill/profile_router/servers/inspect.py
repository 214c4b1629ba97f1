"""Ask a local model server what it is: alive, which models, how large a window, and how long it counts a prompt.

Answers were measured on llama.cpp's server (b11549): while loading, every path gives 503; `/props` has the window of
one slot; `/v1/chat/completions/input_tokens` counts a whole request, template and tools included. Ollama tells a
model's settings at `/api/show` and what is loaded at `/api/ps`, and cuts longer prompts silently.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeGuard

from profile_router.core.ladder.causes import TABLE, Cause, cause_of_answer, detail_of
from profile_router.core.ladder.server_report import BackendReport, ListedModel, same_model
from profile_router.core.profile import Profile
from profile_router.outside.json_reader import UnreadableJson, read_json
from profile_router.servers.http import ELSEWHERE, ask, open_client, transport_cause

if TYPE_CHECKING:
    import httpx2

OLLAMA_SILENT_TOKENS = 4_096
_NAME_KEYS = ("id", "name", "model", "root")
READ_SECONDS = 10.0  # a server that is busy with a prompt answers other questions late
_NOT_SERVING: frozenset[Cause] = frozenset({"bad-gateway", "unavailable", "loading"})


async def inspect(profile: Profile, *, connect_s: float) -> BackendReport:
    """Return what the server of *profile* says of itself. Asks nothing that costs; never raises for a bad server."""
    import httpx2

    root = server_root(profile.endpoint.base_url)
    try:
        async with _client(profile, connect_s) as client:
            answer = await ask(client, "GET", f"{profile.endpoint.base_url.rstrip('/')}/models")
            message = _message(answer, profile)
            if (cause := cause_of_answer(answer.status_code, message)) in _NOT_SERVING:
                detail = f"HTTP {answer.status_code} {message}".strip()
                return BackendReport(profile=profile.name, cause=cause, detail=detail)
            models = _model_ids(answer)
            detail = "" if models else f"HTTP {answer.status_code} without a list of models at /models"
            return replace(await _window(client, profile, root, models), detail=detail)
    except httpx2.HTTPError as error:
        return _unanswered(error, profile, connect_s)


async def listed_models(profile: Profile, *, connect_s: float) -> tuple[ListedModel, ...]:
    """Return the models that the server of *profile* lists, each with all of its names; none where it cannot be asked.

    llama.cpp gives `aliases`, vLLM the `root` of a served name, Ollama `name` beside `id`.
    """
    import httpx2

    try:
        async with _client(profile, connect_s) as client:
            answer = await ask(client, "GET", f"{profile.endpoint.base_url.rstrip('/')}/models")
    except httpx2.HTTPError:
        return ()
    entries = _get(_body(answer), "data") if answer.status_code == 200 else None
    found = (_names(entry) for entry in (entries if isinstance(entries, list) else ()))
    return tuple(ListedModel(names=names) for names in found if names)


def _names(entry: Any) -> tuple[str, ...]:
    aliases = _get(entry, "aliases")
    names = [*(_get(entry, key) for key in _NAME_KEYS), *(aliases if isinstance(aliases, list) else ())]
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str) and name.strip()))


async def count_prompt(profile: Profile, body: Mapping[str, Any], *, connect_s: float) -> int | None:
    """Return the server's own count of the request *body* in tokens, None where it cannot count."""
    import httpx2

    url = f"{profile.endpoint.base_url.rstrip('/')}/chat/completions/input_tokens"
    try:
        async with _client(profile, connect_s) as client:
            answer = await ask(client, "POST", url, dict(body))
            counted: Any = _get(_body(answer), "input_tokens") if answer.status_code == 200 else None
    except httpx2.HTTPError:
        return None
    return counted if _is_size(counted) else None


def server_root(base_url: str) -> str:
    """Return *base_url* without its /v1: where a server's own endpoints lie."""
    return re.sub(r"/v1/?$", "", base_url.rstrip("/"))


def _client(profile: Profile, connect_s: float) -> httpx2.AsyncClient:
    key = profile.endpoint.api_key
    headers = {"Authorization": f"Bearer {key.reveal()}"} if key else {}
    return open_client(direct=True, connect_s=connect_s, read_s=max(connect_s, READ_SECONDS), headers=headers)


async def _window(client: httpx2.AsyncClient, profile: Profile, root: str, models: tuple[str, ...]) -> BackendReport:
    props = await _json(client, "GET", f"{root}/props")
    slot = _get(props, "default_generation_settings", "n_ctx")
    if _is_size(slot):
        vision = _get(props, "modalities", "vision")
        return BackendReport(
            profile=profile.name, models=models, window=slot, vision=vision is True, counts_prompts=True
        )
    shown = await _json(client, "POST", f"{root}/api/show", {"model": profile.endpoint.model})
    if not isinstance(shown, dict):
        return BackendReport(profile=profile.name, models=models)
    host = shown.get("remote_host") or shown.get("remote_model")
    window = await _ollama_window(client, profile, root, shown)
    return BackendReport(profile=profile.name, models=models, window=window, elsewhere=str(host)[:120] if host else "")


async def _ollama_window(
    client: httpx2.AsyncClient, profile: Profile, root: str, shown: Mapping[str, Any]
) -> int | None:
    """Return Ollama's window, None where what it has *shown* of the model is another server's.

    What is loaded tells its real context length; else the model's own `num_ctx`; else the smaller of the profile's
    figure and 4,096, Ollama's default, because a longer prompt would be cut without a word.
    """
    if not {"model_info", "details", "modelfile"} & shown.keys():
        return None
    running = _get(await _json(client, "GET", f"{root}/api/ps"), "models")
    for entry in running if isinstance(running, list) else ():
        names = [name for name in (_get(entry, "name"), _get(entry, "model")) if isinstance(name, str)]
        loaded = _get(entry, "context_length")
        if _is_size(loaded) and any(same_model(profile.endpoint.model, name) for name in names):
            return loaded
    stated = re.search(r"^\s*num_ctx\s+([1-9]\d{0,8})\s*$", str(shown.get("parameters") or ""), re.MULTILINE)
    if stated:
        return int(stated.group(1))
    return min(profile.window or OLLAMA_SILENT_TOKENS, OLLAMA_SILENT_TOKENS)


async def _json(client: httpx2.AsyncClient, method: str, url: str, body: Mapping[str, Any] | None = None) -> Any:
    import httpx2

    try:
        answer = await ask(client, method, url, body)
        return _body(answer) if answer.status_code == 200 else None
    except httpx2.HTTPError:
        return None


def _model_ids(answer: httpx2.Response) -> tuple[str, ...]:
    entries = _get(_body(answer), "data")
    found = [_get(entry, "id") for entry in entries] if isinstance(entries, list) else []
    return tuple(name for name in found if isinstance(name, str))


def _message(answer: httpx2.Response, profile: Profile) -> str:
    message = _get(_body(answer), "error", "message")
    key = profile.endpoint.api_key
    text = " ".join(str(message).split()) if message else ""
    return (text.replace(key.reveal(), "***") if key else text)[:120]


def _body(answer: httpx2.Response) -> Any:
    try:
        return read_json(answer.content)
    except UnreadableJson:
        return None


def _is_size(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _get(value: Any, *path: str) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _unanswered(error: Exception, profile: Profile, connect_s: float) -> BackendReport:
    """Return what *error* means of the server itself: an answer that is cut short is not a model's answer here."""
    import httpx2

    found = transport_cause(error)
    if ELSEWHERE in str(error):
        return BackendReport(profile=profile.name, cause=found, detail=str(error))
    if TABLE[found].family == "unreached":
        return BackendReport(profile=profile.name, cause=found, detail=detail_of(found, seconds=connect_s))
    if isinstance(error, httpx2.TimeoutException):
        return BackendReport(profile=profile.name, cause="request-timeout", detail=detail_of("request-timeout"))
    detail = f"{detail_of(found)} ({type(error).__name__})"
    return BackendReport(profile=profile.name, cause="bad-gateway", detail=detail)
