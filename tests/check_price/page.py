"""The page that tells what a check is worth: the counts, the rates, and what follows for the policy's defaults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from tests.check_price.bugs import RIGHT, WRONG, BuggyRepository, Kind
from tests.check_price.cascade import BURST_COST, BURST_SOLVED, ROWS, WANTED_SHARE, WANTED_SOLVED, outcome, window
from tests.check_price.early_page import on_early
from tests.check_price.judging import CHECKS, Check, Saying
from tests.check_price.long_page import on_long
from tests.check_price.merged import Counted, merged_counts
from tests.check_price.tally import Tally, tally

from profile_router.core.operating.share import share_of

SUBTLE: tuple[Kind, ...] = ("reverted", "elsewhere", "plausible", "overfit")
_CALLED: Mapping[Check, str] = {
    "named": "the named check",
    "narrowed": "the found check, narrowed",
    "whole": "the found check, whole",
    "parses": "weak: changed files parse",
    "linted": "weak: the project's linter",
    "edited": "weak: a file to edit was edited",
    "related": "weak: no other file changed",
    "default": "**the default, as a run takes it**",
    "promoting": "the same, with `unproved: promote`",
}
_ANSWERS: Mapping[Kind, str] = {
    "gold": "the gold patch",
    "gold and its test": "the gold patch with its test",
    "unchanged": "nothing changed",
    "reverted": "a comment or a word changed, the bug kept",
    "syntax": "the gold patch, and the file does not parse",
    "elsewhere": "the gold patch, and a wrong operator elsewhere",
    "emptied": "the bug kept, and the test file emptied",
    "plausible": "a plausible wrong fix",
    "overfit": "a fix for the example of the text alone",
}
_CASES: Sequence[tuple[str, Check, tuple[Kind, ...] | None]] = (
    ("Every kind of wrong work", "default", None),
    ("Subtly wrong work alone", "default", SUBTLE),
    ("Every kind of wrong work, with `unproved: promote`", "promoting", None),
    ("Subtly wrong work alone, with `unproved: promote`", "promoting", SUBTLE),
)
_LONG: tuple[Check, Check] = ("default", "promoting")
FOUND = (
    "## Which checks are found",
    "",
    "By a file that configures or asks for the runner. Runners are pytest, unittest, tox, nox, Vitest, Jest, Mocha, npm's test",
    "script, cargo, go, make, Gradle, Maven, rake, RSpec, PHPUnit. All but npm, make, tox, nox and cargo are narrowed to test",
    "files, PHPUnit to one. Nothing is fetched: a runner that is not installed is named, with the command that installs it.",
    "",
    "Python needs no such file. Unittest runs `test_*.py` and `*_test.py` that import it. Else pytest runs those that import",
    "pytest, or hold a function `test_` or a class `Test` of no other class. A file of asserts alone names none.",
    "",
    "| met here | how |",
    "|---|---|",
    "| the repositories above | run for this page |",
    "| RSpec 3.12, Mocha 12, Jest 30, Vitest 4 | a repository each by hand, red and narrowed, in the jail; no network |",
    "| PHPUnit | its report alone, as its documentation shows it |",
    "",
    "Not found: `deno test`, `dotnet test`, `mix test`, `swift test`. Name them with `--check`.",
    "",
)
_SHARES = (1.0, 0.75, 0.5, 0.25, 0.0)


def written(
    said: Sequence[Saying],
    repositories: Sequence[BuggyRepository],
    skipped: Mapping[str, str],
    on_path: Mapping[str, str] = MappingProxyType({}),
    day: str = "",
) -> str:
    """Return the page on what was *said* on a *day*. *skipped* are the repositories that could not be run, and why.

    *on_path* are the programs that were there, each with its version.
    """
    return "\n".join(
        (
            *_head(said, repositories, skipped, on_path, day),
            *_rates(said),
            *_by_answer(said),
            *_by_task(said),
            *_cascade(said),
            *on_early(*(tally(said, "default", covered=covered) for covered in (True, False))),
            *on_long(*([tally(said, check, covered=covered) for covered in (True, False)] for check in _LONG)),
            *_defaults(said),
            *FOUND,
        )
    )


def _head(
    said: Sequence[Saying],
    repositories: Sequence[BuggyRepository],
    skipped: Mapping[str, str],
    on_path: Mapping[str, str],
    day: str,
) -> Iterator[str]:
    met = {one.repository for one in said}
    yield "# What a check is worth, measured"
    yield ""
    yield f"Made by `python3 -m tests.check_price --write docs/checks.md`{day and f' on {day}'}; `tests/check_price` holds the repositories."
    if on_path:
        yield f"On the path were {' · '.join(' '.join(pair).strip() for pair in on_path.items())}. `--toolchains` lends Go and Ruby."
    yield ""
    tasks = {(one.repository, one.bug) for one in said}
    yield f"{len(met)} small repositories have {len(tasks)} tasks: a bug each, its text, its gold patch and a hidden test."
    yield "Each task is met twice: with a red test for the bug in the repository, and without one."
    yield "The answers are made by hand, and the hidden test shows which are right. The product finds, runs and judges."
    yield ""
    yield "| repository | language | tasks | |"
    yield "|---|---|---|---|"
    for one in repositories:
        how = f"not run: {skipped[one.name]}" if one.name in skipped else "run" if one.name in met else "not run"
        yield f"| {one.name} | {one.language} | {len(one.bugs)} | {how} |"
    yield ""


def _rates(said: Sequence[Saying]) -> Iterator[str]:
    for covered in (True, False):
        yield f"## {'With' if covered else 'Without'} a test for the bug"
        yield ""
        yield "A share is told with its counts and Wilson's interval of 95 %. No verdict counts to no share."
        yield ""
        yield "| check | accepts wrong work | of it subtly wrong | rejects right work | no verdict |"
        yield "|---|---|---|---|---|"
        for check in CHECKS:
            whole, subtle = (tally(said, check, covered=covered, kinds=kinds) for kinds in (None, SUBTLE))
            wrong, of_subtle = (_share(one.accepted, one.wrong) for one in (whole, subtle))
            right = _share(whole.rejected, whole.right)
            yield f"| {_CALLED[check]} | {wrong} | {of_subtle} | {right} | {whole.silent} of {whole.all} |"
        yield ""
    yield "Subtly wrong: what parses, changes a file, and leaves the tests as they are. The default is the narrowed check,"
    yield "then all tests. It wants a file to parse still, a file to edit to be edited, its code to be another. It ends well where"
    yield "none objects. `unproved: promote` objects too where no test was red before and none is new."
    yield ""
    yield from _without_a_run(merged_counts())


def _without_a_run(merged: Counted) -> Iterator[str]:
    """Yield how often the rules that need no run would refuse *merged* commits."""
    faults, others = merged.faults, merged.others
    named = " · ".join(f"{name} {count}" for name, count in merged.repositories.items())
    yield "Two rules need no run. An attempt fails that takes tests away, if its task does not ask for fewer. They are gone,"
    yield "switched off, or check nothing any more. So does one whose code is another in form alone, if a fault was reported."
    yield f"They may refuse right work: so {faults.commits + others.commits} merged commits were tried, which change tests ({named})."
    yield f"Of {faults.judged} that report a fault the first refuses {faults.taken}, of {others.judged} with other texts {others.taken}."
    yield f"Of the {faults.taken + others.taken} texts that the first refuses, {faults.silent + others.silent} have no word of tests. The second refuses {faults.form} of {faults.commits}."
    yield "Of a test with some assertions less, and of `text.split(None)`, neither says anything."
    yield ""
    yield "They were counted by `python3 -m tests.check_price.merged --write tests/check_price/merged.json CLONES ROWS`,"
    yield f"on {merged.day}, by the rules as commit {merged.code} left them."
    yield ""


def _share(count: int, of: int) -> str:
    if not of:
        return "–"
    low, high = share_of(count, of)
    return f"{100 * count / of:.0f} % ({count} of {of}; {100 * low:.0f}–{100 * high:.0f})"


def _by_answer(said: Sequence[Saying]) -> Iterator[str]:
    yield "## By answer"
    yield ""
    yield "How many the default accepts, with and without a test for the bug."
    yield ""
    yield "| answer | right | with | without |"
    yield "|---|---|---|---|"
    for kind in (*RIGHT, *WRONG):
        counts = [
            [one.verdict for one in said if (one.check, one.answer, one.covered) == ("default", kind, covered)]
            for covered in (True, False)
        ]
        told = " | ".join(f"{one.count('accepted')} of {len(one)}" if one else "–" for one in counts)
        yield f"| {_ANSWERS[kind]} | {'yes' if kind in RIGHT else 'no'} | {told} |"
    yield ""


def _by_task(said: Sequence[Saying]) -> Iterator[str]:
    yield "## By task"
    yield ""
    yield "What the default says of each answer: `+` for accepted, `-` for rejected. First with a test for the bug, then without."
    yield ""
    yield f"| task | {' | '.join((*RIGHT, *WRONG))} |"
    yield f"|---{'|---' * len((*RIGHT, *WRONG))}|"
    for task in dict.fromkeys((one.repository, one.bug) for one in said):
        yield f"| {': '.join(task)} | {' | '.join(cell(said, task, kind) for kind in (*RIGHT, *WRONG))} |"
    yield ""


def cell(said: Sequence[Saying], task: tuple[str, str], kind: Kind) -> str:
    """Return what the default said of one *kind* of answer to a *task*, as it stands in the page."""
    found = {
        one.covered: one
        for one in said
        if (one.repository, one.bug) == task and one.check == "default" and one.answer == kind
    }
    return " ".join(
        {"accepted": "+", "rejected": "-"}[found[way].verdict] if way in found else "." for way in (True, False)
    )


def _cascade(said: Sequence[Saying]) -> Iterator[str]:
    yield "## What follows for a cascade"
    yield ""
    yield "The rows below are planes through three measured rows for each weak model: 500 issues of SWE-bench Verified."
    yield f"Always the strong model solves {BURST_SOLVED} % at ${BURST_COST} a task. Wanted: {WANTED_SOLVED:.0f} % for at most"
    yield f"{WANTED_SHARE:.0%} of that (${WANTED_SHARE * BURST_COST:.3f}). The rates are the default's, mixed by how many tasks have a"
    yield "test for their bug. Of wrong work each kind of answer counts the same, which no model keeps to."
    yield ""
    for called, check, kinds in _CASES:
        mix = [tally(said, check, covered=covered, kinds=kinds) for covered in (True, False)]
        yield f"{called}:"
        yield ""
        yield "| weak model | tasks with a test | accepts wrong | rejects right | solved | cost | share of burst | wanted |"
        yield "|---|---|---|---|---|---|---|---|"
        for model, rows in ROWS.items():
            for share in _SHARES:
                accepts, rejects = _mixed(mix[0], mix[1], share)
                found = outcome(rows, accepts, rejects)
                yield (
                    f"| {model} | {share:.0%} | {accepts:.0%} | {rejects:.0%} | {found.solved:.1f} % | ${found.cost:.3f} | "
                    f"{found.share:.0%} | {'yes' if found.wanted else 'no'} |"
                )
        yield ""
        yield from _reached(mix[0], mix[1])
        yield ""
    yield from _needed()


def _mixed(with_test: Tally, without: Tally, share: float) -> tuple[float, float]:
    accepts = share * (with_test.accepts or 0.0) + (1 - share) * (without.accepts or 0.0)
    return accepts, share * (with_test.rejects or 0.0) + (1 - share) * (without.rejects or 0.0)


def _reached(with_test: Tally, without: Tally) -> Iterator[str]:
    """Yield at which shares of tasks with a test what is wanted is had by both models."""
    both = [
        step / 100
        for step in range(101)
        if all(outcome(rows, *_mixed(with_test, without, step / 100)).wanted for rows in ROWS.values())
    ]
    if both:
        yield f"Both models reach it where {both[0]:.0%} to {both[-1]:.0%} of the tasks have a test for their bug."
    else:
        yield "At no share of tasks with a test do both models reach it."


def _needed() -> Iterator[str]:
    """Yield which rates are needed."""
    yield "What is needed for it:"
    yield ""
    for model, rows in ROWS.items():
        for rejects in (0.0, 0.1):
            fit = window(rows, rejects)
            said = f"{fit[0]:.0%} to {fit[1]:.0%} of wrong work accepted" if fit else "no check"
            yield f"- {model}, {rejects:.0%} of right work rejected: {said}."
    yield ""
    yield "A check that is too good costs too much: each wrong answer that it finds goes to the strong model."
    yield ""


def _defaults(said: Sequence[Saying]) -> Iterator[str]:
    weak: tuple[Check, ...] = ("parses", "linted", "edited", "related")
    rates = {check: tally(said, check) for check in weak}
    found = tally(said, "narrowed")
    mini, free = ROWS.values()
    price = mini[0].cost - outcome(mini, 1.0, 0.0).cost
    share_of_wrong = 1 - outcome(mini, 1.0, 0.0).solved / 100
    yield "## The policy's defaults"
    yield ""
    yield f"- `trust: []`. Of the wrong work that it judged, a weak check accepts: {_listed(rates)}. A cascade that"
    yield (
        "  trusted the best of them would solve "
        + " and ".join(
            f"{outcome(rows, min(one.accepts or 1.0 for one in rates.values()), 0.0).solved:.0f} %"
            for rows in (mini, free)
        )
        + ", little more than the weak models alone. That a file does not parse is proof: it fails work."
    )
    yield f"- One `repair`, after a failed check alone. The found check rejects {_share(found.rejected, found.right)} of right"
    yield f"  work, so its no can be told to the model. A promoted task costs about ${price / share_of_wrong:.1f} more, a second try of"
    yield f"  GPT-5 mini $0.035. A repair pays where it fixes one in {price / share_of_wrong / 0.035:.0f}. A second repair is not measured."
    yield "- `early.turns` (K), 4: nothing here says anything of it, for answers made by hand have no turns. Others measured:"
    yield "  the first three to four turns of a weak model tell whether it gets there. (arXiv 2607.00053.)"
    yield "- `early.weights.over_usual_turns`, 0.5 of the score of 1: more turns than usual promote beside another sign, never"
    yield "  alone. Alone they pay for a model that writes on where it is lost, and cost for one that gives up. Who has one of"
    yield "  the first kind sets 1. An attempt that changed a file and will be checked goes on even then."
    yield from _unproved(said)
    yield "- `check: ask`. Without a test for the bug the found check accepts most wrong work. It still tells what broke."
    yield ""
    yield "## What this does not say"
    yield ""
    yield "- The answers are few, made by hand, and by whoever knew the checks. A model errs in other shares."
    yield "- Small repositories have quick and whole tests. Those of large ones are slower, flakier, and miss more."
    yield "- The cascade's rows take errors of the check as independent of the task. Hard tasks have worse tests."
    yield ""


def _unproved(said: Sequence[Saying]) -> Iterator[str]:
    """Yield what `unproved` is worth where half of the tasks have a test for their bug."""
    told = []
    for check in ("default", "promoting"):
        mix = [tally(said, check, covered=covered) for covered in (True, False)]
        rates = _mixed(mix[0], mix[1], 0.5)
        told.append([outcome(rows, *rates) for rows in ROWS.values()])
    keep, promote = (" and ".join(f"{one.solved:.1f} % at {one.share:.0%}" for one in found) for found in told)
    yield f"- `unproved: long`. Let half of the tasks have a test for their bug. Then `keep` comes to {keep} of"
    yield f"  always-burst's cost. `promote` comes to {promote}. That promotes right work too. A test that an attempt adds to a"
    yield "  file of tests is put back, and counts as none. So it is for whoever pays for that. `long` pays for the tenth that"
    yield "  errs most."


def _listed(rates: Mapping[Check, Tally]) -> str:
    told = [
        f"{one.accepts:.0%} ({_CALLED[check].removeprefix('weak: ')})"
        for check, one in rates.items()
        if one.accepts is not None
    ]
    return " · ".join(told)
