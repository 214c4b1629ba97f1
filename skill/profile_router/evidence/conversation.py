"""Take of the parent's conversation what the policy's budget allows, and look at each turn for what is private.

Where its bytes say that all of it fits, no tokenizer is loaded; a turn that cannot fit is not counted to its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from profile_router.core.conversation import PARENTS, TURN_TOKENS, Conversation, Shared, Turn, TurnFinding, new_turns
from profile_router.core.policy import Policy
from profile_router.core.privacy.findings import MASK
from profile_router.core.privacy.local_wordings import asks_to_stay_local
from profile_router.core.task import Task
from profile_router.evidence.private_scan import find_private
from profile_router.prompting.tokens import LONGEST_TOKEN_BYTES, exact_tokens
from profile_router.workspace.images import strip_data_urls

if TYPE_CHECKING:  # 10 ms that a route need not pay
    from profile_router.ports import SessionMemory

CUT = "[its start is left out] "
_WORTH_CUTTING = 60  # tokens: a shorter end of a turn says nothing


def share(task: Task, thread: Conversation, policy: Policy, sessions: SessionMemory) -> Shared:
    """Return the newest turns of the parent that fit `limits.conversation_tokens`, and a finding for every turn.

    Whole turns, without those that *thread* has or that only say the task's goal; the oldest may lose its start. The
    budget holds the texts and what a chat template wraps around each. A chat that speaks of keeping something here
    makes its session one with private work. That holds from then on, whatever the policy says. Raises StateError where
    that cannot be remembered.
    """
    given = new_turns(task.conversation, thread, task.goal)
    plain = tuple(replace(turn, text=strip_data_urls(turn.text)[0]) for turn in given)
    turns = _trimmed(plain, policy.limits.conversation_tokens)
    whole = plain[len(plain) - len(turns) :]
    why_local = _why_local(task, policy, sessions)
    return Shared(
        turns=turns,
        given=len(given),
        cut=turns != whole,
        findings=(
            *(TurnFinding(digest=turn.digest, kinds=_private_kinds(turn, policy)) for turn in thread),
            *(
                TurnFinding(digest=turn.digest, kinds=(PARENTS,) if why_local else _private_kinds(before, policy))
                for turn, before in zip(turns, whole, strict=True)
            ),
        ),
        why_local="" if policy.conversation.elsewhere == "none" else why_local,
    )


def _why_local(task: Task, policy: Policy, sessions: SessionMemory) -> str:
    """Return why none of the parent's turns goes elsewhere, empty where they are told apart."""
    if any(asks_to_stay_local(turn.text) for turn in task.conversation):
        sessions.note_private(task.sessions)
        return "it speaks of keeping something here"
    if policy.conversation.elsewhere == "none":
        return "the policy"
    if why := sessions.why_local(task.sessions):
        sessions.note_private(task.sessions)  # a session goes on with another, which may be deleted
    return why


def _private_kinds(turn: Turn, policy: Policy) -> tuple[str, ...]:
    text, told = turn.text, (f"what {turn.source} says",) if turn.source else ()
    found = find_private(text, (), policy.private_paths, lambda _path: (), confidential=policy.confidential)
    # A thread may be kept with a secret masked. What stands around the mask may still say too much.
    before = ("masked secret",) if MASK in text else ()
    return tuple(dict.fromkeys((*(finding.kind for finding in found), *before, *told)))


def _trimmed(turns: Sequence[Turn], budget: int) -> Conversation:
    if sum(len(turn.text.encode("utf-8", "surrogatepass")) + TURN_TOKENS for turn in turns) <= budget:
        return tuple(turns)  # no token is shorter than a byte
    newest: list[Turn] = []
    left = budget
    for turn in reversed(turns):
        left -= TURN_TOKENS
        size = _size(turn.text, left)
        if size is None:
            if left >= _WORTH_CUTTING:
                newest.append(replace(turn, text=_end_of(turn.text, left)))
            break
        newest.append(turn)
        left -= size
    return tuple(reversed(newest))


def _size(text: str, most: int) -> int | None:
    """Return the tokens of *text*, None if it has more than *most*."""
    if len(text) > max(0, most) * LONGEST_TOKEN_BYTES:
        return None
    size = exact_tokens(text)
    return size if size <= most else None


def _end_of(text: str, tokens: int) -> str:
    """Return the marker and as long an end of *text* as *tokens* hold, found by halving; it begins after a blank."""
    low, high = 0, min(len(text), tokens * 8)  # characters that fit, that may not
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if exact_tokens(CUT + text[-middle:]) <= tokens else (low, middle - 1)
    end = text[len(text) - low :]
    word = end.split(maxsplit=1)[-1] if end[:1].strip() and " " in end[:80] else end.lstrip()
    return CUT + word
