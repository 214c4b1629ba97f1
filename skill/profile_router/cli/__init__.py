"""The command `profile-router`: answer on stdout, everything else on stderr.

Exit codes: 0 ok · 1 the last attempt or its check failed · 2 usage or configuration · 3 refused · 4 nobody agreed to
the price · 130 Ctrl-C · 143 SIGTERM · 129 SIGHUP.

Other rooms come in by `app`, `caller`, `ending`, `json_answer`, `options`, `output_file`, `progress`,
`report_screen`, `screens`, `spelling`, `stories`, `tour`, `usual_options`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from profile_router.machine.end_signals import INTERRUPTED, interrupted_code, take_end_signals

__all__ = ["as_process", "forget_interrupt", "main"]

_UNASKED = (  # what modules of the standard library import for what no command asks of them, or few
    *("copy", "inspect"),  # `dataclasses`
    *("fnmatch", "ipaddress", "ntpath"),  # `pathlib`, and `urllib.parse` for it
    *("bz2", "lzma"),  # `shutil`
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line *argv* and return its exit code; a Ctrl-C before there is a command to say so is silent."""
    try:
        from profile_router.machine.imports import gather_late

        gather_late(*_UNASKED)
        from profile_router.cli.app import main as answer  # here: most of the start-up is this import

        code = answer(argv)
    except KeyboardInterrupt:
        code = INTERRUPTED
    if code == INTERRUPTED:
        forget_interrupt()
    return code


def as_process() -> NoReturn:
    """Run the command line of this process, and end it with the exit code."""
    from profile_router.machine.imports import spare_collector

    spare_collector()
    take_end_signals()
    code = main()
    if code == INTERRUPTED:
        code = interrupted_code()
    from profile_router.machine.process_end import end_process

    end_process(code)


def forget_interrupt() -> None:
    """Let the process end with the code that it was given, and not by SIGINT.

    CPython notes a Ctrl-C that ends a text given to `exec`, as dataclasses do at import. It then ends `python -m` by
    the signal although it was caught (`unhandled_keyboard_interrupt` in Python/pythonrun.c). The next such text clears
    it.
    """
    eval("0")  # noqa: S307 - a text of our own
