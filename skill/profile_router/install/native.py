"""Whether Hermes' own delegation is to lead to us: its version can, and the policy wants it."""

from __future__ import annotations

from collections.abc import Mapping

from profile_router.errors import UsageError
from profile_router.install.wanting import policy_in_force
from profile_router.machine.hermes_program import HERMES_VARIABLE, Hermes, find_hermes
from profile_router.runners.hermes.seams import find_seams


def delegates(environ: Mapping[str, str], switch: str | None = None) -> bool:
    """Tell whether a child of Hermes can have us as its model, and `hermes_plugin` in the policy is `on`.

    *switch* is what it will be; None: what it is.
    """
    policy = policy_in_force(environ)
    if (switch or policy.hermes_plugin) != "on":
        return False
    hermes = hermes_that_delegates(environ)
    return hermes is not None and find_seams(hermes.python).provider_client


def hermes_that_delegates(environ: Mapping[str, str]) -> Hermes | None:
    """Return the Hermes whose children this is about, None without one.

    Which one that is is another question than which one runs subagents: `none` answers the latter alone.
    """
    policy = policy_in_force(environ)
    asked = {name: value for name, value in environ.items() if name != HERMES_VARIABLE or value != "none"}
    try:
        return find_hermes(asked, policy.hermes.python if policy.hermes.python != "none" else "")
    except UsageError:
        return None
