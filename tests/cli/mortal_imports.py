"""What the server of the forks imports beforehand."""

import tests.cli.mortal  # noqa: F401

from profile_router.cli.warm import warm

warm()
