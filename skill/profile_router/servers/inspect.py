"""Ask a local model server what it is, for a run and for the doctor. Nothing that is asked here runs a model.

Sources: llama.cpp's server (b11549, measured): while loading, every path gives 503; `/props` has the window of one
slot; `/v1/chat/completions/input_tokens` counts a whole request, template and tools included. Ollama's API reference:
`/api/show` has a model's settings, and `remote_host` for one that runs elsewhere; `/api/ps` what is loaded; longer
prompts are cut silently. LM Studio's REST API v0: `/api/v0/models`. vLLM's `/v1/models` has `owned_by: vllm` and
`max_model_len`.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from profile_router.core.ladder.causes import TABLE, Cause, cause_of_answer, detail_of
from profile_router.core.ladder.failure import Place
from profile_router.core.ladder.server_report import ServerReport, same_model
from profile_router.core.policy import Policy
from profile_router.core.profile import Profile, is_loopback
from profile_router.core.routing.candidate import Candidates, is_local
from profile_router.servers.faults import REFUSED_STATUSES, fault_of_answer, fault_of_error
from profile_router.servers.http import ELSEWHERE, ask, error_of_answer, json_in, open_client, transport_cause
from profile_router.values import mutable

if TYPE_CHECKING:
    import httpx2

OLLAMA_SILENT_TOKENS = 4_096
INSPECT_SECONDS = 10.0  # a server that is busy with a prompt answers other questions late
_NAME_KEYS = ("id", "name", "model", "root")
_NOT_SERVING: frozenset[Cause] = frozenset({"bad-gateway", "unavailable", "loading"})
_OLLAMA_SHOWS = frozenset({"model_info", "details", "modelfile"})
_BETWEEN_LOOKS_S = 0.5


@mutable
class ModelServers:
    """Asks the servers that are ours to ask: those on this machine and those the policy attests as local."""

    policy: Policy
    profiles: Mapping[str, Profile]
    candidates: Candidates

    def key_missing(self, place: Place) -> str | None:
        """Return which key *place* lacks and where it was looked for, None where it lacks none."""
        loaded = self.profiles[place.profile].at(place.provider)
        if not loaded.key_missing:
            return None
        variable = loaded.endpoint.key_variable or "its key"
        damage = f", and {loaded.pool_damage}" if loaded.pool_damage else ""
        return f"{place.profile} has no key: {variable} is neither in the profile's .env nor in the environment{damage}"

    async def inspect(self, place: Place) -> ServerReport | None:
        """Return what the server at *place* says, None for one in a cloud: nothing is asked there but the task.

        One that is loading its model is asked again until it is done, or the policy's `loading_seconds` are over.
        """
        until = time.monotonic() + self.policy.limits.loading_seconds
        while True:
            report = await self.look(place)
            if report is None or report.cause != "loading" or time.monotonic() >= until:
                return report
            await asyncio.sleep(_BETWEEN_LOOKS_S)

    async def look(self, place: Place) -> ServerReport | None:
        """Return what the server at *place* says right now, None for one in a cloud."""
        loaded = self.profiles[place.profile].at(place.provider)
        candidate = self.candidates.get(place.profile)
        local = is_local(candidate.at(place.provider) if candidate else None, self.policy)
        if not (local or is_loopback(loaded.endpoint.base_url)):
            return None
        return await inspect(loaded, connect_s=self.policy.limits.connect_seconds)


async def inspect(profile: Profile, *, connect_s: float) -> ServerReport:
    """Return what the server of *profile* says of itself. Asks nothing that costs; never raises for a bad server."""
    import httpx2

    try:
        async with _client(profile, connect_s) as client:
            answer = await _ask_models(client, profile)
            message = error_of_answer(answer, profile.endpoint.api_key)
            if (cause := cause_of_answer(answer.status_code, message)) in _NOT_SERVING:
                detail = f"HTTP {answer.status_code} {message}".strip()
                return ServerReport(profile=profile.name, cause=cause, detail=detail)
            listed = _entries(json_in(answer), "data")
            models = _names(listed, "id")
            detail = "" if models else f"HTTP {answer.status_code} without a list of models at /models"
            report = ServerReport(profile=profile.name, detail=detail, models=models)
            report = await _recognised(report, profile, listed, client)
            base_url = profile.endpoint.base_url
            if not (report.kind or models):
                fault, serves_at = await fault_of_answer(answer, client, base_url)
                return replace(report, fault=fault, serves_at=serves_at)
            return replace(report, fault=None) if report.kind else report
    except httpx2.HTTPError as error:
        fault, serves_at = await fault_of_error(error, profile.endpoint.base_url, connect_s=connect_s)
        return replace(_unanswered(error, profile, connect_s), fault=fault, serves_at=serves_at)


async def listed_models(profile: Profile, *, connect_s: float) -> tuple[tuple[str, ...], ...]:
    """Return all names of each model that the server of *profile* lists; none where it cannot be asked.

    llama.cpp gives `aliases`, vLLM the `root` of a served name, Ollama `name` beside `id`.
    """
    import httpx2

    try:
        async with _client(profile, connect_s) as client:
            answer = await _ask_models(client, profile)
    except httpx2.HTTPError:
        return ()
    listed = _entries(json_in(answer), "data") if answer.status_code == 200 else []
    return tuple(names for entry in listed if (names := _all_names(entry)))


async def count_prompt(profile: Profile, body: Mapping[str, Any], *, connect_s: float) -> int | None:
    """Return the server's own count of the request *body* in tokens, None where it cannot count."""
    async with _client(profile, connect_s) as client:
        base_url = profile.endpoint.base_url.rstrip("/")
        return _size(await _page(client, base_url, "POST", "/chat/completions/input_tokens", body), "input_tokens")


def server_root(base_url: str) -> str:
    """Return *base_url* without its /v1: where a server's own endpoints lie."""
    return re.sub(r"/v1/?$", "", base_url.rstrip("/"))


async def _recognised(
    report: ServerReport, profile: Profile, listed: Sequence[Mapping[str, Any]], client: httpx2.AsyncClient
) -> ServerReport:
    """Return *report* with what a server of the first kind that fits tells of itself.

    llama.cpp imitates some of Ollama's pages, so it comes first. LM Studio answers unknown paths with 200 and an error.
    Whether the model runs elsewhere is asked of every server that is not llama.cpp's.
    """
    root = server_root(profile.endpoint.base_url)
    page = partial(_page, client, root)
    status, props = await _asked(client, root, "GET", "/props")
    if status in REFUSED_STATUSES and report.models and profile.endpoint.api_key is None:
        report = replace(report, fault="key-refused")  # llama.cpp's lists its models to everybody
    if (settings := _get(props, "default_generation_settings")) is not None:
        path, window = _get(props, "model_path"), _size(settings, "n_ctx")
        report = replace(
            report,
            kind="llama-server",
            window=window,
            slots=_size(props, "total_slots"),
            model_path=path if isinstance(path, str) and path else None,
            loaded=report.models,
            vision=_get(props, "modalities", "vision") is True,
            counts_prompts=window is not None,
            takes_tools=_all_true(props, "supports_tools", "supports_tool_calls"),
            takes_system=_all_true(props, "supports_system_role"),
        )
        if window is not None:
            return report
    shown = await page("POST", "/api/show", {"model": profile.endpoint.model})
    host = _get(shown, "remote_host") or _get(shown, "remote_model")
    report = replace(report, elsewhere=str(host)[:120] if host else "")
    if report.kind:
        return report
    if any(entry.get("owned_by") == "vllm" for entry in listed):
        window = _loaded_window(profile, listed, "max_model_len")
        return replace(report, kind="vLLM", window=window, loaded=report.models)
    shows = isinstance(shown, dict) and bool(_OLLAMA_SHOWS & shown.keys())
    if shows or isinstance(_get(await page("GET", "/api/version"), "version"), str):
        running = _entries(await page("GET", "/api/ps"), "models")
        window = _ollama_window(profile, shown, running) if shows else None
        able = _get(shown, "capabilities")
        tools = "tools" in able if isinstance(able, list) else None
        return replace(report, kind="Ollama", window=window, loaded=_names(running, "name"), takes_tools=tools)
    known = [entry for entry in _entries(await page("GET", "/api/v0/models"), "data") if "state" in entry]
    if known:
        loaded = [entry for entry in known if entry["state"] == "loaded"]
        window = _loaded_window(profile, loaded, "loaded_context_length")
        return replace(report, kind="LM Studio", window=window, loaded=_names(loaded, "id"))
    return report


def _all_true(props: Any, *names: str) -> bool | None:
    """Return whether llama.cpp's chat template can do all that *names* say; None where it does not tell."""
    told = [_get(props, "chat_template_caps", name) for name in names]
    return all(told) if all(isinstance(one, bool) for one in told) else None


def _ollama_window(profile: Profile, shown: Mapping[str, Any], running: Sequence[Mapping[str, Any]]) -> int:
    """Return Ollama's window for the model that it has *shown*.

    A loaded model tells its real context length. Else the model's own `num_ctx` counts. Else it is the smaller of the
    profile's figure and 4,096, Ollama's default. Ollama would cut a longer prompt without a word.
    """
    if loaded := _loaded_window(profile, running, "context_length"):
        return loaded
    stated = re.search(r"^[ \t]*num_ctx[ \t]+([1-9]\d{0,8})\s*$", str(shown.get("parameters") or ""), re.MULTILINE)
    if stated:
        return int(stated.group(1))
    return min(profile.window or OLLAMA_SILENT_TOKENS, OLLAMA_SILENT_TOKENS)


def _loaded_window(profile: Profile, entries: Sequence[Mapping[str, Any]], key: str) -> int | None:
    """Return the first size at *key* among the *entries* that are the model of *profile*."""
    wanted = profile.endpoint.model
    ours = (entry for entry in entries if any(same_model(wanted, name) for name in _all_names(entry)))
    return next((size for entry in ours if (size := _size(entry, key))), None)


def _client(profile: Profile, connect_s: float) -> httpx2.AsyncClient:
    url, key = profile.endpoint.base_url, profile.endpoint.api_key
    return open_client(url, direct=True, connect_s=connect_s, read_s=max(connect_s, INSPECT_SECONDS), key=key)


async def _ask_models(client: httpx2.AsyncClient, profile: Profile) -> httpx2.Response:
    return await ask(client, "GET", f"{profile.endpoint.base_url.rstrip('/')}/models")


async def _page(
    client: httpx2.AsyncClient, root: str, method: str, path: str, body: Mapping[str, Any] | None = None
) -> Any:
    """Return the JSON at *path* below *root*, None where the server has none there."""
    return (await _asked(client, root, method, path, body))[1]


async def _asked(
    client: httpx2.AsyncClient, root: str, method: str, path: str, body: Mapping[str, Any] | None = None
) -> tuple[int, Any]:
    """Return the status of *path* below *root*, 0 for no answer, and its JSON, None where it has none."""
    import httpx2

    try:
        answer = await ask(client, method, f"{root}{path}", body)
    except httpx2.HTTPError:
        return 0, None
    return answer.status_code, json_in(answer) if answer.status_code == 200 else None


def _entries(body: Any, key: str) -> list[dict[str, Any]]:
    entries = _get(body, key)
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _names(entries: Sequence[Mapping[str, Any]], key: str) -> tuple[str, ...]:
    return tuple(name for entry in entries if isinstance(name := entry.get(key), str))


def _all_names(entry: Mapping[str, Any]) -> tuple[str, ...]:
    aliases = entry.get("aliases")
    names = [*(entry.get(key) for key in _NAME_KEYS), *(aliases if isinstance(aliases, list) else ())]
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str) and name.strip()))


def _size(value: Any, key: str) -> int | None:
    size = _get(value, key)
    return size if isinstance(size, int) and not isinstance(size, bool) and size > 0 else None


def _get(value: Any, *path: str) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _unanswered(error: Exception, profile: Profile, connect_s: float) -> ServerReport:
    """Return what *error* means of the server itself. An answer that is cut short does not count as a model's answer
    here."""
    import httpx2

    found = transport_cause(error)
    if ELSEWHERE in str(error):
        return ServerReport(profile=profile.name, cause=found, detail=str(error))
    if TABLE[found].family == "unreached":
        return ServerReport(profile=profile.name, cause=found, detail=detail_of(found, seconds=connect_s))
    if isinstance(error, httpx2.TimeoutException):
        return ServerReport(profile=profile.name, cause="request-timeout", detail=detail_of("request-timeout"))
    detail = f"{detail_of(found)} ({type(error).__name__})"
    return ServerReport(profile=profile.name, cause="bad-gateway", detail=detail)
