"""Show the end of a run: the verdict, then why and where the work is, then what the model says.

All of it is the answer, and so goes to stdout. Whatever runs tasks ends alike.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from profile_router.cli.progress import folded, glyph_line, labelled
from profile_router.cli.screens import columns, printable, showable
from profile_router.cli.spelling import as_called
from profile_router.core.attempt.outcome import BESIDE
from profile_router.core.attempt.saving import OLDER_VERSION
from profile_router.core.ladder.causes import TABLE
from profile_router.core.ladder.check_words import ended, joined_check_line
from profile_router.core.ladder.receipt import Status
from profile_router.core.telling.decision import Json
from profile_router.core.telling.layout import markdown_lines
from profile_router.core.telling.verdict import RunVerdict, why_not_elsewhere
from profile_router.core.telling.ways_out import show_run
from profile_router.core.telling.work import changed_text, ignored_text, put_back_text, weak_words
from profile_router.core.text import priced, saved_words, some_of, took

_GLYPHS: Mapping[RunVerdict, str] = {
    "verified": "✓",
    "unverified": "!",
    "no-change": "✗",
    "failed": "✗",
    "refused": "✗",
    "unapproved": "!",
}
_OUTPUT_LINES, _FILES = 12, 8
_WORD_WIDTH = 11


class RunEnd(Protocol):
    """The end of a run, however it came about."""

    @property
    def status(self) -> Status:
        """Return its status, which decides the exit code."""

    @property
    def json(self) -> Json:
        """Return it as `run --json` prints it."""

    @property
    def output(self) -> str:
        """Return the end of what its check printed."""

    @property
    def workspace(self) -> str:
        """Return the folder where it worked."""

    @property
    def verdict(self) -> RunVerdict:
        """Return what the world says of it."""


def closing_lines(result: RunEnd, *, stays: bool = True) -> list[str]:
    """Return the end of a run for a person: verdict, reasons, work, the model's words; cost and saving come last.

    *stays*: the run can be looked at afterwards, and how is said.
    """
    told = result.json
    words = list(_words(told))
    if words:
        words = ["", *words, ""]
    seconds = told.get("seconds")
    if seconds is None:  # an older version ran it
        seconds = sum(attempt["seconds"] for attempt in told["attempts"])
    thread = f" · thread {told['thread']}" if told["thread"] else ""
    saving = told.get("saved") or {}  # of a run of an older version nobody knows
    saved = saved_words(saving.get("usd"), saving.get("source", ""), saving.get("why", OLDER_VERSION))
    last = f"{priced(told['cost_usd'], _source(told))} · {saved} · {took(seconds)}{thread}"
    if stays and told.get("run"):
        last += as_called(f" · {show_run(told['run'])} tells the whole story")
    return [*_verdict(result), *words, folded(last, sys.stdout, indent=2)]


def batch_lines(results: Sequence[RunEnd]) -> list[str]:
    """Return the end of a batch: how many ended how, then each task behind its number."""
    ends = Counter(result.verdict for result in results)
    told = ", ".join(f"{ends[word]} {word}" for word in _GLYPHS if ends[word])
    lines = [f"{len(results)} task{'s' if len(results) != 1 else ''}: {told}"]
    for number, result in enumerate(results, 1):
        if result.json["route"]:
            lines += ["", f"[{number}]", *closing_lines(result)]
        else:
            lines += ["", f"[{number}]", _head("failed", "not begun"), labelled("because", result.json["error"])]
    return lines


def _source(told: Json) -> str:
    """Return whose figures the cost of a run is: of its attempts that cost anything, each source once.

    A paid server that charged nothing is not free.
    """
    paid = dict.fromkeys(attempt["cost_source"] for attempt in told["attempts"] if attempt["cost_usd"])
    free = told["attempts"] and all(attempt["cost_source"] == "free" for attempt in told["attempts"])
    return " and ".join(paid) or ("free" if free else "")


def _verdict(result: RunEnd) -> Iterator[str]:
    told = result.json
    verdict = result.verdict
    route = told["route"]
    if told["status"] == "ok":
        yield _head(verdict, " · ".join(_facts(told)))
        if told["verified"].get("weak"):
            yield labelled("weak", ", ".join(weak_words(told["verified"]["weak"])))
    else:
        yield _head(verdict, " · ".join(filter(None, (_ran_on(told), route["rule"]))))
        yield from _reasons(result)
    for note in (*told["notes"], *told["warnings"]):
        yield labelled("note", as_called(note))


def _ran_on(told: Json) -> str:
    """Return the profile that the run ended on: that of the last attempt that was begun, else the route's."""
    begun = [one for one in told["attempts"] if one["outcome"] != "unavailable" and one["step"] not in BESIDE]
    return str(begun[-1]["profile"]) if begun else str(told["route"]["profile"] or "")


def _head(verdict: RunVerdict, text: str) -> str:
    line = f"{verdict:<{_WORD_WIDTH}} {printable(text)}"
    return glyph_line(_GLYPHS[verdict], line, sys.stdout, word=len(verdict))


def _facts(told: Json) -> list[str]:
    """Return what is known of finished work: the files, the check, and what stays open."""
    verified = told["verified"]
    check = verified["check"]
    facts = [_changed(told)]
    if check is not None and check["passed"]:
        before = (verified.get("before") or {}).get("passed")
        how = ended(check["passed"], check.get("exit_code"), before)
        changed = (check.get("difference") or {}).get("words", "")
        words = " · ".join(filter(None, (changed, check.get("all_tests", ""))))
        facts.append(joined_check_line(f"{check['command']}: {how}", words, check["last_line"], check.get("exit_code")))
    if verified.get("put_back"):
        facts.append(put_back_text(verified["put_back"]))
    if verified.get("ignored"):
        facts.append(ignored_text(verified["ignored"]))
    return [*facts, *verified["unverified"]]


def _reasons(result: RunEnd) -> Iterator[str]:
    """Yield why a run is not `ok`, its check's last lines, where its work is, and what would help."""
    told = result.json
    yield from (labelled("why", reason) for reason in why_not_elsewhere(told))
    if told["error"]:
        yield labelled("because", as_called(told["error"]))
    check = told["verified"]["check"]
    if check is not None and not check["passed"]:
        if check["command"] not in (told["error"] or ""):  # what failed last is another thing, such as a server
            before = (told["verified"].get("before") or {}).get("passed")
            yield labelled("check", f"{check['command']}: {ended(False, check.get('exit_code'), before)}")
        lines = [line.rstrip() for line in result.output.splitlines() if re.search(r"\w", line)][-_OUTPUT_LINES:]
        yield from (labelled("output" if number == 0 else "", line) for number, line in enumerate(lines))
    if work := _work(result):
        yield labelled("work", work)
    yield from (labelled("unblock", as_called(way)) for way in told["unblock"])


def _work(result: RunEnd) -> str:
    """Say where the work of a run is that did not end well; empty where no model was asked."""
    merge = result.json.get("merge")
    if merge is not None and not merge["merged"]:
        return f"{some_of(merge['changed'], _FILES)}, kept in {merge['diff']}"
    if not result.workspace or all(receipt["outcome"] == "unavailable" for receipt in result.json["attempts"]):
        return ""
    return f"{_changed(result.json)}, in {result.workspace}"


def _changed(told: Json) -> str:
    files = told["verified"]["files_changed"]
    changed = [changed_text(file["path"], file["lines_added"], file["lines_removed"]) for file in files]
    return some_of(changed, _FILES) or "no file changed"


def _words(told: Json) -> Iterator[str]:
    """Yield what the model says: on a terminal laid out for it, elsewhere as it is."""
    lines = [printable(line.expandtabs(4)) for line in str(told["summary"]).splitlines()]
    if not any(line.strip() for line in lines):
        return
    if told["status"] != "ok":
        yield labelled("claim", f"{_speaker(told) or 'the model'} says, and it is not confirmed:")
    text = "\n".join(lines)
    yield from markdown_lines(showable(text, sys.stdout), columns(sys.stdout)) if sys.stdout.isatty() else lines


def _speaker(told: Json) -> str:
    """Return the profile whose words the summary is: the last attempt that finished, however its work was judged.

    One that broke off left no words, and a probe or a review has none. Empty where no attempt finished.
    """
    finished = {"ok", *(cause for cause, row in TABLE.items() if row.family == "work")}
    made = (one for one in reversed(told["attempts"]) if one["step"] not in BESIDE)
    return next((str(one["profile"]) for one in made if one.get("verdict") in finished), "")
