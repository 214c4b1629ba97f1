"""Start the Hermes child of a task before the run's heavy imports: the two take most of a second each, side by side."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from profile_router.adapters.hermes.choice import takes
from profile_router.adapters.hermes.installation import find_hermes
from profile_router.adapters.hermes.prewarm import waiting
from profile_router.adapters.hermes.started import Start, start_under
from profile_router.adapters.private_survey import private_survey
from profile_router.core.attempts import order_for
from profile_router.core.route import Route
from profile_router.core.task import Task
from profile_router.errors import RouterError
from profile_router.wiring.route import decide_on
from profile_router.wiring.setup import Setup, prepare

_IMPORTED = "langgraph"


@contextmanager
def early_child(task: Task, policy_file: str | None, environ: Mapping[str, str], cwd: Path) -> Iterator[None]:
    """Have the Hermes child that *task* will probably get start now; the run within takes it, or it is ended.

    There is none for a private task, for one that Hermes would not get, and where there is nothing to import any more.
    """
    start = None if _IMPORTED in sys.modules else _start(task, policy_file, environ, cwd)
    with waiting(start):
        yield


def _start(task: Task, policy_file: str | None, environ: Mapping[str, str], cwd: Path) -> Start | None:
    try:
        setup = prepare(task, policy_file, environ, cwd)
        hermes = None if setup.policy.runner == "embedded" else find_hermes(environ, setup.policy.hermes.python)
        profile = None if hermes is None else _profile(task, setup)
    except RouterError:  # the run meets it too, and says it
        return None
    if hermes is None or profile is None or setup.home.root is None:
        return None
    return start_under(
        profile,
        hermes.python,
        setup.home.root,
        environ,
        setup.workspace.root if setup.workspace else None,
        unattended=setup.policy.hermes.unattended_approval,
        passed=setup.policy.hermes.pass_environment,
    )


def _profile(task: Task, setup: Setup) -> str | None:
    """Return the profile of the first attempt where Hermes gets it, as far as that is known without asking anybody."""
    decision = decide_on(task, setup)
    if not isinstance(decision, Route):
        return None
    order = order_for(
        task,
        decision.evidence,
        setup.policy,
        setup.candidates,
        profile=decision.profile,
        step="",
        conversation=(),
        seconds=0.0,
    )
    if not takes(setup.policy.runner, order) or _withheld(order.local, setup):
        return None
    return decision.profile


def _withheld(local: bool, setup: Setup) -> bool:
    if local or setup.policy.runner == "hermes" or setup.workspace is None:
        return False
    return not private_survey(setup.workspace, setup.policy.private_paths).clear
