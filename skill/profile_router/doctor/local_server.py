"""Checks of the local model servers: there, with the right model, with the room that the profile counts on."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from profile_router.core.ladder.server_report import ServerReport, same_model
from profile_router.core.profile import address
from profile_router.core.text import some_of
from profile_router.doctor.facts import DoctorFacts, Subject
from profile_router.doctor.finding import Finding, Fix, failed, passed, set_config, warned
from profile_router.doctor.fixes import with_fix
from profile_router.machine.machine import AMD, NVIDIA


def reachable(facts: DoctorFacts) -> Iterator[Finding]:
    """Fail for a server that does not answer; warn for one that still loads its model."""
    for subject, profile in facts.loaded():
        server = subject.server
        if server is None:
            continue
        name, where = f"{subject.name} server", address(profile.endpoint.base_url)
        wrong = server.fault or server.cause or (None if server.kind or server.models else "no-models")
        if wrong is not None:
            yield with_fix(name, wrong, server.detail, subject, profile, at=server.serves_at)
        else:
            slots = f", {server.slots} slots" if server.slots and server.slots > 1 else ""
            yield passed(name, f"{server.kind or 'OpenAI-compatible'} at {where}{slots}")


def right_model(facts: DoctorFacts) -> Iterator[Finding]:
    """Fail where the server lacks the model that the profile asks for, unless the policy takes any."""
    for subject, profile, server in facts.served():
        wanted, offered = profile.endpoint.model, server.models
        name = f"{subject.name} model"
        if server.lists(wanted):
            loaded = server.loaded is None or any(same_model(wanted, model) for model in server.loaded)
            yield passed(name, wanted if loaded else f"{wanted} (loads on first use)")
        elif not offered and server.kind:
            where = address(profile.endpoint.base_url)
            yield warned(name, f"{where} does not tell what it has; the profile asks for {wanted}")
        elif offered and facts.policy.accept_any_model:
            yield passed(name, f"{some_of(offered)} serves for {wanted}: the policy accepts any model")
        elif offered:
            measured = f"the server has {some_of(offered)}, the profile asks for {wanted}"
            yield failed(name, measured, _model_fix(subject, server, wanted))


def _model_fix(subject: Subject, server: ServerReport, wanted: str) -> str | Fix:
    pull: Mapping[str, str] = {"Ollama": "ollama pull", "LM Studio": "lms get"}
    if server.kind in pull:
        return f"{pull[server.kind]} {shlex.quote(wanted)}"
    return set_config(subject.name, "model.default", server.models[0])


def tools(facts: DoctorFacts) -> Iterator[Finding]:
    """Fail where the model can never take our requests: its chat template has no system message, or no tools.

    Without tools a profile may let it work by whole files and JSON actions; by itself it does.
    """
    for subject, profile, server in facts.served():
        name, wanted = f"{subject.name} tools", profile.endpoint.model
        lacks = [
            what
            for what, takes in (("tools", server.takes_tools), ("system message", server.takes_system))
            if takes is False
        ]
        if lacks == ["tools"] and subject.local and profile.tool_format != "native":
            measured = f"{wanted} takes no tools: the embedded runner lets it work by whole files and JSON actions"
            yield warned(name, measured, _tools_fix(subject, server))
        elif lacks:
            yield failed(name, f"{wanted} takes no {' and no '.join(lacks)}", _tools_fix(subject, server))
        elif server.takes_tools:
            yield passed(name, f"{wanted} takes tools")


def _tools_fix(subject: Subject, server: ServerReport) -> Fix:
    other = set_config(subject.name, "model.default", "MODEL")
    if server.kind == "Ollama":
        return other.then(", with one for which `ollama show MODEL` lists tools")
    return other.then(", or give its server a template that does: --jinja --chat-template-file FILE")


def window(facts: DoctorFacts) -> Iterator[Finding]:
    """Warn where a request has less room than the profile states: the router knows, Hermes would not."""
    for subject, profile, server in facts.served():
        name, real, stated = f"{subject.name} window", server.window, profile.window
        if real is None:
            if server.kind:
                yield warned(name, f"{server.kind} does not tell it: the model is not loaded", "send it one request")
        elif stated is None or real >= stated:
            spare = f", {stated:,} stated" if stated and real > stated else ""
            yield passed(name, f"{real:,} tokens a request{spare}")
        else:
            measured = f"{real:,} tokens a request{_why(subject, server)}; the profile states {stated:,}"
            yield warned(name, measured, _window_fix(server, stated))


def shared_cache(facts: DoctorFacts) -> Iterator[Finding]:
    """Warn where several slots share one cache: long requests at once end each other with HTTP 500.

    /props does not tell it; the server's own command line does, where it is one of ours: each slot claims all of -c.
    """
    for subject, _, server in facts.served():
        context = _context(subject)
        if context and server.window == context and (server.slots or 1) > 1:
            measured = f"{server.slots} slots share {context:,} tokens: long requests at the same time fail"
            yield warned(f"{subject.name} slots", measured, _window_fix(server, context))


def threads(facts: DoctorFacts) -> Iterator[Finding]:
    """Warn for more threads than cores: they wait for each other, ten times slower and more."""
    cores = facts.machine.cores()
    for subject, profile, server in facts.served():
        count = subject.listener.number("-t", "--threads") if subject.listener else None
        name = f"{subject.name} threads"
        if count and count > cores:
            fix = _window_fix(server, profile.window or server.window)
            yield warned(name, f"{count} on {cores} cores: slower than {cores}", fix)
        elif count:
            yield passed(name, f"{count} on {cores} cores")


def busy(facts: DoctorFacts) -> Iterator[Finding]:
    """Warn where other work keeps the cores busy that a model on the processor wants: its threads would wait."""
    load, cores = facts.machine.load(), facts.machine.cores()
    on_processor = any(server.kind == "llama-server" for _, _, server in facts.served())
    if load is None or not on_processor or {card.vendor for card in facts.machine.cards()} & {AMD, NVIDIA}:
        return
    if load < cores:
        yield passed("machine load", f"{load:g} on {cores} cores in the last minute")
        return
    measured = f"{load:g} on {cores} cores in the last minute: too busy, a local model answers several times slower"
    yield warned("machine load", measured, "end other work, or serve with fewer threads: --threads 1")


def _context(subject: Subject) -> int | None:
    return subject.listener.number("-c", "--ctx-size") if subject.listener else None


def _why(subject: Subject, server: ServerReport) -> str:
    context = _context(subject)
    if (server.slots or 1) == 1 or context == server.window:
        return ""
    return f": {f'-c {context}' if context else 'what it was given'} is shared by {server.slots} slots"


def _window_fix(server: ServerReport, tokens: int | None) -> str:
    if server.kind == "Ollama":
        return f"OLLAMA_CONTEXT_LENGTH={tokens} ollama serve"
    if server.kind == "LM Studio":
        return f"lms load MODEL --context-length {tokens}"
    if server.kind == "vLLM":
        return f"vllm serve MODEL --max-model-len {tokens}"
    model = shlex.quote(server.model_path) if server.model_path else "FILE"
    slots = f" --slots {server.slots}" if server.slots else ""
    return f"profile-router llama-server --model {model} --window {tokens}{slots} --run"
