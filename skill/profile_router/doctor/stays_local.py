"""Checks that what is called local stays here: private work goes to the tier local and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from profile_router.core.profile import Profile, is_loopback, names_cloud
from profile_router.doctor.facts import DoctorFacts
from profile_router.doctor.finding import Finding, failed, passed

_QUANTIZED = re.compile(r"\.gguf\b|(?:^|[-_.:])i?q[2-8](?:_[0-9ks])", re.IGNORECASE)


def address(facts: DoctorFacts) -> Iterator[Finding]:
    """Fail where the tier local is another machine, or an address that the policy does not attest."""
    for subject, profile in facts.loaded():
        if subject.tier != "local":
            continue
        name, endpoint = f"{subject.name} address", profile.endpoint
        if subject.local:
            yield passed(name, f"{endpoint.base_url}: this machine")
        elif is_loopback(endpoint.base_url):
            measured = f"{endpoint.base_url} is not among the policy's local_endpoints: private work is refused"
            yield failed(name, measured, f"name it under local_endpoints in {facts.policy.source}")
        else:
            measured = f"{endpoint.base_url} ({endpoint.provider}) is not this machine: private work is refused"
            fix = f"write `base_url: http://127.0.0.1:8080/v1` in {profile.source}"
            yield failed(name, measured, fix)


def cloud_model(facts: DoctorFacts) -> Iterator[Finding]:
    """Fail for a model behind a local port that runs in a cloud: private work would leave unseen."""
    for subject, profile in facts.loaded():
        if not subject.local:
            continue
        model = profile.endpoint.model
        host = subject.server.elsewhere if subject.server else ""
        if not host and not names_cloud(model):
            continue
        where = f"at {host}" if host else "in Ollama's cloud, as its name says"
        measured = f"{model} runs {where}: private work would leave this machine"
        yield failed(f"{subject.name} model", measured, "ollama pull a model without `cloud` in its name, and name it")


def local_slug(facts: DoctorFacts) -> Iterator[Finding]:
    """Fail where a model that looks like a local file would be asked for in a cloud."""
    for subject, profile in facts.loaded():
        if is_loopback(profile.endpoint.base_url) or subject.local or not _looks_local(profile):
            continue
        endpoint = profile.endpoint
        measured = f"{endpoint.model} looks like a local model, but {endpoint.provider} would be asked for it"
        fix = f"write `provider: custom` and a base_url of this machine in {profile.source}, or a model it has"
        yield failed(f"{subject.name} model", measured, fix)


def _looks_local(profile: Profile) -> bool:
    slug = profile.endpoint.model
    return bool(_QUANTIZED.search(slug)) or (profile.endpoint.provider == "openrouter" and "/" not in slug)
