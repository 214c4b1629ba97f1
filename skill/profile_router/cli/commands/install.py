"""`profile-router install`: profiles, plugin, skill and policy into a Hermes home. Says first what it will write.

It asks before it uses Hermes' root credential pool, and before it makes a model call; `--yes` agrees to neither.
"""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from profile_router.cli.progress import coloured
from profile_router.cli.screens import printable
from profile_router.cli.spelling import as_called
from profile_router.core.policy import PluginSwitch
from profile_router.doctor.finding import count_of_level
from profile_router.errors import UsageError
from profile_router.expressions import expression
from profile_router.install.applying import apply
from profile_router.install.changes import Change, Plan
from profile_router.install.native import delegates, hermes_that_delegates
from profile_router.install.places import Places, find_places
from profile_router.install.planning import plan_install
from profile_router.install.wanting import not_agreed, who_wants
from profile_router.policies.file import SHIPPED, find_policy

_KEY = expression(
    r"""(?i)((?:key|token|secret|password)['"]?\s*:\s*)(?!['"]?\$\{)("[^"]*"|'[^']*'|[^\s,}]+)|\bsk-[\w-]{8,}"""
)
_FIRST_WEEK = (
    "Begin with a week of looking on? Hermes delegates as ever, and `profile-router observe` says where each task "
    "would have gone, and what both cost. [y/N] "
)
_LATER = "`profile-router observe` says what was seen; `profile-router install --no-observe` hands the tasks over"
_OFFER = "for a first week of looking on, while Hermes delegates as ever: `profile-router install --observe`"
_ORDER = ("create", "change", "remove", "keep")


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("--profile", metavar="NAME", help="the Hermes profile that delegates (default: yours)")
    parser.add_argument("--migrate", action="store_true", help="also print how to spell profiles for Hermes")
    switch = argparse.BooleanOptionalAction
    parser.add_argument("--use-root-keys", action=switch, help="let profiles without a key use Hermes' root pool")
    parser.add_argument(
        "--observe",
        action=switch,
        help="Hermes delegates as before, and we only note where each task would go; --no-observe: we run from now on",
    )
    parser.add_argument("--live", action=switch, help="end with one minimal model call per profile, which may cost")
    add_write_options(parser)


def add_write_options(parser: argparse.ArgumentParser) -> None:
    """Add what `install` and `uninstall` share."""
    parser.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")
    parser.add_argument("--yes", action="store_true", help="ask nothing")


def run(arguments: argparse.Namespace) -> int:
    """Show the plan, ask, carry it out; return 0, or 1 where the user said no or a call that was asked for failed."""
    places, observe = find_places(os.environ, arguments.profile), arguments.observe
    plan = _planned(places, arguments, observe, arguments.use_root_keys)
    whose = "the default profile" if places.parent == places.root else f"the profile {places.parent.name}"
    print(f"{places.root}, for {whose}")
    asks = sys.stdin.isatty() and not arguments.yes and not arguments.dry_run
    if arguments.migrate and not plan.paste:
        print("nothing to paste: Hermes honours each profile as it is spelled")
    first = _may_be_offered(arguments)
    if first and asks and _says_yes(_FIRST_WEEK):
        observe = True
        plan = _planned(places, arguments, observe, arguments.use_root_keys)
    if asks and arguments.use_root_keys is None and _root_keys(places):
        plan = _planned(places, arguments, observe, use_root_keys=True)
    nothing = "what is left is yours to paste" if plan.paste else "everything is in place"
    code = carry_out(plan, dry_run=arguments.dry_run, yes=arguments.yes, nothing=nothing)
    if code or arguments.dry_run:
        return code
    if observe or (first and not asks):
        print(as_called(_LATER if observe else _OFFER))
    if plan.writing:
        print(as_called("`profile-router doctor` says what is left to do; restart a Hermes that runs"))
    wanted = asks if arguments.live is None else arguments.live
    return _try_profiles(ask=arguments.live is None) if wanted else 0


def _planned(places: Places, arguments: argparse.Namespace, observe: bool | None, use_root_keys: bool | None) -> Plan:
    switch: PluginSwitch | None = None if observe is None else "observe" if observe else "on"
    return plan_install(
        places, os.environ, migrate=arguments.migrate, use_root_keys=use_root_keys,
        delegates=delegates(os.environ, switch), switch=switch,
    )  # fmt: skip


def _may_be_offered(arguments: argparse.Namespace) -> bool:
    """Tell whether a first week of looking on is to be offered: nobody has said anything, and a Hermes delegates."""
    unsaid = arguments.observe is None and find_policy(None, os.environ) == SHIPPED
    return unsaid and hermes_that_delegates(os.environ) is not None


def _root_keys(places: Places) -> bool:
    """Ask, where there are any, whether the profiles without a key may use the root pool of *places*."""
    wanting = not_agreed(who_wants(places, os.environ), places.root)
    pool = places.root / "auth.json"
    for one in wanting:
        print(f"{', '.join(one.profiles)}: no key of their own; Hermes' root pool has {one.counted}: {pool}")
    return bool(wanting) and _says_yes("May these profiles use the root pool? No key is copied. [y/N] ")


def _try_profiles(*, ask: bool) -> int:
    """Say what one minimal call per profile costs, make the calls, if *ask* only on a yes; return 1 if one failed."""
    import asyncio  # these with the HTTP client 200 ms that only the calls pay

    from profile_router.cli.commands.doctor import finding_without_keys, lines, secrets
    from profile_router.doctor.facts import gather
    from profile_router.install.trial import announced, tried
    from profile_router.machine.machine import this_machine

    facts = asyncio.run(gather(None, this_machine(os.environ)))
    print("\n".join(("one minimal model call per profile:", *map(printable, announced(facts)))))
    if ask and not _says_yes("Make these calls? [y/N] "):
        print(as_called("no call made; `profile-router doctor --live` makes them"))
        return 0
    findings = [finding_without_keys(finding, secrets(facts)) for finding in asyncio.run(tried(facts))]
    print("\n".join(lines(findings, width=120, colours=coloured(sys.stdout))))
    return 1 if count_of_level(findings, "fail") else 0


def carry_out(plan: Plan, *, dry_run: bool, yes: bool, nothing: str) -> int:
    """Print *plan*, ask unless *yes*, carry it out; return 0, or 1 where the user said no.

    Raises UsageError where nobody can be asked.
    """
    notes = (as_called(f"note: {note}") for note in plan.notes)
    shown = (*map(as_called, change_lines(plan.changes)), *differences(plan.changes), *notes, *plan.paste)
    print("\n".join(map(printable, shown)))
    if not plan.writing:
        print(f"nothing to do: {nothing}")
        return 0
    if dry_run:
        print("nothing written (--dry-run)")
        return 0
    if not yes and not _agreed():
        print("nothing written")
        return 1
    apply(plan.writing)
    print(f"done: {_counted(plan)}")
    return 0


def change_lines(changes: Sequence[Change]) -> Iterator[str]:
    """Yield a line for each folder in which something happens; one that only comes with its files goes without."""
    holding = {str(Path(change.path).parent) for change in changes if change.kind == "create"}
    told = (change for change in changes if change.kind in _ORDER and not (change.folder and change.path in holding))
    shown = sorted(told, key=lambda change: _ORDER.index(change.kind))
    same = sum(change.kind == "same" for change in changes)
    for (kind, is_folder, parent, note), group in groupby(shown, _together):
        names = sorted(Path(change.path).name for change in group)
        name = f"{{{','.join(names)}}}" if len(names) > 1 else names[0]
        yield f"  {kind:<7} {Path(parent) / name}{'/' * is_folder}{f'  ({note})' if note else ''}"
    if same:
        yield f"  as they should be: {same} file{'s' * (same != 1)}"


def differences(changes: Iterable[Change]) -> Iterator[str]:
    """Yield the unified diff of each file that is edited, without the keys in it."""
    for change in changes:
        if change.kind == "change" and change.insertions and change.content is not None:
            before, after = ((text or b"").decode("utf-8", "replace") for text in (change.before, change.content))
            lines = difflib.unified_diff(
                before.splitlines(), after.splitlines(), change.path, change.path, lineterm="", n=2
            )
            yield from (_KEY.sub(lambda found: f"{found[1] or ''}***", line) for line in lines)


def _together(change: Change) -> tuple[str, bool, str, str]:
    return change.kind, change.folder, str(Path(change.path).parent), change.note


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise UsageError(
            "without a terminal nobody can be asked, so nothing was written; add --yes, or look with --dry-run"
        )
    return _says_yes("Write this? [y/N] ")


def _says_yes(question: str) -> bool:
    try:
        return input(question).strip().lower() in {"y", "yes"}
    except EOFError:
        return False


def _counted(plan: Plan) -> str:
    done = {"create": "created", "change": "changed", "remove": "removed"}
    counts = {kind: sum(change.kind == kind and not change.folder for change in plan.writing) for kind in done}
    told = (f"{count} file{'s' * (count != 1)} {done[kind]}" for kind, count in counts.items() if count)
    return ", ".join(told) or "folders only"
