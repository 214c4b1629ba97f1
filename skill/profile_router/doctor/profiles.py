"""Checks of the profiles' files: there, readable, and written as Hermes 0.19 honours them."""

from __future__ import annotations

from collections.abc import Iterator

from profile_router.doctor.facts import DoctorFacts
from profile_router.doctor.finding import Finding, failed, passed, warned
from profile_router.profiles.files import read_config
from profile_router.profiles.spelling import not_honoured

HERMES_FLOOR = 64_000  # Hermes 0.19 refuses a model with a smaller window
_INSTALL = "profile-router install"
_LARGER = "profile-router llama-server --model FILE --window 65536 --run"


def loadable(facts: DoctorFacts) -> Iterator[Finding]:
    """Fail for a profile that a tier names and that cannot be used; the tier cheap may lack its profile."""
    good = [subject.name for subject, _ in facts.loaded()]
    if good:
        where = " (those that come with the program: there is no Hermes home)" if facts.home.shipped else ""
        yield passed("profiles", f"{', '.join(good)}{where}")
    names = facts.home.names()
    for subject in facts.subjects:
        if subject.profile is not None:
            continue
        if subject.name in names:
            yield failed(f"{subject.name} files", subject.problem, "edit the file it names")
        elif subject.tier == "cheap":
            yield warned(f"{subject.name} files", "no such profile: the tier cheap is left out", _INSTALL)
        else:
            yield failed(f"{subject.name} files", f"{facts.home.where} has no such profile", _INSTALL)


def hermes_floor(facts: DoctorFacts) -> Iterator[Finding]:
    """Warn for a window that Hermes refuses: the embedded runner serves that profile alone."""
    for subject, profile in facts.loaded():
        real = subject.server.window if subject.server else None
        tokens = real or profile.window
        if tokens is None or facts.hermes is None:
            continue
        name, source = f"{subject.name} in Hermes", "measured" if real else "as the profile states"
        if tokens >= HERMES_FLOOR:
            yield passed(name, f"{tokens:,} tokens, {source}")
            continue
        measured = (
            f"{tokens:,} tokens, {source}: Hermes refuses less than {HERMES_FLOOR:,}, the embedded runner serves it"
        )
        yield warned(
            name, measured, _LARGER if subject.server else f"write the model's real context_length in {profile.source}"
        )


def spelling(facts: DoctorFacts) -> Iterator[Finding]:
    """Warn for what this program understands in a profile and Hermes does not."""
    for subject, _ in facts.loaded():
        if subject.folder is None:
            continue
        own = read_config(subject.folder / "config.yaml") or {}
        if not own.get("model"):
            said = "it has no model of its own, and Hermes inherits none from the global config.yaml"
            yield warned(f"{subject.name} model", said, f"write its `model:` into {subject.folder / 'config.yaml'}")
        if odd := not_honoured(own):
            yield warned(f"{subject.name} spelling", "; ".join(odd), "profile-router install --migrate")
