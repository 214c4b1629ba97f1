"""Plots as SVG by our own small functions: lines and points over two axes, and shares with their intervals.

Colours are classes that the page gives values, light and dark. The legend below the plot names each line, with its
colour and its dash. So a plot also reads without colours.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from profile_router.pages.report import AmountsFigure, BarsFigure, Figure, LinesFigure

COLOURS = 8  # classes c0 to c7
_WIDTH, _HEIGHT = 420, 290
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 10, 40
_DASHES = ("", "6 3", "2 3", "8 3 2 3")
_BAR, _LABELS = 26, 165  # height of a bar with its gap, width of their labels
_WORDS = 96  # room for the words behind a bar
_MOST_POINTS = 400  # of a line: more cannot be seen


def svg_of(figure: Figure) -> str:
    """Return *figure* as an SVG element with its legend."""
    if isinstance(figure, AmountsFigure):
        return _amounts(figure)
    return _bars(figure) if isinstance(figure, BarsFigure) else _lines(figure)


class _Axes:
    """Maps values to places in the plot."""

    def __init__(self, figure: LinesFigure) -> None:
        points = [point for _, line in figure.lines for point in line] + [(x, y) for _, x, y in figure.points]
        self.low_x, self.high_x = _span([x for x, _ in points], whole=figure.diagonal)
        self.low_y, self.high_y = _span([y for _, y in points], whole=figure.diagonal)

    def x(self, value: float) -> float:
        """Return the column of *value*."""
        share = (value - self.low_x) / (self.high_x - self.low_x)
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        """Return the line of *value*."""
        share = (value - self.low_y) / (self.high_y - self.low_y)
        return round(_HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM), 1)


def _span(values: Sequence[float], *, whole: bool) -> tuple[float, float]:
    if whole or not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    room = (high - low) * 0.06 or 0.5
    return max(0.0, low - room) if low >= 0 else low - room, high + room


def _ticks(low: float, high: float) -> Iterator[float]:
    step = 10 ** math.floor(math.log10((high - low) / 2))
    step = next(step * times for times in (1, 2, 2.5, 5, 10) if (high - low) / (step * times) <= 6)
    value = math.ceil(low / step) * step
    while value <= high + step / 1_000:
        yield round(value, 10)
        value += step


def _lines(figure: LinesFigure) -> str:
    axes = _Axes(figure)
    parts = [*_grid(axes, figure)]
    if figure.diagonal:
        parts.append(f'<path class="chance" d="M{axes.x(0)} {axes.y(0)}L{axes.x(1)} {axes.y(1)}"/>')
    for number, (_, line) in enumerate(figure.lines):
        path = "L".join(f"{axes.x(x)} {axes.y(y)}" for x, y in _thinned(line))
        parts.append(f'<path class="line s{number % COLOURS}"{_dash(number)} d="M{path}"/>')
    for number, (name, x, y) in enumerate(figure.points, 1):
        place = f'x="{axes.x(x)}" y="{axes.y(y)}"'
        parts.append(f'<circle class="point" cx="{axes.x(x)}" cy="{axes.y(y)}" r="8"/>')
        parts.append(f'<text class="number" {place} dy="3.5">{number}<title>{escape(name)}</title></text>')
    return f"{_svg(figure.name, _HEIGHT, parts)}{_legend(figure)}"


def _grid(axes: _Axes, figure: LinesFigure) -> Iterator[str]:
    for value in _ticks(axes.low_x, axes.high_x):
        x = axes.x(value)
        yield f'<path class="grid" d="M{x} {_TOP}V{_HEIGHT - _BOTTOM}"/>'
        yield f'<text class="tick" x="{x}" y="{_HEIGHT - _BOTTOM + 14}" text-anchor="middle">{value:g}</text>'
    for value in _ticks(axes.low_y, axes.high_y):
        y = axes.y(value)
        yield f'<path class="grid" d="M{_LEFT} {y}H{_WIDTH - _RIGHT}"/>'
        yield f'<text class="tick" x="{_LEFT - 6}" y="{y + 3.5}" text-anchor="end">{value:g}</text>'
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    yield f'<text class="axis" x="{middle}" y="{_HEIGHT - 8}" text-anchor="middle">{escape(figure.x)}</text>'
    up = (_TOP + _HEIGHT - _BOTTOM) / 2
    turned = f'transform="translate(13 {up}) rotate(-90)"'
    yield f'<text class="axis" {turned} text-anchor="middle">{escape(figure.y)}</text>'


def _thinned(line: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    step = max(1, math.ceil(len(line) / _MOST_POINTS))
    return [*line[::step], line[-1]]


def _dash(number: int) -> str:
    dash = _DASHES[(number + number // COLOURS) % len(_DASHES)]  # a colour that comes again has another one
    return f' stroke-dasharray="{dash}"' if dash else ""


def _legend(figure: LinesFigure) -> str:
    lines = [
        f'<li><svg class="key" viewBox="0 0 26 8" aria-hidden="true"><path class="line s{number % COLOURS}"'
        f'{_dash(number)} d="M0 4H26"/></svg>{escape(name)}</li>'
        for number, (name, _) in enumerate(figure.lines)
    ]
    points = [f"<li><b>{number}</b> {escape(name)}</li>" for number, (name, _, _) in enumerate(figure.points, 1)]
    return f'<ul class="legend">{"".join((*lines, *points))}</ul>'


def _bars(figure: BarsFigure) -> str:
    height = _TOP + _BAR * len(figure.bars) + 24
    wide = _WIDTH - _LABELS - 60
    parts: list[str] = []
    for share in (0, 0.25, 0.5, 0.75, 1):
        x = _LABELS + share * wide
        parts.append(f'<path class="grid" d="M{x} {_TOP}V{height - 22}"/>')
        parts.append(f'<text class="tick" x="{x}" y="{height - 8}" text-anchor="middle">{share:g}</text>')
    for number, (name, found) in enumerate(figure.bars):
        y = _TOP + number * _BAR
        parts.append(
            f'<text class="label" x="{_LABELS - 8}" y="{y + 16}" text-anchor="end">{escape(_short(name))}</text>'
        )
        if found.known:
            low, high = (_LABELS + value * wide for value in (found.low, found.high))
            parts.append(
                f'<rect class="bar" x="{_LABELS}" y="{y + 4}" width="{found.value * wide:.1f}" height="{_BAR - 9}"/>'
            )
            parts.append(
                f'<path class="whisker" d="M{low:.1f} {y + 12.5}H{high:.1f}M{low:.1f} {y + 8}v9M{high:.1f} {y + 8}v9"/>'
            )
            parts.append(
                f'<text class="label" x="{_WIDTH - 4}" y="{y + 16}" text-anchor="end">{found.value:.3f}</text>'
            )
    return _svg(figure.name, height, parts)


def _amounts(figure: AmountsFigure) -> str:
    height = _TOP + _BAR * len(figure.bars)
    wide = _WIDTH - _LABELS - _WORDS
    most = max((value for _, value, _ in figure.bars), default=0.0)
    parts: list[str] = [f'<path class="grid" d="M{_LABELS} {_TOP - 4}V{height}"/>']
    for number, (name, value, words) in enumerate(figure.bars):
        y = _TOP + number * _BAR
        long = value / most * wide if most > 0 else 0.0
        parts.append(
            f'<text class="label" x="{_LABELS - 8}" y="{y + 16}" text-anchor="end">{escape(_short(name))}</text>'
        )
        parts.append(f'<rect class="bar" x="{_LABELS}" y="{y + 4}" width="{long:.1f}" height="{_BAR - 9}"/>')
        parts.append(f'<text class="label" x="{_LABELS + long + 6:.1f}" y="{y + 16}">{escape(words)}</text>')
    return _svg(figure.name, height, parts)


def _short(name: str) -> str:
    return name if len(name) <= 30 else f"{name[:29]}…"


def _svg(name: str, height: float, parts: Sequence[str]) -> str:
    head = f'<svg class="plot" viewBox="0 0 {_WIDTH} {height:g}" role="img" aria-label="{escape(name, quote=True)}">'
    return f"{head}{''.join(parts)}</svg>"
