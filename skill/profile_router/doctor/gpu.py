"""Checks of the graphics card and its software: an AMD card, ROCm 7.2 or newer, HIP for AMD."""

from __future__ import annotations

from collections.abc import Iterator

from profile_router.doctor.facts import DoctorFacts
from profile_router.doctor.finding import Finding, failed, passed, warned
from profile_router.machine.machine import VENDORS, gib

OLDEST_ROCM = (7, 2)


def card(facts: DoctorFacts) -> Iterator[Finding]:
    """Warn where there is no AMD card: every other machine is fine too, only slower or served otherwise."""
    found = facts.machine.amd_card()
    if found is None:
        others = sorted({VENDORS.get(other.vendor, other.vendor) for other in facts.machine.cards()})
        instead = f"none (there is {' and '.join(others)})" if others else "none: a local model runs on the processor"
        yield warned("AMD GPU", instead)
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
