"""Parse the command line and turn what happens into an exit code."""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import ModuleType
from typing import Any, NoReturn, cast

from profile_router import __version__
from profile_router.cli.examples import EXAMPLES
from profile_router.cli.progress import folded
from profile_router.cli.screens import HANDLER, columns, make_harmless
from profile_router.cli.spelling import COMMANDS, GROUPS, as_called
from profile_router.core.text import counted, did_you_mean, may_be_repeated, nearest, shown
from profile_router.errors import RouterError, UsageError
from profile_router.folders import PROGRAM_NAME
from profile_router.machine.end_signals import INTERRUPTED, told_to_end

EXIT_OK, EXIT_USAGE = 0, 2  # what else there is, each command tells
_FULL = (errno.ENOSPC, errno.EDQUOT)
_QUOTES, _HELP = "put a task of several words in quotes", "`{} --help` lists what it takes"


def _help_width() -> int:
    """Return how wide a help is, as `shutil` would tell: to import that takes longer than all options together."""
    with suppress(ValueError):
        if (wanted := int(os.environ.get("COLUMNS", ""))) > 0:
            return wanted
    return columns(sys.__stdout__)


class _Help(argparse.HelpFormatter):
    """Breaks lines between words alone. A line end stays, and so does an indented line: it is a command to copy."""

    def __init__(self, prog: str, **settings: Any) -> None:
        super().__init__(prog, **{"width": _help_width() - 2, **settings})

    def _split_lines(self, text: str, width: int) -> list[str]:
        from profile_router.core.telling.layout import wrapped

        return wrapped(" ".join(text.split()), width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        from profile_router.core.telling.layout import wrapped

        lines: list[str] = []
        for one in text.splitlines():
            lines += [one] if one.startswith("  ") else wrapped(one, width - len(indent), indent=2)
        return "\n".join(f"{indent}{line}" for line in lines)

    def _format_action(self, action: argparse.Action) -> str:
        """Return the help of *action*; the list of all commands is in groups by what they are for."""
        if not isinstance(action, argparse._SubParsersAction) or list(action.choices) != [*COMMANDS]:
            return super()._format_action(action)
        rows = {one.dest: one for one in action._get_subactions()}
        self._indent()
        self._action_max_length += self._indent_increment
        parts = []
        for group, names in GROUPS.items():
            parts.append(f"\n{' ' * (self._current_indent - self._indent_increment)}{group}:\n")
            parts += [super(_Help, self)._format_action(rows[name]) for name in names]
        self._dedent()
        return "".join(parts)


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are one line, and say what may have been meant."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"formatter_class": _Help, **settings})

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Raise ArgumentError for a *value* that *action* does not know; a task's text is not repeated."""
        if action.choices is None or value in action.choices:
            return
        known = [str(one) for one in action.choices]
        if not may_be_repeated(str(value)):
            hint = f"; is it a task? `{PROGRAM_NAME} run TASK`" if action.dest == "command" else ""
            raise argparse.ArgumentError(action, f"a text of {len(str(value)):,} characters is none of them{hint}")
        meant = _meant(str(value), known) or f"; allowed: {', '.join(known)}"
        raise argparse.ArgumentError(action, f"there is no '{value}'{meant}")

    def options(self) -> list[str]:
        """Return the long options of this parser and of those below it."""
        found = [word for word in self._option_string_actions if word.startswith("--")]
        below = [action.choices for action in self._actions if isinstance(action, argparse._SubParsersAction)]
        return [*found, *(word for choices in below for parser in choices.values() for word in parser.options())]

    def error(self, message: str) -> NoReturn:
        """Print *message* and how to get help, and exit with 2."""
        line = f"{self.prog}: {message} (see `{as_called(f'{self.prog} --help')}`)"
        self.exit(EXIT_USAGE, f"{folded(line, sys.stderr, indent=2)}\n")


class _Listed(Parser):
    """Stands for a command that the help lists and nobody named: to make a whole parser takes time."""

    def __init__(self, **_settings: Any) -> None:
        """Make nothing: it is never asked to parse."""

    def options(self) -> list[str]:
        """Return no options: those of another command are not meant."""
        return []


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line *argv* and return its exit code. User errors are one line, never a traceback."""
    _open_streams()
    code = EXIT_OK
    try:
        try:
            code = _answer(argv)
        finally:
            sys.stdout.flush()  # here, because what fails after us is a complaint of the interpreter
    except BrokenPipeError:
        _drop_output()  # the reader of our output left: nothing more to say, and nothing to say it to
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            _complain(f"profile-router: '{shown(str(error.filename))}' is too long for the name of a file; shorten it")
            return EXIT_USAGE
        if error.errno not in _FULL:
            raise
        _drop_output()
        print(f"profile-router: {error.strerror}: not all was written; make room, then try again", file=sys.stderr)
        return EXIT_USAGE
    return code


def _answer(argv: Sequence[str] | None) -> int:
    arguments = _parsed(argv)
    command = _module(arguments.command).run
    try:
        _check_folder()
        _leave_no_core()
        code = int(command(arguments))
        if lost := _lost():
            _complain(f"profile-router: {lost}")
        return code
    except RouterError as error:
        _complain(f"profile-router: {as_called(' '.join(str(error).split()))}")
        return EXIT_USAGE
    except KeyboardInterrupt:
        left = _left()
        told = f"; {left}" if left else ""
        print(file=sys.stderr)
        by = f" by {told_to_end()}" if told_to_end() else ""
        _complain(f"profile-router: interrupted{by}; {_running()}{as_called(told)}")
        return INTERRUPTED


def _running() -> str:
    """Return what is known of what this process started."""
    if "profile_router.jail.left" not in sys.modules:  # it started nothing that could outlive it
        return "nothing is left running"
    from profile_router.jail.left import said_of_children

    return said_of_children()


def _lost() -> str:
    """Return what runs on, or may, though its run has ended; empty where nothing was started or all has ended."""
    if "profile_router.jail.left" not in sys.modules:
        return ""
    from profile_router.jail.left import told_at_every_end

    return told_at_every_end()


def _left() -> str:
    """Return what is kept of the runs that were interrupted just now."""
    if "profile_router.threads.threads" not in sys.modules:  # nothing was run
        return ""
    from profile_router.runs.unfinished import left_by_this_process

    return left_by_this_process(os.environ)


def _complain(line: str) -> None:
    """Print *line* on stderr, on a terminal broken between words."""
    print(folded(line, sys.stderr, indent=2), file=sys.stderr)


def _parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the arguments; what no command knows is told with the help of the command that was meant."""
    words = sys.argv[1:] if argv is None else argv
    top = parser(*[word for word in words if word in COMMANDS][:1])  # the others take time to import
    arguments, unknown = top.parse_known_args(argv)
    if unknown:
        top.prog = f"{top.prog} {arguments.command}"
        options = [word.partition("=")[0] for word in unknown if word.startswith("-") and word != "-"]
        hint = _QUOTES if "task" in arguments else _HELP.format(top.prog)
        # Words are a part of the task that was written without quotes: no error holds a task's text.
        top.error(
            f"unrecognized arguments: {' '.join(options)}{_meant(options[0], top.options())}"
            if options
            else f"{counted(len(unknown), 'word')} too many: {hint}"
        )
    return arguments


def _meant(word: str, known: Sequence[str]) -> str:
    """Ask for the one of *known* that is near; in a short word two letters that changed places are much of it."""
    near = nearest(word, known) or next((one for one in known if sorted(one) == sorted(word)), "")
    return did_you_mean(near)


def _check_folder() -> None:
    try:
        os.getcwd()  # noqa: PTH109 - pathlib says it longer
    except OSError as error:
        raise UsageError(f"the current folder cannot be used ({error.strerror}); `cd` to one that is there") from None


def _leave_no_core() -> None:
    """Let a crash of this process, or of one that it starts, write no memory to disk: it holds keys."""
    with suppress(ImportError, OSError, ValueError):  # there is no `resource` on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _open_streams() -> None:
    """Let characters that a stream cannot show become ASCII ones, and a stream that was closed be /dev/null.

    Otherwise the next file opened would take its number, and get what is printed.
    """
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), "r" if name == "stdin" else "w"))
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=HANDLER)
        make_harmless(stream)


def _drop_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _module(name: str) -> ModuleType:
    """Import the module of a command when it is used: `route` must not pay for what `run` needs."""
    return importlib.import_module(f"profile_router.cli.commands.{name.replace('-', '_')}")


def parser(*names: str) -> Parser:
    """Return the parser of all commands. Only those of *names* say what they take: an import takes time."""
    top = Parser(
        prog="profile-router",
        description="Route each Hermes subagent to the right profile: local first, cloud when it counts.",
        epilog="exit codes: 0 ok · 1 the last attempt or its check failed · 2 usage · 3 refused · "
        "4 nobody agreed to the price · 130 Ctrl-C · 143 SIGTERM · 129 SIGHUP",
    )
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")

    def below(**settings: Any) -> Parser:
        return (Parser if settings["prog"].split()[-1] in names else _Listed)(**settings)

    made_by = cast("type[Parser]", below)
    commands = top.add_subparsers(
        dest="command", required=True, metavar="COMMAND", title="commands", parser_class=made_by
    )
    for name, said in COMMANDS.items():
        command = commands.add_parser(name, help=said, description=f"{said[0].upper()}{said[1:]}.")
        if name in names:
            _module(name).add(command)
            command.epilog = "\n".join(filter(None, (f"example:\n  {EXAMPLES[name]}", command.epilog)))
    return top
