"""Check the profiles: readable, written as Hermes 0.19 honours them, and what is called local stays on this machine."""

from __future__ import annotations

import re
from collections.abc import Iterator

from profile_router.core.profile import Profile, is_loopback, names_cloud
from profile_router.core.routing.loop import HERMES_WINDOW
from profile_router.doctor.facts import DoctorFacts
from profile_router.doctor.finding import EDIT_IT, INSTALL, Finding, failed, passed, warned
from profile_router.expressions import expression
from profile_router.profiles.files import read_config
from profile_router.profiles.home import no_folder
from profile_router.profiles.spelling import not_honoured, not_read

_LARGER = "profile-router llama-server --model FILE --window 65536 --run"


def loadable(facts: DoctorFacts) -> Iterator[Finding]:
    """Fail for a profile that a tier names and that cannot be used; the tier cheap may lack its profile."""
    good = [subject.name for subject, _ in facts.loaded()]
    if good:
        told, wanted = ", ".join(good), facts.home.environ.get("HERMES_HOME", "").strip()
        if not facts.home.shipped:
            yield passed("profiles", told)
        elif wanted:
            said = f"{told}, those of the program in {facts.home.profiles}: {no_folder(wanted)}"
            yield warned("profiles", said, "unset HERMES_HOME, or let it name a folder that is there")
        else:
            yield passed("profiles", f"{told} (those of the program in {facts.home.profiles}: there is no Hermes home)")
    names = facts.home.names()
    for subject in facts.subjects:
        if subject.profile is not None:
            continue
        if subject.name in names:
            yield failed(f"{subject.name} files", subject.problem, EDIT_IT)
        elif subject.tier == "cheap":
            yield warned(f"{subject.name} files", "no such profile: the tier cheap is left out", INSTALL)
        else:
            yield failed(f"{subject.name} files", f"{facts.home.where} has no such profile", INSTALL)


def hermes_floor(facts: DoctorFacts) -> Iterator[Finding]:
    """Warn for a window that Hermes refuses: the embedded runner serves that profile alone."""
    for subject, profile in facts.loaded():
        real = subject.server.window if subject.server else None
        tokens = real or profile.window
        if tokens is None or facts.hermes is None:
            continue
        name, source = f"{subject.name} in Hermes", "measured" if real else "as the profile states"
        if tokens >= HERMES_WINDOW:
            yield passed(name, f"{tokens:,} tokens, {source}")
            continue
        measured = (
            f"{tokens:,} tokens, {source}: Hermes refuses less than {HERMES_WINDOW:,}, the embedded runner serves it"
        )
        yield warned(
            name, measured, _LARGER if subject.server else f"write the model's real context_length in {profile.source}"
        )


def spelling(facts: DoctorFacts) -> Iterator[Finding]:
    """Warn for what this program understands in a profile and Hermes does not."""
    for subject, _ in facts.loaded():
        if subject.folder is None:
            continue
        config = read_config(subject.folder / "config.yaml") or {}
        if not config.get("model"):
            said = "it has no model of its own, and Hermes inherits none from the global config.yaml"
            yield warned(f"{subject.name} model", said, f"write its `model:` into {subject.folder / 'config.yaml'}")
        if unread := not_read(config):
            yield warned(f"{subject.name} settings", "; ".join(unread), f"edit {subject.folder / 'config.yaml'}")
        if odd := not_honoured(config):
            yield warned(f"{subject.name} spelling", "; ".join(odd), f"{INSTALL} --migrate")


_QUANTIZED = expression(r"\.gguf\b|(?:^|[-_.:])i?q[2-8](?:_[0-9ks])", re.IGNORECASE)


def local_address(facts: DoctorFacts) -> Iterator[Finding]:
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
