"""What the first prompt of an attempt carries of the task's files: at most half of the window's rest."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from profile_router.core.policy import FirstPrompt
from profile_router.prompting.templates import render
from profile_router.prompting.tokens import count_tokens
from profile_router.runners.embedded.message_history import History
from profile_router.runners.embedded.model.quirks import without_images
from profile_router.runners.tools.fence import Fence
from profile_router.runners.tools.named_files import NamedText, Shown, named_texts

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

_PROBABLE = 4  # the part of the room for files that nobody named
FILES_SHARE = 0.5  # of the window that is left: the rest is for results and answers
_PARTS: Mapping[Shown, str] = {
    "whole": "",
    "outline": "; its outline, line number first: read the lines that you need",
    "head": "; its beginning, line number first: read the lines that you need",
}


def room_for_files(history: History, messages: Sequence[BaseMessage], bounds: FirstPrompt) -> int:
    """Return the tokens (o200k) that files may take beside *messages*, within FILES_SHARE of what is left."""
    text = history.text(without_images(messages))
    limit = math.floor(history.budget / history.factor)
    taken = count_tokens((text,), (limit // 2,)).high
    return max(0, min(bounds.tokens, math.floor((limit - taken) * FILES_SHARE)))


def files_block(fence: Fence, paths: Sequence[str], bounds: FirstPrompt, tokens: int, *, probable: bool = False) -> str:
    """Return the block of the files *paths* in *tokens* (o200k), empty where none can be shown.

    *probable*: nobody named them, an index of the repository points at them. They take a quarter of the room at most.
    Each turn sends them again, and a long outline would cost more than the search that it saves.
    """
    heading = count_tokens((render("files", files=(), parts=_PARTS, probable=probable),)).high
    room = (tokens // _PROBABLE if probable else tokens) - heading
    return described(named_texts(fence, paths, bounds, room), probable=probable) if room > 0 else ""


def described(files: Sequence[NamedText], *, probable: bool = False) -> str:
    """Return *files* as a prompt has them, empty where there are none."""
    return render("files", files=files, parts=_PARTS, probable=probable).strip() if files else ""
