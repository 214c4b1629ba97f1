"""What a policy file may say. Its text becomes a policy, or is refused with its line and what is allowed there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import get_args

from profile_router.core.language.kinds import KindPatterns, compile_kinds
from profile_router.core.language.phrases import SCOPE, Phrases, compile_phrases
from profile_router.core.policy import CheckSwitch, PluginSwitch, Policy
from profile_router.core.policy.early_promotion import GETS_NOWHERE
from profile_router.core.policy.private import PrivateRules
from profile_router.core.privacy.confidential import MOST_CONFIDENTIAL, MOST_PATTERNS, pattern_problem, word_problem
from profile_router.digests import policy_digest
from profile_router.errors import Cause, PolicyError
from profile_router.outside.strict_yaml import Node, Reader, Refused, items, pairs, parse_yaml, scalar
from profile_router.policies.parsed import NOT_IN_THE_FILE

_REPAIRED: Cause = "verification-failed"  # the one cause whose check says what to repair


def policy_in(text: str, source: str) -> Policy:
    """Return the policy that *text* holds, which is to be called *source*. Raises PolicyError as `read_policy`."""
    try:
        return _policy(parse_yaml(text), policy_digest(text.encode()), source)
    except Refused as refused:
        raise PolicyError(refused.message, file=source, line=refused.line) from None


def _policy(root: Node, digest: str, source: str) -> Policy:
    special: dict[object, Callable[[Node, str], object]] = {
        KindPatterns: _kinds,
        Phrases: _phrases,
        PluginSwitch: partial(switch, allowed=get_args(PluginSwitch)),
        CheckSwitch: partial(switch, allowed=get_args(CheckSwitch)),
    }
    policy = Reader(special).record(root, Policy, "the file", skip=NOT_IN_THE_FILE)
    lines = {key: (line, node) for key, line, node in pairs(root, "the file")}
    _check_rules(policy, *lines["rules"])
    if "phrases" in lines:
        _check_phrases(policy, lines["phrases"][1])
    if "private" in lines:
        check_private(policy.private, lines["private"][1], "private")
    _check_ladder(policy, lines["ladder"][1])
    if policy.probe.by == "trajectory":
        _check_trajectory(policy, lines["probe"][0])
    if policy.tiers.cheap is not None and policy.prices.cheap is None:
        raise Refused("prices.cheap is missing though the tier cheap is there", lines["prices"][0])
    _check_models(policy, lines["prices"][1])
    _check_turns(policy, lines["prices"][0])
    return replace(policy, digest=digest, source=source)


def _kinds(node: Node, where: str) -> KindPatterns:
    patterns = {}
    for kind, _line, value in pairs(node, where):
        patterns[kind] = tuple(scalar(item, str, f"{where}.{kind}") for item in items(value, f"{where}.{kind}"))
    try:
        return compile_kinds(patterns)
    except (KeyError, ValueError) as error:
        raise Refused(str(error), node.line) from None


def _phrases(node: Node, where: str) -> Phrases:
    languages = {
        language: {
            kind: [
                scalar(item, str, f"{where}.{language}.{kind}") for item in items(each, f"{where}.{language}.{kind}")
            ]
            for kind, _, each in pairs(kinds, f"{where}.{language}")
        }
        for language, _, kinds in pairs(node, where)
    }
    try:
        return compile_phrases(languages)
    except ValueError as error:
        raise Refused(str(error), node.line) from None


def _check_phrases(policy: Policy, node: Node) -> None:
    known = [*(kind for kind, _ in policy.kinds.kinds), SCOPE]
    for language, _, kinds in pairs(node, "phrases"):
        for kind, line, _ in pairs(kinds, f"phrases.{language}"):
            if kind not in known:
                raise Refused(f"phrases.{language} names the kind '{kind}' (allowed: {', '.join(known)})", line)


def switch(node: Node, where: str, allowed: Sequence[str]) -> str:
    """Read one of the words *allowed*; YAML takes the bare words on and off for booleans. Raises Refused."""
    spelled = str(node.value).lower() if isinstance(node.value, str) else ""
    found = {"true": "on", "yes": "on", "false": "off", "no": "off"}.get(spelled, spelled)
    if found not in allowed:
        raise Refused(f"{where} is '{node.value}' (allowed: {', '.join(allowed)})", node.line)
    return found


def _check_rules(policy: Policy, line: int, node: Node) -> None:
    ids = [rule.id for rule in policy.rules]
    known = [kind for kind, _ in policy.kinds.kinds]
    for place, (rule, item) in enumerate(zip(policy.rules, items(node, "rules"), strict=True)):
        if rule.id in ids[:place]:
            raise Refused(f"rule '{rule.id}' stands twice; keep one", item.line)
        for kind in getattr(rule, "kinds", ()):
            if kind not in known:
                lacks = f"rule '{rule.id}' names the kind '{kind}', which `kinds` lacks (it has: {', '.join(known)})"
                raise Refused(lacks, item.line)
    if not ids or ids[0] != "private":
        raise Refused("the first rule must be 'private': no other rule may send a private task away", line)
    if ids[-1] != "borderline":
        raise Refused("the last rule must be 'borderline': it takes what the others leave", line)


def _check_ladder(policy: Policy, node: Node) -> None:
    ids = [step.id for step in policy.ladder]
    for place, (step, item) in enumerate(zip(policy.ladder, items(node, "ladder"), strict=True)):
        if step.id in ids[:place] or step.id == "stop":
            raise Refused(f"ladder step '{step.id}' stands twice or is called stop", item.line)
        other = [cause for cause in step.causes if cause != _REPAIRED] if step.to == "repair" else []
        if other:
            lacks = f"ladder step '{step.id}' leads to repair on '{other[0]}' (allowed: {_REPAIRED})"
            raise Refused(lacks, item.line)


def _check_trajectory(policy: Policy, line: int) -> None:
    if not policy.early.turns:
        raise Refused("probe.by is 'trajectory', but early.turns is 0 (allowed: 1 or more turns)", line)
    if not any(GETS_NOWHERE in step.causes for step in policy.ladder):
        lacks = f"probe.by is 'trajectory', but no ladder row answers {GETS_NOWHERE} (the shipped row is `early`)"
        raise Refused(lacks, line)


def _check_models(policy: Policy, node: Node) -> None:
    listed = next((value for key, _line, value in pairs(node, "prices") if key == "models"), None)
    names = [price.model for price in policy.prices.models]
    for place, item in enumerate(items(listed, "prices.models") if listed is not None else ()):
        if not names[place].strip() or names[place] in names[:place]:
            raise Refused(f"prices.models names the model '{names[place]}' twice, or none; keep one", item.line)


def _check_turns(policy: Policy, line: int) -> None:
    volume = policy.prices.volume
    if not volume.turns_low <= volume.turns_middle <= volume.turns_high:
        turns = f"{volume.turns_low}, {volume.turns_middle}, {volume.turns_high}"
        raise Refused(f"prices.volume: turns_low, turns_middle and turns_high are {turns} (allowed: rising)", line)


def check_private(
    rules: PrivateRules,
    node: Node,
    where: str,
    *,
    most_words: int = MOST_CONFIDENTIAL,
    most_patterns: int = MOST_PATTERNS,
) -> None:
    """Raise Refused, with its line, for the first word or pattern of *rules*, read from *node*, that cannot be used.

    A refusal never repeats a word or a pattern: both may be confidential.
    """
    nodes = {key: value for key, _line, value in pairs(node, where)}
    lists = (
        ("words", rules.words, most_words, word_problem),
        ("patterns", rules.patterns, most_patterns, pattern_problem),
    )
    for name, values, most, problem in lists:
        if name not in nodes:
            continue
        if len(values) > most:
            raise Refused(f"{where}.{name} has {len(values):,} entries (at most {most:,})", nodes[name].line)
        for number, (value, item) in enumerate(zip(values, items(nodes[name], where), strict=True), 1):
            if said := problem(value):
                raise Refused(f"private {name.removesuffix('s')} {number} {said}", item.line)
