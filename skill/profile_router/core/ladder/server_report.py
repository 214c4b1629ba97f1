"""What a model server said about itself, as a value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from profile_router.core.ladder.causes import Cause
from profile_router.core.ladder.failure import Failure
from profile_router.core.profile import address, backend_name
from profile_router.core.text import some_of
from profile_router.values import frozen

_NAME_CHARS = 80

# Why an address that is spoken to serves no models, where that is more than a cause says.
Fault = Literal[
    "key-refused",  # it wants a key, or another one
    "other-path",  # it lists models at another path
    "web-page",  # it shows pages to people
    "redirect",  # it sends whoever asks elsewhere
    "no-tls",  # it speaks http, and was asked by https
    "only-tls",  # it speaks https, and was asked by http
    "no-trust",  # nobody trusted here has signed its certificate
    "no-http",  # it speaks another protocol
    "failing",  # it answers with a failure of its own
    "no-models",  # it answers, and lists no model
]


@frozen
class ServerReport:
    """The state of one server. `cause` is None where it answers; `window` is tokens for one request, if it says.

    `kind` is its program, empty where it is not known. `models` is what it lists, `loaded` what it has in memory.
    None: the server does not tell. `counts_prompts`: it can count a request's tokens itself. `elsewhere` is the host
    that really runs the model, where the server says that it only forwards requests. `takes_tools` and `takes_system`:
    what the model's chat template can be told. `fault` is why it serves no models at the address it was asked at.
    `serves_at` is the base URL that would do, where one was found.
    """

    profile: str
    cause: Cause | None = None
    detail: str = ""
    kind: Literal["llama-server", "LM Studio", "Ollama", "vLLM", ""] = ""
    models: tuple[str, ...] = ()
    loaded: tuple[str, ...] | None = None
    model_path: str | None = None
    slots: int | None = None
    window: int | None = None
    vision: bool | None = None
    counts_prompts: bool = False
    elsewhere: str = ""
    takes_tools: bool | None = None
    takes_system: bool | None = None
    fault: Fault | None = None
    serves_at: str = ""

    def lists(self, model: str) -> bool:
        """Tell whether *model* is one that the server lists."""
        return any(same_model(model, name) for name in self.models)


def relayed_elsewhere(report: ServerReport, *, private: bool) -> Failure | None:
    """Return why the server of *report* may not have a private task: it passes its requests on to a cloud."""
    if not (private and report.elsewhere):
        return None
    message = f"the task is private, and the model of {report.profile} runs at {report.elsewhere}, not on this machine"
    return Failure(cause="not-local", message=message)


def health_failure(report: ServerReport, wanted: str, where: str, *, accept_any: bool) -> Failure | None:
    """Return why the server of *report* cannot serve the model *wanted*, None where it can."""
    if report.cause is not None:
        return Failure(cause=report.cause, message=f"{backend_name(report.profile, address(where))}: {report.detail}")
    if accept_any or not report.models or report.lists(wanted):
        return None
    loaded = f"has {some_of(report.models)} loaded, the profile asks for {wanted}"
    return Failure(cause="wrong-model", message=f"{backend_name(report.profile, address(where))} {loaded}")


def other_model(asked: str, served: str, listed: Sequence[tuple[str, ...]], *, accept_any: bool) -> str:
    """Return what is wrong where a server, asked for one model, answers as *served*; empty where both are the same.

    They are the same where one row of *listed*, the names of a model, has both. With *accept_any*, the policy's wish,
    any listed model will do.
    """
    if same_model(asked, served) or (accept_any and not listed):
        return ""
    for names in listed:
        if any(same_model(served, name) for name in names) and (
            accept_any or any(same_model(asked, name) for name in names)
        ):
            return ""
    return (
        f"answers as {served[:_NAME_CHARS]!r}, which is not the model asked for ({asked!r}) by any name that it lists"
    )


def same_model(wanted: str, loaded: str) -> bool:
    """Tell whether two names mean one model: paths, the ending .gguf, Ollama's :latest and case do not count."""
    return _plain(wanted) == _plain(loaded)


def _plain(name: str) -> str:
    return name.strip().lower().rsplit("/", 1)[-1].removesuffix(".gguf").removesuffix(":latest")
