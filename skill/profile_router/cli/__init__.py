"""The command `profile-router`: answer on stdout, everything else on stderr.

Exit codes: 0 ok, 1 the last attempt or its check failed, 2 usage or configuration, 3 refused, 130 Ctrl-C.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line *argv* and return its exit code; a Ctrl-C before there is a command to say so is silent."""
    try:
        from profile_router.cli.app import main as answer  # here: most of the start-up is this import

        return answer(argv)
    except KeyboardInterrupt:
        return 130
