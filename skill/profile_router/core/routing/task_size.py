"""How large a task is: the tokens of one pass over it, and the class that finds attempts like it. Pure."""

from __future__ import annotations

from typing import Literal

from profile_router.core.evidence import Evidence
from profile_router.core.policy import Policy

TaskSize = Literal["small", "medium", "large"]
# From so many tokens of prompt and named files, files to edit, or lines to edit on.
_LARGER: tuple[tuple[TaskSize, int, int, int], ...] = (("large", 32_000, 20, 200), ("medium", 4_000, 4, 40))


def task_size_of(evidence: Evidence, policy: Policy) -> TaskSize:
    """Return the size class of a task, by the largest of what is known of it."""
    tokens = evidence.tokens.high + file_tokens(evidence, policy)
    files, lines = (size.low if size.known else 0 for size in (evidence.files_to_edit, evidence.lines_to_edit))
    for size, from_tokens, from_files, from_lines in _LARGER:
        if tokens >= from_tokens or files >= from_files or lines >= from_lines:
            return size
    return "small"


def expected_tokens(evidence: Evidence, policy: Policy) -> tuple[int, int]:
    """Return the tokens that one pass over the task is expected to send, and to get back."""
    volume = policy.prices.volume
    edited = evidence.lines_to_edit.top if evidence.lines_to_edit.known else 0
    output = max(volume.output_tokens, edited * volume.tokens_per_edited_line)
    return evidence.tokens.high + file_tokens(evidence, policy), output


def file_tokens(evidence: Evidence, policy: Policy) -> int:
    """Return the tokens that the named files are expected to take: the prompt has their names, not their content."""
    return round(evidence.named_bytes / policy.prices.volume.bytes_per_token)
