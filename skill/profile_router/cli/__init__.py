"""The command `profile-router`: answer on stdout, everything else on stderr.

Exit codes: 0 ok, 1 the last attempt or its check failed, 2 usage or configuration, 3 refused, 130 Ctrl-C.
"""

from profile_router.cli.app import main

__all__ = ["main"]
