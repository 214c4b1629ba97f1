"""Check how we take part in Hermes' delegation: the seam, what it leaves out, and who decides now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from profile_router.core.policy import PluginSwitch
from profile_router.doctor.facts import DoctorFacts
from profile_router.doctor.finding import INSTALL, UPDATE_HERMES, Finding, failed, passed, warned
from profile_router.doctor.hermes_install import config_of
from profile_router.folders import PLUGIN
from profile_router.profiles.home import DEFAULT_PROFILE
from profile_router.profiles.spelling import section
from profile_router.runners.hermes.seams import Seam

# Per seam: what works by it, and what does not, and why.
_SAID: Mapping[Seam, tuple[str, str]] = {
    "delegation provider": (
        "each task is routed by itself, and `delegate_task` shows its options to the parent's model",
        "",
    ),
    "model provider": (
        "children run in the background; Hermes lists, steers and stops them",
        "as this Hermes has no delegation providers, its `delegate_task` takes our options without showing them",
    ),
    "middleware": (
        "each `delegate_task` is run here",
        "as this Hermes takes no client of a plugin, it blocks the chat; only Ctrl-C stops it",
    ),
}


def seam(facts: DoctorFacts) -> Iterator[Finding]:
    """Say by which seam we take part, and what is degraded and why. A newer Hermes fixes it, an older one never."""
    if facts.hermes is None or facts.home.parent is None:
        return
    used = facts.hermes.seams.used
    works, lacks = _SAID[used]
    if used == "middleware":
        yield warned("Hermes seam", f"{used}: {works}, but {lacks}", UPDATE_HERMES)
        return
    if str(section(config_of(facts.home.parent), "plugins").get("isolation") or "").strip().lower() == "host":
        yield failed(
            "Hermes seam",
            "plugins.isolation is host: the client of our provider cannot cross into another process",
            "hermes config set plugins.isolation in_process",
        )
        return
    yield passed("Hermes seam", f"{used}: {works}{f'; {lacks}' if lacks else ''}")


def delegation(facts: DoctorFacts) -> Iterator[Finding]:
    """Say what `delegation.*` means for us: whether children are ours, and whether another backend holds the slot."""
    home = facts.home.parent
    if facts.hermes is None or home is None:
        return
    stated, used = section(config_of(home), "delegation"), facts.hermes.seams.used
    provider, model = _text(stated, "provider"), _text(stated, "model")
    backend = _text(stated, "backend") or DEFAULT_PROFILE
    where = f"in {home / 'config.yaml'}"
    ours = provider == PLUGIN
    if used == "middleware":
        if ours:
            yield failed(
                "Hermes delegation", f"delegation.provider is {PLUGIN} {where}, which needs a newer Hermes", INSTALL
            )
        return
    if facts.policy.hermes_plugin != "on":
        yield from _left_to_hermes(facts.policy.hermes_plugin, provider, ours or backend == PLUGIN, where)
    elif backend not in (DEFAULT_PROFILE, PLUGIN):
        measured = f"delegation.backend is {backend} {where}: that one decides about each subagent, so none is ours"
        fix = f"hermes config set delegation.backend {PLUGIN}" if used == "delegation provider" else INSTALL
        yield warned("Hermes delegation", measured, fix)
    elif not ours and backend != PLUGIN:
        measured = f"delegation.provider is {provider or 'not set'} {where}: subagents do not run here"
        yield warned("Hermes delegation", measured, INSTALL)
    elif ours and model != PLUGIN:
        measured = (
            f"delegation.model is {model or 'not set'} {where}, not {PLUGIN}: a child gets that name; "
            "many names have a time limit in Hermes, after which the child is run again"
        )
        yield failed("Hermes delegation", measured, INSTALL)
    else:
        yield passed(
            "Hermes delegation", f"delegation.{'provider' if ours else 'backend'} is {PLUGIN}: subagents run here"
        )


def _left_to_hermes(mode: PluginSwitch, provider: str, ours: bool, where: str) -> Iterator[Finding]:
    if ours:
        measured = (
            f"delegation.* is {PLUGIN} {where}, yet hermes_plugin is {mode} in the policy: Hermes delegates by itself"
        )
        yield warned("Hermes delegation", measured, INSTALL)
    else:
        by = f"by {provider}" if provider else "by the parent's own model"
        yield passed("Hermes delegation", f"hermes_plugin is {mode} in the policy: Hermes delegates by itself, {by}")


def _text(stated: Mapping[str, Any], name: str) -> str:
    value = stated.get(name)
    return value.strip().lower() if isinstance(value, str) else ""
