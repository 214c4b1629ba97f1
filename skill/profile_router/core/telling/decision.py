"""Say what was decided and done: lines for a person, mappings for a program. The figures come from the values alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from profile_router.core.evidence import Evidence, Window
from profile_router.core.found_check import FoundCheck
from profile_router.core.policy import Policy
from profile_router.core.routing.route import Decision, Refusal, Route
from profile_router.core.routing.task_size import file_tokens
from profile_router.core.routing.window_fit import reply_room, usable_tokens
from profile_router.core.text import counted, exactly

Json = dict[str, Any]
_ESTIMATE = (
    *("usd", "usd_low", "usd_high", "usd_source", "attempts", "seconds", "seconds_by", "seconds_age_s"),
    *("usd_if_burst", "usd_if_burst_low", "usd_if_burst_high", "usd_if_burst_source"),
    *("seconds_if_burst", "burst_age_s"),
)
_ONE_LINE = 110
_SOON_S = 180.0  # less is 0.0 h
LABEL_WIDTH = 12  # where the texts of `decision_lines` start


def decision_json(decision: Decision) -> Json:
    """Return *decision* as `route --json` prints it."""
    refused = isinstance(decision, Refusal)
    head = {"profile": None, "tier": None} if refused else named_fields(decision, "profile", "tier", "host")
    said: Json = head | {
        "rule": decision.rule,
        "reasons": list(decision.reasons),
        "evidence": evidence_json(decision.evidence),
        "policy": decision.policy,
        "warnings": list(decision.warnings),
    }
    if isinstance(decision, Refusal):
        return {"status": "refused", **said, "unblock": list(decision.unblock)}
    return {
        **said,
        **named_fields(decision, "needs_probe", "condense"),
        "flips": list(decision.flips),
        "estimate": named_fields(decision.estimate, *_ESTIMATE) | {"turns": list(decision.estimate.turns)},
    }


def evidence_json(evidence: Evidence) -> Json:
    """Return *evidence* as JSON. Sizes are ranges with their source; a high of null means no known end."""
    sizes = ("files_to_read", "files_to_edit", "lines_to_edit", "tokens")
    return {
        **{name: named_fields(getattr(evidence, name), "low", "high", "source") for name in sizes},
        "chars": evidence.chars,
        "images": [named_fields(image, "place", "form", "bytes") for image in evidence.images],
        "kinds": [named_fields(hit, "kind", "quote") for hit in evidence.kinds],
        "private": [named_fields(finding, "kind", "place") for finding in evidence.private],
        "files": [named_fields(file, "path", "bytes", "form", "lines") for file in evidence.files],
        "windows": [
            named_fields(window, "profile", "tokens", "source", "prompt_tokens") for window in evidence.windows
        ],
        "notes": list(evidence.notes),
        "located": _located_json(evidence),
    }


def _located_json(evidence: Evidence) -> Json | None:
    if evidence.located is None:
        return None
    from profile_router.core.telling.located import located_json  # only a repository is asked

    return located_json(evidence.located)


def named_fields(value: object, *names: str) -> Json:
    """Return the fields *names* of *value* as JSON."""
    return {name: getattr(value, name) for name in names}


def decision_lines(decision: Decision, policy: Policy, check: FoundCheck | None = None) -> list[str]:
    """Return the screen of a *decision* by *policy*: decision, reason, what would change it, price, found *check*."""
    if isinstance(decision, Refusal):
        lines = [f"refused  ·  {decision.rule}", *_labelled("why", decision.reasons)]
        return lines + _labelled("unblock", decision.unblock) + _labelled("warning", decision.warnings)
    head = f"{decision.profile}  ·  {decision.rule}{'  ·  needs the probe' if decision.needs_probe else ''}"
    head += "  ·  condensed first" if decision.condense else ""
    lines = [
        head,
        *_labelled("why", (*_joined(decision.reasons), *_sizes(decision.evidence, decision.profile, policy))),
    ]
    lines += _labelled("flips", (" · ".join(decision.flips),) if decision.flips else ())
    lines += _labelled("costs", tuple(_costs(decision, policy.tiers.burst)))
    lines += _labelled("check", (found_check_line(check),) if check else ())
    return lines + _labelled("note", decision.evidence.notes) + _labelled("warning", decision.warnings)


def _joined(reasons: tuple[str, ...]) -> tuple[str, ...]:
    """Return short reasons as one line, long ones a line each."""
    whole = ", ".join(reasons)
    return (whole,) if len(whole) <= _ONE_LINE else reasons


def _labelled(label: str, texts: tuple[str, ...]) -> list[str]:
    return [f"{f'  {label}' if place == 0 else '':<{LABEL_WIDTH}}{text}" for place, text in enumerate(texts)]


def _sizes(evidence: Evidence, profile: str, policy: Policy) -> Iterator[str]:
    """Yield how large the prompt is beside what it may be, and what is read of the named files besides."""
    images = counted(len(evidence.images), "image") if evidence.images else "no image"
    window = evidence.window(profile)
    count = evidence.tokens
    tokens = f"{count.high:,}" if count.low == count.high else f"≤ {count.high:,}"
    if window is None:
        yield f"{tokens} prompt tokens, {images}"
    else:
        if window.prompt_tokens is not None:
            tokens = f"{window.prompt_tokens:,}"
        room = usable_tokens(window, policy.counting)
        source = _source(window.source, window.age_s)
        yield f"{tokens} of {room:,} usable tokens: {_terms(window, policy)} ({source}), {images}"
    if evidence.located:
        from profile_router.core.telling.located import spans_text

        yield from filter(None, (spans_text(evidence.located),))
    if more := file_tokens(evidence, policy):
        files = f"{len(evidence.files)} named files" if len(evidence.files) > 1 else "the named file"
        yield f"about {counted(more, 'token')} more in {files}, read as the work goes on"


def _terms(window: Window, policy: Policy) -> str:
    """Return how what is usable of *window* comes about: the room for the answer, and the tokenizer's factor."""
    counting = policy.counting
    usable = f"{window.tokens:,} window − {reply_room(window.tokens, window.reply, counting):,} for the answer"
    counted = window.prompt_tokens is not None or counting.tokenizer_factor == 1
    return usable if counted else f"({usable}) ÷ {counting.tokenizer_factor:g} for its tokenizer"


def _source(source: str, age_s: float | None) -> str:
    if age_s is None:
        return source
    return f"{source} {age_s / 3600:.1f} h ago" if age_s >= _SOON_S else f"{source} just now"


def _costs(route: Route, burst: str) -> Iterator[str]:
    """Yield what the route is expected to cost, by how many turns, and the same for the burst tier."""
    guess = route.estimate
    yield f"{guess.cost.said} at {route.host}, {_seconds(guess.seconds, guess.seconds_age_s)}"
    if guess.usd_high:
        yield _turns(route)
    private = route.rule == "private" or route.evidence.private
    if route.profile != burst and not private:  # no price takes what is private elsewhere
        yield f"{burst}: {guess.cost_if_burst.said}, {_seconds(guess.seconds_if_burst, guess.burst_age_s)}"


def _seconds(seconds: float, bench_age_s: float | None) -> str:
    """Return *seconds*, and how old the bench is that they are by; None: they are by none."""
    by = "" if bench_age_s is None else f" ({_source('bench', bench_age_s)})"
    return f"about {seconds:,.0f} s{by}"


def _turns(route: Route) -> str:
    guess = route.estimate
    low, middle, high = guess.turns
    by = f"by {guess.attempts} attempts like it" if guess.attempts else "as published for agents"
    return f"{low} to {high} turns, likely {middle}, {by}" if low < high else counted(low, "turn")


def decision_line(decision: Decision) -> str:
    """Return *decision* in one line, for the progress of a run."""
    if isinstance(decision, Refusal):
        return f"refused · {decision.rule} · {decision.reasons[-1]}"
    return f"{decision.profile} · {decision.rule} · {decision.reasons[0]}"


def check_json(found: FoundCheck | None) -> Json | None:
    """Return the check that was found as JSON, None where none was."""
    if found is None:
        return None
    return named_fields(found, "command", "folder", "runner", "source", "refused") | {"tests": list(found.tests)}


def found_check_line(found: FoundCheck, *, briefly: bool = False) -> str:
    """Return the found check in one line: what runs, where it was found, or why it does not run.

    *briefly*: without what would let it run, as the end of the run says that.
    """
    where = f" in {found.folder}/" if found.folder else ""
    refused = found.briefly if briefly else found.refused
    runs = f"not run: {refused}" if refused else "in a jail, or not at all"
    part = f" · narrowed from `{found.asked}`" if found.words != found.whole else ""
    return f"{found.command}{where}{part} · {found.source} · {runs}"


def check_lines(found: FoundCheck, root: str) -> list[str]:
    """Return the screen of a check found in the workspace *root*. It tells what runs, why, where, and who agreed."""
    place = f"{root}/{found.folder}" if found.folder else root
    lines = [exactly(found.command), *_labelled("found", (found.source,))]
    lines += _labelled("whole", (found.asked,) if found.words != found.whole else ())
    lines += _labelled("tests", (", ".join(found.tests),) if found.tests else ())
    lines += _labelled("where", (f"in {place}, in a jail: no network, no keys, nothing else of this machine",))
    runs = f"not yet: {found.refused}" if found.refused else "after each attempt of a run that names no check"
    return lines + _labelled("runs", (runs,))
