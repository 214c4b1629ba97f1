"""Check the section `private` of a policy or of a workspace's file: its words and patterns, with lines.

A refusal never repeats a word or a pattern: both may be confidential.
"""

from __future__ import annotations

from collections.abc import Callable

from profile_router.core.policy.private import PrivateRules
from profile_router.core.privacy.confidential import MOST_PATTERNS, MOST_WORDS, pattern_problem, word_problem
from profile_router.outside.strict_yaml import Node, Refused, items, pairs


def check_private(
    rules: PrivateRules,
    node: Node,
    where: str,
    *,
    most_words: int = MOST_WORDS,
    most_patterns: int = MOST_PATTERNS,
) -> None:
    """Raise Refused, with its line, for the first word or pattern of *rules*, read from *node*, that cannot be used."""
    nodes = {key: value for key, _line, value in pairs(node, where)}
    if "words" in nodes:
        _check(rules.words, nodes["words"], f"{where}.words", "private word", most_words, word_problem)
    if "patterns" in nodes:
        _check(
            rules.patterns, nodes["patterns"], f"{where}.patterns", "private pattern", most_patterns, pattern_problem
        )


def _check(
    values: tuple[str, ...], node: Node, where: str, name: str, most: int, problem: Callable[[str], str]
) -> None:
    if len(values) > most:
        raise Refused(f"{where} has {len(values):,} entries (at most {most:,})", node.line)
    for number, (value, item) in enumerate(zip(values, items(node, where), strict=True), 1):
        if said := problem(value):
            raise Refused(f"{name} {number} {said}", item.line)
