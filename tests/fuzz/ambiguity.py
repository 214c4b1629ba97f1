"""Whether a regular expression can be read in exponentially many ways, told from its construction.

It can, exactly where a loop of its automaton returns to a place by two ways on the same text. (Weber and Seidl 1991.)
The automaton is built over a sample of characters. What cannot be taken back (atomic groups, possessive repeats) counts
as one character of its beginning, look-arounds as nothing. A bounded repeat of more than `_UNROLLED` counts as an
endless one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from re import _compiler, _parser  # type: ignore[attr-defined]
from typing import Any

_UNROLLED = 6
_SAMPLE = [*map(chr, range(128)), *"é…中Ａ“”‘\u200b\u2028\u0301"]
_ASSERTIONS = frozenset({"AT", "ASSERT", "ASSERT_NOT", "GROUPREF"})
_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT"})
_ONE_WAY = frozenset({"ATOMIC_GROUP", "POSSESSIVE_REPEAT"})


@dataclass(slots=True)
class Automaton:
    """States are numbers. `empty` leads on without a character; `chars` are the characters that lead to the next."""

    flags: int
    empty: list[list[int]] = field(default_factory=list)
    chars: dict[int, tuple[frozenset[str], int]] = field(default_factory=dict)

    def state(self) -> int:
        self.empty.append([])
        return len(self.empty) - 1

    def add(self, items: Any, start: int) -> int:
        """Add *items* from *start* on and return where they end."""
        for item in items:
            start = self._add_one(str(item[0]), item[1], item, start)
        return start

    def _add_one(self, name: str, argument: Any, item: Any, start: int) -> int:
        if name in _ASSERTIONS:
            return start
        if name == "SUBPATTERN":
            return self.add(argument[-1], start)
        if name == "BRANCH":
            return self._joined([self.add(branch, self._after(start)) for branch in argument[1]])
        if name in _REPEATS:
            low, high, repeated = argument
            return self._repeat(low, high, repeated, start)
        if name in _ONE_WAY:
            inner = argument if name == "ATOMIC_GROUP" else argument[2]
            end = self._one(frozenset(_first(inner, self.flags)), start)
            if name == "POSSESSIVE_REPEAT" and argument[0] == 0:
                self.empty[start].append(end)
            return end
        return self._one(_characters(item, self.flags), start)

    def _after(self, start: int) -> int:
        fresh = self.state()
        self.empty[start].append(fresh)
        return fresh

    def _joined(self, ends: Sequence[int]) -> int:
        end = self.state()
        for one in ends:
            self.empty[one].append(end)
        return end

    def _one(self, chars: frozenset[str], start: int) -> int:
        here, end = self._after(start), self.state()
        self.chars[here] = (chars, end)
        return end

    def _repeat(self, low: int, high: int, inner: Any, start: int) -> int:
        ends = [start] if low == 0 else []
        for number in range(1, min(high, _UNROLLED) + 1):
            before = self._after(start)
            start = self.add(inner, before)
            if number >= low or number == _UNROLLED:
                ends.append(start)
            if number == min(max(low, 1), _UNROLLED) and high > _UNROLLED:
                self.empty[start].append(before)
                break
        return self._joined(ends)


def _characters(item: Any, flags: int) -> frozenset[str]:
    state = _parser.State()
    state.str = ""
    one = _compiler.compile(_parser.SubPattern(state, [item]), flags | re.UNICODE.value)
    return frozenset(char for char in _SAMPLE if one.fullmatch(char))


def _first(items: Any, flags: int) -> Iterator[str]:
    automaton = Automaton(flags)
    start = automaton.state()
    automaton.add(items, start)
    for state, _ in _reached(automaton, start):
        yield from automaton.chars[state][0]


def _reached(automaton: Automaton, start: int) -> list[tuple[int, int]]:
    """Return the states with characters that are reached from *start* without one, and in how many ways (1 or 2)."""
    ways: dict[int, int] = {}

    def walk(state: int, path: frozenset[int]) -> None:
        if state in automaton.chars:
            ways[state] = min(2, ways.get(state, 0) + 1)
        for following in automaton.empty[state]:
            if following not in path and sum(ways.values()) < 2_000:
                walk(following, path | {following})

    walk(start, frozenset({start}))
    return list(ways.items())


def is_ambiguous(pattern: str, flags: int = 0) -> bool:
    """Tell whether *pattern* can take exponentially many steps over some text."""
    parsed = _parser.parse(pattern, flags)
    automaton = Automaton(flags | parsed.state.flags)
    automaton.add(parsed, automaton.state())
    steps = {state: _reached(automaton, end) for state, (_, end) in automaton.chars.items()}
    for loop in _components({state: [after for after, _ in found] for state, found in steps.items()}):
        inner = {state: [(after, ways) for after, ways in steps[state] if after in loop] for state in loop}
        if any(ways > 1 for found in inner.values() for _, ways in found) or _twice(automaton, inner):
            return True
    return False


def _twice(automaton: Automaton, inner: dict[int, list[tuple[int, int]]]) -> bool:
    """Tell whether two different ways through a loop read the same text and meet again."""
    pairs: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for one in inner:
        for other in inner:
            if automaton.chars[one][0] & automaton.chars[other][0]:
                pairs[one, other] = [(a, b) for a, _ in inner[one] for b, _ in inner[other]]
    pairs = {pair: [after for after in found if after in pairs] for pair, found in pairs.items()}
    return any(any(a == b for a, b in loop) and any(a != b for a, b in loop) for loop in _components(pairs))


def _components(graph: dict[Any, list[Any]]) -> Iterator[frozenset[Any]]:
    """Yield the loops of *graph*: its strongly connected components with an edge inside (Kosaraju, without recursion)."""
    order: list[Any] = []
    seen: set[Any] = set()
    for root in graph:
        stack = [(root, iter(graph[root]))] if root not in seen else []
        seen.add(root)
        while stack:
            node, rest = stack[-1]
            following = next((after for after in rest if after not in seen), None)
            if following is None:
                order.append(stack.pop()[0])
            else:
                seen.add(following)
                stack.append((following, iter(graph[following])))
    backwards: dict[Any, list[Any]] = {node: [] for node in graph}
    for node, found in graph.items():
        for after in found:
            backwards[after].append(node)
    taken: set[Any] = set()
    for root in reversed(order):
        if root in taken:
            continue
        component, waiting = {root}, [root]
        taken.add(root)
        while waiting:
            for before in backwards[waiting.pop()]:
                if before not in taken:
                    taken.add(before)
                    component.add(before)
                    waiting.append(before)
        if len(component) > 1 or root in graph[root]:
            yield frozenset(component)
