"""A model's thoughts on their way back: within one loop, to their own server, under the name it gave them.

A thinking model that does not find them again thinks everything anew at each turn. Some servers refuse the request.
Nothing else gets them. They stand beside a message's content, which is what a summary and a handoff are made of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from profile_router.runners.answers.thoughts import THOUGHT_FIELDS

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage


def thoughts_of(message: BaseMessage) -> dict[str, str]:
    """Return the thoughts that stand beside the content of *message*, by the name of their field."""
    extras: Mapping[str, Any] = message.additional_kwargs
    return {name: extras[name] for name in THOUGHT_FIELDS if isinstance(extras.get(name), str) and extras[name]}


def without_thoughts_beside(message: BaseMessage) -> BaseMessage:
    """Return *message* without the thoughts that stand beside its content."""
    extras = {name: value for name, value in message.additional_kwargs.items() if name not in THOUGHT_FIELDS}
    return message.model_copy(update={"additional_kwargs": extras})


def put_back(converted: Sequence[dict[str, Any]], messages: Sequence[BaseMessage]) -> None:
    """Write into each of *converted*, which LangChain made of *messages*, the thoughts that it left out."""
    for body, message in zip(converted, messages, strict=True):
        body.update(thoughts_of(message))
