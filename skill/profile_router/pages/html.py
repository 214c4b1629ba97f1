"""The report as one HTML page: no script, font or picture from elsewhere, light and dark, wide and narrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from profile_router.core.text import harmless
from profile_router.expressions import expression
from profile_router.pages.measured import Measured
from profile_router.pages.plots import svg_of
from profile_router.pages.report import Callout, Cell, Report, ResultTable, Section, share_and_interval, worded

_NOTHING_FROM_ELSEWHERE = "default-src 'none'; style-src 'unsafe-inline'"
_FIGURE = expression(r"–?|≈? ?[-−]?\$?\d[\d.,]*(?: (?:%|s|ms|h|min)(?: \d+ (?:s|min))?)?")
_PERCENT = expression(r"(?<=\d) %")
PAGE_BEGIN = (  # by which a page of ours is known
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="generator" content="profile-router">'
)
_LIGHT = ("#0b6bcb", "#c2410c", "#15803d", "#7e22ce", "#b45309", "#0e7490", "#be185d", "#4b5563")
_DARK = ("#60a5fa", "#fb923c", "#4ade80", "#c084fc", "#fbbf24", "#22d3ee", "#f472b6", "#9ca3af")
_STYLE = """
:root{color-scheme:light dark;--paper:#fff;--ink:#1f2328;--soft:#59636e;--rule:#d1d9e0;--band:#f6f8fa;LIGHT}
@media (prefers-color-scheme:dark){:root{--paper:#0d1117;
--ink:#e6edf3;--soft:#9198a1;--rule:#3d444d;--band:#151b23;DARK}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:68rem;padding:1rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
h1{font-size:1.5rem;line-height:1.25;margin:.5rem 0 1rem}h2{font-size:1.2rem;margin:2.2rem 0 .3rem}
h3{font-size:1rem;margin:0 0 .3rem}p{margin:.3rem 0 .8rem;max-width:48rem;overflow-wrap:anywhere}
p,dt{color:var(--soft)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .9rem;margin:0}dd{margin:0;overflow-wrap:anywhere}
.wide{overflow-x:auto;margin:.8rem 0;border:1px solid var(--rule);border-radius:6px}
table{border-collapse:collapse;font-size:.85rem;width:100%;font-variant-numeric:tabular-nums}
.said{position:sticky;left:0;margin:0;padding:.4rem .6rem;font-size:.85rem}
th,td{padding:.25rem .6rem;text-align:left;white-space:nowrap;border-top:1px solid var(--rule)}
th{background:var(--band)}th.n{text-align:right}.n{text-align:right}.of{color:var(--soft);font-size:.78rem}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));gap:1rem;margin:1rem 0;
align-items:start}
figure{margin:0;max-width:36rem;border:1px solid var(--rule);border-radius:6px;padding:.7rem;min-width:0}
.plot{width:100%;height:auto;display:block}.plot text{font:11px system-ui,sans-serif;fill:var(--soft)}
.plot .label{font-size:12px;fill:var(--ink)}.grid{stroke:var(--rule);stroke-width:.6;fill:none}
.line{fill:none;stroke-width:1.8}.chance{stroke:var(--soft);stroke-dasharray:3 4;fill:none}
.point{fill:var(--paper);stroke:var(--ink);stroke-width:1.2}
.plot .number{font-size:10px;font-weight:600;fill:var(--ink);text-anchor:middle}
.bar{fill:var(--k0);opacity:.75}.whisker{stroke:var(--ink);stroke-width:1.2;fill:none}
.legend{list-style:none;margin:.5rem 0 0;padding:0;display:flex;flex-wrap:wrap;gap:.15rem .9rem;font-size:.8rem}
.callout{border:1px solid var(--rule);border-left:4px solid var(--k0);border-radius:6px;padding:.2rem 1rem .5rem;
margin:1rem 0;background:var(--band)}.callout h2{margin:.5rem 0 .3rem}.callout p{color:var(--ink)}
.callout ol{margin:.3rem 0 .6rem;padding-left:1.3rem}.callout li{margin:.3rem 0}
code{font:.85em ui-monospace,Consolas,monospace;overflow-wrap:anywhere}
.key{width:26px;height:8px;margin-right:.35rem;vertical-align:middle}SERIES
"""


def page_of(report: Report) -> str:
    """Return *report* as a whole HTML document."""
    facts = {**report.about, **report.run}
    body = "".join(
        (
            f"<h1>{escape(report.title)}</h1>",
            "<dl>"
            + "".join(f"<dt>{escape(name)}</dt><dd>{_html(value)}</dd>" for name, value in facts.items())
            + "</dl>",
            "".join(f"<p>{_html(note)}</p>" for note in report.notes),
            *(_callout(one) for one in report.callouts),
            *(_section(section) for section in report.sections),
        )
    )
    return harmless(
        f'{PAGE_BEGIN}<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_NOTHING_FROM_ELSEWHERE}">'
        f"<title>{escape(report.title)}</title><style>{_style()}</style></head><body>{body}</body></html>\n",
        escapes="none",
    )


def _html(text: str) -> str:
    """Return *text* for a sentence or a cell, in which a figure and its `%` stay on one line."""
    return escape(_PERCENT.sub("\N{NO-BREAK SPACE}%", text))


def _style() -> str:
    series = "".join(f".s{number}{{stroke:var(--k{number})}}" for number in range(len(_LIGHT)))
    return _STYLE.replace("LIGHT", _colours(_LIGHT)).replace("DARK", _colours(_DARK)).replace("SERIES", series)


def _colours(values: tuple[str, ...]) -> str:
    return "".join(f"--k{number}:{value};" for number, value in enumerate(values))


def _callout(callout: Callout) -> str:
    said = "".join(f"<p>{_html(line)}</p>" for line in callout.said)
    steps = "".join(f"<li>{_html(why)}<br><code>{escape(command)}</code></li>" for why, command in callout.steps)
    listed = f"<ol>{steps}</ol>" if steps else ""
    head = f"<h2>{_html(callout.title)}</h2>"
    return f'<section class="callout" id="{escape(callout.id, quote=True)}">{head}{said}{listed}</section>'


def _section(section: Section) -> str:
    plots = "".join(f"<figure><h3>{_html(one.name)}</h3>{svg_of(one)}</figure>" for one in section.figures)
    return "".join(
        (
            f"<h2>{_html(section.title)}</h2><p>{_html(section.said)}</p>",
            f'<div class="plots">{plots}</div>' if plots else "",
            *map(_table, section.tables),
        )
    )


def _table(table: ResultTable) -> str:
    said = f'<p class="said">{_html(table.said)}</p>' if table.said else ""  # a caption would be as wide as the table
    right = [_right(table, column) for column in range(len(table.columns))]
    head = "".join(
        f"<th{' class=n' if there else ''}>{_html(name)}</th>" for name, there in zip(table.columns, right, strict=True)
    )
    rows = "".join(f"<tr>{''.join(_cells(row, right))}</tr>" for row in table.rows)
    return f'<div class="wide">{said}<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _right(table: ResultTable, column: int) -> bool:
    """Tell whether *column* stands to the right: it holds figures alone, some of them with a unit."""
    told = [row[column] for row in table.rows]
    return table.numbers(column) or (
        column > 0 and all(not isinstance(one, str) or _FIGURE.fullmatch(one) for one in told)
    )


def _cells(row: Sequence[Cell], right: Sequence[bool]) -> Iterator[str]:
    for cell, there in zip(row, right, strict=True):
        if isinstance(cell, Measured) and cell.known:
            value, between = share_and_interval(cell)
            yield f'<td class="n">{value} <span class="of">{between}</span></td>'
        else:
            yield f"<td{' class=n' if there or not isinstance(cell, str) else ''}>{_html(worded(cell))}</td>"
