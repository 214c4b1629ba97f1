"""Check the graphics card and its software: an AMD card, ROCm 7.2 or newer, HIP for AMD. Check that the model fits."""

from __future__ import annotations

import glob
from collections.abc import Iterator
from pathlib import Path

from profile_router.core.ladder.server_report import ServerReport
from profile_router.core.profile import is_loopback
from profile_router.doctor.facts import DoctorFacts
from profile_router.doctor.finding import Finding, failed, passed, warned
from profile_router.expressions import expression
from profile_router.machine.machine import VENDORS, Listener, Machine, gib

OLDEST_ROCM = (7, 2)


def card(facts: DoctorFacts) -> Iterator[Finding]:
    """Say which card there is; without one of AMD every other machine works too, and nothing needs a fix."""
    found = facts.machine.amd_card()
    if found is None:
        others = sorted({VENDORS.get(other.vendor, other.vendor) for other in facts.machine.cards()})
        instead = f"none (there is {' and '.join(others)})" if others else "none: a local model runs on the processor"
        yield passed("AMD GPU", instead)
    elif not found.memory:
        yield warned("AMD GPU", f"{found.name}, whose driver tells no memory", "sudo modprobe amdgpu")
    else:
        parts = f"{gib(found.vram)} vram + {gib(found.gtt)} gtt"
        yield passed("AMD GPU", f"{found.name}, {gib(found.memory)} for models ({parts})")


def rocm(facts: DoctorFacts) -> Iterator[Finding]:
    """Fail for a ROCm older than 7.2; warn for none where an AMD card could use it."""
    found = facts.machine.rocm()
    fix = "install ROCm 7.2 or newer: https://rocm.docs.amd.com/projects/install-on-linux"
    if found is None:
        if facts.machine.amd_card() is not None:
            yield warned("ROCm", "not found in /opt: llama.cpp can use the card only by Vulkan", fix)
    elif found.version[:2] < OLDEST_ROCM:
        yield failed("ROCm", f"{found.text}, older than 7.2", fix)
    else:
        yield passed("ROCm", f"{found.text}{f' in {found.folder}' if found.folder else ''}")


def hip_platform(facts: DoctorFacts) -> Iterator[Finding]:
    """Fail where HIP would build for another platform; warn where nothing tells it on a machine that has ROCm."""
    if facts.machine.rocm() is None:
        return
    stated = facts.machine.environ.get("HIP_PLATFORM", "").strip()
    told = stated or facts.machine.said("hipconfig", "--platform")
    source = "the environment" if stated else "hipconfig"
    if not told:
        yield warned("HIP_PLATFORM", "not told: hipconfig is not on PATH", "export HIP_PLATFORM=amd")
    elif told.lower() != "amd":
        yield failed("HIP_PLATFORM", f"{told[:40]}, says {source}", "export HIP_PLATFORM=amd")
    else:
        yield passed("HIP_PLATFORM", f"amd, says {source}")


TIGHT = 0.9  # the conversation's cache and the scratch buffers want the rest
_FIX = "serve a smaller or more strongly quantized model: profile-router llama-server --model FILE --run"
_PART = expression(r"(.*)-[0-9]{5}-of-[0-9]{5}\.gguf")


def fits_memory(facts: DoctorFacts) -> Iterator[Finding]:
    """Fail for a model larger than the memory for it: of the AMD card, else of the machine."""
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
    files = path.parent.glob(f"{glob.escape(part[1])}-*-of-*.gguf") if part else (path,)
    try:
        return sum(file.stat().st_size for file in files if file.is_file())
    except OSError:
        return 0


def _path(server: ServerReport, listener: Listener | None) -> Path | None:
    """Return the model's file; a relative name counts from where the server was started, if that is known."""
    if server.model_path is None:
        return None
    path = Path(server.model_path)
    if path.is_absolute():
        return path
    return listener.folder / path if listener and listener.folder else None
