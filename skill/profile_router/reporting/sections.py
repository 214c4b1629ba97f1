"""The report as values, drawn on a screen and as a page: three answers, then tables and plots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import accumulate

from profile_router.core.operating.answers import OPERATOR_QUESTIONS, misrouted, sentence_of
from profile_router.core.operating.share import share_of
from profile_router.core.operating.totals import Notable, RunPart, Totals
from profile_router.core.text import about, price, short_id
from profile_router.pages.measured import Measured
from profile_router.pages.report import (
    AmountsFigure,
    BarsFigure,
    Callout,
    Cell,
    LinesFigure,
    Report,
    ResultTable,
    Section,
)
from profile_router.reporting.summary import Summary

_TITLE = "What hermes-profile-router did, and what it cost"
_OPEN = "unfinished"
_BADLY = "Why tasks did not end well"
_FIGURES = 12  # causes and rules that a plot has room for


def report_of(summary: Summary) -> Report:
    """Return what *summary* tells as a report."""
    totals = summary.totals
    sections = (_money(totals), _where(totals), _how_long(totals), _steps(totals), _look(summary))
    return Report(
        title=_TITLE,
        about={
            "time": f"the last {_span(summary.days)}, to {_stamp(summary.made)}",
            "tasks": f"{totals.runs:,}",
            "budget": f"{summary.budget.told} is left"
            + (f", {price(summary.budget.reserved_usd)} held" if summary.budget.reserved_usd else ""),
        },
        run={},
        notes=(),
        sections=[one for one in sections if one is not None] if totals.runs else (),
        callouts=[
            Callout(
                id=one.id,
                title=OPERATOR_QUESTIONS[one.id],
                said=one.said,
                steps=[(step.said, step.command) for step in one.advice],
            )
            for one in summary.answers
        ],
    )


def _span(days: float) -> str:
    hours = days * 24
    number, one = (hours, "hour") if days < 2 else (days, "day")
    return f"{number:g} {one if number == 1 else one + 's'}"


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _money(totals: Totals) -> Section:
    found = totals.compared
    bars = [
        ("spent on these", found.spent_usd, about(found.spent_usd, exact=totals.exact)),
        ("always-burst", found.if_burst_usd, f"≈ {price(found.if_burst_usd)}"),
        ("always-local", 0.0, "$0.00"),
    ]
    figures: list[AmountsFigure | LinesFigure] = [AmountsFigure(name="The same tasks, in USD", bars=bars)]
    if len(totals.days) > 1:
        places = [float(at) for at in range(1 - len(totals.days), 1)]
        lines = [
            (name, list(zip(places, accumulate(values), strict=True)))
            for name, values in (
                ("spent, all tasks", [day.cost_usd for day in totals.days]),
                ("always-burst, as far as known", [day.if_burst_usd for day in totals.days]),
            )
        ]
        figures.append(LinesFigure(name="USD so far", x="days with tasks, 0 is the last", y="USD", lines=lines))
    return Section(
        title="Money",
        said=f"{found.known:,} of {totals.runs:,} tasks can be compared. They ended well; their tokens and the "
        "price of the burst tier are known.",
        figures=figures,
        tables=[_notable("most-expensive", "The most expensive", totals.most_expensive)]
        if totals.most_expensive
        else (),
    )


def _where(totals: Totals) -> Section:
    tiers, rules = totals.by("tier"), totals.by("rule")
    verified = [(name, _share(parts, "verified")) for name, parts in tiers.items() if _ended(parts)]
    counted = [
        (name, float(sum(one.runs for one in parts)), f"{sum(one.runs for one in parts):,}")
        for name, parts in list(rules.items())[:_FIGURES]
    ]
    return Section(
        title="Where tasks went, and how they ended",
        said="Verified: a check says so. Unverified: it ended well, and nothing confirms it. Not well: all other ends. "
        "Each share has Wilson's interval of 95 %.",
        figures=[
            BarsFigure(name="Share verified, by the tier that did the work last", bars=verified),
            AmountsFigure(name="Tasks by rule", bars=counted),
        ],
        tables=[_ends("tiers", "tier", tiers, totals.runs), _ends("rules", "rule", rules, totals.runs)],
    )


def _ends(name: str, head: str, groups: Mapping[str, Sequence[RunPart]], runs: int) -> ResultTable:
    rows: list[Sequence[Cell]] = []
    for key, parts in groups.items():
        count = sum(one.runs for one in parts)
        cost = about(sum(one.cost_usd for one in parts), exact=all(one.exact for one in parts))
        ends = [_count(parts, verdict) for verdict in ("verified", "unverified")]
        not_well = count - sum(ends) - _count(parts, _OPEN)
        rows.append((key, count, f"{100 * count / runs:.0f} %", *ends, not_well, cost))
    return ResultTable(
        name=name, columns=(head, "tasks", "share", "verified", "unverified", "not well", "cost"), rows=rows
    )


def _count(parts: Sequence[RunPart], verdict: str) -> int:
    return sum(one.runs for one in parts if one.verdict == verdict)


def _ended(parts: Sequence[RunPart]) -> int:
    return sum(one.runs for one in parts if one.verdict != _OPEN)


def _share(parts: Sequence[RunPart], verdict: str) -> Measured:
    count, of = _count(parts, verdict), _ended(parts)
    return Measured(count / of, *share_of(count, of), rows=of, trues=count)


def _how_long(totals: Totals) -> Section | None:
    if not totals.latencies:
        return None
    rows = [(one.tier, one.runs, f"{one.middle_s:,.1f} s", f"{one.ninth_s:,.1f} s") for one in totals.latencies]
    bars = [(one.tier, one.middle_s, f"{one.middle_s:,.1f} s") for one in totals.latencies]
    return Section(
        title="How long they took",
        said="From the beginning of a task to its end, with all of its attempts, checks and waits.",
        figures=[AmountsFigure(name="The middle of each tier, in seconds", bars=bars)],
        tables=[
            ResultTable(name="latency", columns=("tier", "tasks", "the middle", "nine of ten"), rows=rows),
            _notable("slowest", "The slowest", totals.slowest),
        ],
    )


def _steps(totals: Totals) -> Section | None:
    if not totals.steps and not totals.causes:
        return None
    steps = [(one.step, sentence_of(one.cause), one.times, one.runs, one.well) for one in totals.steps]
    causes = [(sentence_of(cause), count) for cause, count in totals.causes.items()]
    tables = []
    if steps:
        columns = ("step", "because", "times", "tasks", "then ended well")
        tables.append(ResultTable(name="steps", columns=columns, rows=steps, said="Steps after a failed attempt"))
    if causes:
        tables.append(ResultTable(name="causes", columns=("because", "tasks"), rows=causes, said=_BADLY))
    bars = [(name, float(count), f"{count:,}") for name, count in causes[:_FIGURES]]
    figures = [AmountsFigure(name=_BADLY, bars=bars)] if bars else []
    return Section(
        title="Promotions, and why",
        said="After a failed attempt there is one visible step, or a stop.",
        figures=figures,
        tables=tables,
    )


def _look(summary: Summary) -> Section | None:
    found = list(misrouted(summary.totals, summary.many_lines))
    if not found:
        return None
    tables = [
        _notable(one.kind, f"The newest: {told}", one.newest)
        for one, told in zip((one for one in summary.totals.misroutes if one.runs), found, strict=True)
    ]
    return Section(
        title="Found afterwards: worth a look",
        said="Runs whose change turned out to be of another size than their tier is for. Left out are rules that leave "
        "no choice: private work, images, long contexts, and what you asked for yourself.",
        tables=tables,
    )


def _notable(name: str, said: str, runs: Sequence[Notable]) -> ResultTable:
    columns = ("run", "profile", "rule", "verdict", "time", "cost", "lines")
    with_lines = any(one.lines for one in runs)
    rows = [list(_told(one))[: len(columns) if with_lines else -1] for one in runs]
    return ResultTable(name=name, columns=columns if with_lines else columns[:-1], rows=rows, said=said)


def _told(run: Notable) -> Iterator[Cell]:
    yield short_id(run.id)
    yield run.profile or "–"
    yield run.rule or "–"
    yield run.verdict
    yield "–" if run.seconds is None else f"{run.seconds:,.1f} s"
    yield about(run.cost_usd, exact=run.exact)
    yield run.lines
