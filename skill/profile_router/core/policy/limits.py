"""Bounds of one run and of what it leaves behind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from profile_router.core.policy.bounds import bounded


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Bounds of the probe: it reads at most this much, and is asked at most `tries` times."""

    max_files: int = field(metadata=bounded(0))
    max_tokens: int = field(metadata=bounded(100))
    tries: int = field(metadata=bounded(1, 2))
    complex_from: int = field(metadata=bounded(1, 10))


@dataclass(frozen=True, slots=True, kw_only=True)
class Condense:
    """Bounds of condensing a prompt that fits no allowed window: the model calls that write summaries."""

    max_calls: int = field(default=32, metadata=bounded(0, 1_000))


@dataclass(frozen=True, slots=True, kw_only=True)
class Threads:
    """Threads that nobody has used for `keep_days` are removed, with the texts and diffs that were kept of them."""

    keep_days: float = field(default=30.0, metadata=bounded(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentChat:
    """What a model elsewhere hears of the chat of whoever delegates: nothing, or its newest turns that are clean.

    A thread's own turns are not meant: who goes on with a thread wishes them to be heard.
    """

    elsewhere: Literal["none", "turns"] = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one run: seconds of wall clock, tokens of a summary, characters of one tool result, and so on."""

    run_seconds: float = field(metadata=bounded(1))
    check_seconds: float = field(metadata=bounded(1))
    connect_seconds: float = field(metadata=bounded(0.1))
    loading_seconds: float = field(metadata=bounded(0))
    first_token_seconds: float = field(metadata=bounded(0.1))
    between_tokens_seconds: float = field(metadata=bounded(0.1))
    wait_seconds: float = field(metadata=bounded(0, 600))
    bad_calls: int = field(metadata=bounded(1))
    parallel: int = field(default=3, metadata=bounded(1, 32))
    max_turns: int = field(metadata=bounded(1))
    summary_tokens: int = field(metadata=bounded(20))
    conversation_tokens: int = field(default=1_000, metadata=bounded(0))
    tool_result_chars: int = field(metadata=bounded(200))
    measurement_max_age_hours: float = field(metadata=bounded(0))
