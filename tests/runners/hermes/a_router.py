"""A router in a process of its own, for the test that kills it: `python -m tests.runners.hermes.a_router STAGE PYTHON`."""

import os
import sys
from pathlib import Path

from tests.fakes import a_task
from tests.runners.hermes.stage import Stage, an_errand

from profile_router.core.attempt.order import Order
from profile_router.machine.hermes_program import Hermes


def busy_errand() -> Order:
    return an_errand(a_task(toolsets=("terminal",)))


if __name__ == "__main__":
    folder, python = map(Path, sys.argv[1:])
    Stage(folder, Hermes(python=python, command=()), environ=dict(os.environ)).run(busy_errand())
