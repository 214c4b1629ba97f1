"""The table of the doctor's checks, in the order in which a person wants to read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from profile_router.doctor import (
    hardware,
    hermes_install,
    hermes_seam,
    keys,
    local_server,
    our_files,
    profiles,
    repository_programs,
)
from profile_router.doctor.facts import DoctorFacts
from profile_router.doctor.finding import EDIT_IT, Finding, failed
from profile_router.errors import RouterError

Check = Callable[[DoctorFacts], Iterator[Finding]]

ALL_CHECKS: tuple[Check, ...] = (
    our_files.policy,
    our_files.state_folder,
    our_files.tokenizer,
    repository_programs.programs,
    hardware.card,
    hardware.rocm,
    hardware.hip_platform,
    profiles.loadable,
    profiles.spelling,
    profiles.local_address,
    profiles.cloud_model,
    profiles.local_slug,
    local_server.reachable,
    local_server.right_model,
    local_server.tools,
    local_server.window,
    local_server.shared_cache,
    local_server.threads,
    local_server.busy,
    hardware.fits_memory,
    keys.keys,
    keys.pools,
    keys.damaged,
    hermes_install.hermes_version,
    hermes_install.hermes_plugin,
    hermes_seam.seam,
    hermes_seam.delegation,
    hermes_install.hermes_skill,
    hermes_install.approvals,
    profiles.hermes_floor,
)


def examine(facts: DoctorFacts) -> tuple[Finding, ...]:
    """Return what every check found. A file that cannot be read is a finding too."""
    found: list[Finding] = []
    for check in ALL_CHECKS:
        try:
            found += check(facts)
        except RouterError as error:
            found.append(failed(check.__name__.replace("_", " "), str(error), EDIT_IT))
    return tuple(found)
