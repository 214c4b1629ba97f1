"""Check that the model fits the memory it has to lie in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from profile_router.core.ladder.server_report import ServerReport
from profile_router.core.profile import is_loopback
from profile_router.doctor.facts import DoctorFacts
from profile_router.doctor.finding import Finding, failed, passed, warned
from profile_router.machine.machine import Listener, Machine, gib

TIGHT = 0.9  # the conversation's cache and the scratch buffers want the rest
_FIX = "serve a smaller or more strongly quantized model: profile-router llama-server --model FILE --run"
_PART = re.compile(r"(.*)-[0-9]{5}-of-[0-9]{5}\.gguf")


def fits_memory(facts: DoctorFacts) -> Iterator[Finding]:
    """Fail for a model larger than the memory for it: of the AMD card, or of the machine where there is none."""
    for subject, profile, server in facts.served():
        path = _path(server, subject.listener)
        size = model_size(path) if path and is_loopback(profile.endpoint.base_url) else 0
        room, of_what = model_memory(facts.machine)
        if not size or not room or path is None:
            continue
        measured = f"{path.name}: {gib(size)} of {gib(room)} {of_what}"
        name = f"{subject.name} memory"
        if size > room:
            yield failed(name, measured, _FIX)
        elif size > room * TIGHT:
            yield warned(name, f"{measured}: little is left for the conversation", _FIX)
        else:
            yield passed(name, measured)


def model_memory(machine: Machine) -> tuple[int, str]:
    """Return the bytes a model may take, 0 where unknown, and whose they are."""
    card = machine.amd_card()
    if card is not None and card.memory:
        return card.memory, "GPU memory"
    return machine.memory(), "main memory"


def model_size(path: Path) -> int:
    """Return the bytes of the model *path* with all its parts (`…-00001-of-00003.gguf`), 0 where it is not there."""
    part = _PART.fullmatch(path.name)
    files = path.parent.glob(f"{_escaped(part[1])}-*-of-*.gguf") if part else (path,)
    try:
        return sum(file.stat().st_size for file in files if file.is_file())
    except OSError:
        return 0


def _escaped(text: str) -> str:
    return re.sub(r"([*?[])", r"[\1]", text)


def _path(server: ServerReport, listener: Listener | None) -> Path | None:
    """Return the model's file; a relative name counts from where the server was started, if that is known."""
    if server.model_path is None:
        return None
    path = Path(server.model_path)
    if path.is_absolute():
        return path
    return listener.folder / path if listener and listener.folder else None
