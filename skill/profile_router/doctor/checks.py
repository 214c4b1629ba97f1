"""The table of the doctor's checks, in the order in which a person wants to read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from profile_router.doctor import (
    auth_pools,
    gpu,
    hermes_install,
    keys,
    local_server,
    model_file,
    profiles,
    repository_programs,
)
from profile_router.doctor import our_files as own
from profile_router.doctor import stays_local as staying
from profile_router.doctor.facts import DoctorFacts
from profile_router.doctor.finding import Finding, failed
from profile_router.errors import RouterError

Check = Callable[[DoctorFacts], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    own.policy,
    own.state_folder,
    own.tokenizer,
    repository_programs.programs,
    gpu.card,
    gpu.rocm,
    gpu.hip_platform,
    profiles.loadable,
    profiles.spelling,
    staying.address,
    staying.cloud_model,
    staying.local_slug,
    local_server.reachable,
    local_server.right_model,
    local_server.window,
    local_server.shared_cache,
    local_server.threads,
    model_file.fits_memory,
    keys.keys,
    auth_pools.pools,
    hermes_install.version,
    hermes_install.plugin,
    hermes_install.skill,
    hermes_install.approvals,
    profiles.hermes_floor,
)


def examine(facts: DoctorFacts) -> tuple[Finding, ...]:
    """Return what every check found. A file that cannot be read is a finding too."""
    found: list[Finding] = []
    for check in CHECKS:
        try:
            found += check(facts)
        except RouterError as error:
            found.append(failed(check.__name__.replace("_", " "), str(error), "edit the file it names"))
    return tuple(found)
