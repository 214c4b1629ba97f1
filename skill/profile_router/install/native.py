"""Whether Hermes' own delegation is to lead to us: its version can, and the policy wants us to run its children."""

from __future__ import annotations

from collections.abc import Mapping

from profile_router.errors import UsageError
from profile_router.install.wanting import policy_in_force
from profile_router.machine.hermes_program import VARIABLE, find_hermes
from profile_router.runners.hermes.seams import find_seams


def delegates(environ: Mapping[str, str]) -> bool:
    """Tell whether a child of Hermes can have us as its model, and `hermes_plugin` in the policy is `on`.

    Which Hermes delegates is another question than which one runs subagents: `none` answers the latter alone.
    """
    policy = policy_in_force(environ)
    if policy.hermes_plugin != "on":
        return False
    asked = {name: value for name, value in environ.items() if name != VARIABLE or value != "none"}
    try:
        hermes = find_hermes(asked, policy.hermes.python if policy.hermes.python != "none" else "")
    except UsageError:
        return False
    return hermes is not None and find_seams(hermes.python).provider_client
