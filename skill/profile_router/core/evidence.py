"""What was measured about a task. Values only: `evidence` fills them, `decide` reads them."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from profile_router.core.conversation import Shared, TurnFinding
from profile_router.core.language.kinds import KindHit
from profile_router.core.locating.located import Located
from profile_router.values import frozen

Source = Literal["stated", "measured", "guessed"]
CountSource = Literal["bounded", "counted"]
ContentForm = Literal["text", "binary", "image", "pdf"]
WindowSource = Literal["server", "measured", "config", "assumed"]


@frozen(kw_only=False)
class Range:
    """A size between `low` and `high` (None: no known end). A *guessed* range never decides anything by itself."""

    low: int
    high: int | None
    source: Source

    @property
    def known(self) -> bool:
        """Tell whether somebody stated it or something measured it."""
        return self.source != "guessed"

    @property
    def top(self) -> int:
        """Return the largest size the range is known to reach."""
        return self.low if self.high is None else self.high


UNKNOWN = Range(0, None, "guessed")
NONE_TO_EDIT = Range(0, 0, "guessed")  # by its words the task only asks


@frozen(kw_only=False)
class TokenCount:
    """Prompt tokens (o200k). `bounded`: between the bounds, none of which crosses a limit; `counted`: exact or cut off
    above every limit."""

    low: int
    high: int
    source: CountSource


@frozen
class NamedFile:
    """A file that the task names. `bytes` is its size on disk; `lines` is None where it was not counted."""

    path: str
    bytes: int
    form: ContentForm = "text"
    lines: int | None = None


@frozen
class ImageFact:
    """An image, recognized by its content. `place` is a path, or says where in the task it stands."""

    place: str
    form: str
    bytes: int


@frozen
class PrivateFinding:
    """Why a task is private: `kind` and `place`, never the value."""

    kind: str
    place: str


@frozen
class Window:
    """The context window of one profile, in its model's tokens.

    `prompt_tokens` is the server's own count of this prompt, if it was asked; `age_s` the age of a measurement.
    `reply` is how long an answer the profile asks for, 0 where it does not say.
    """

    profile: str
    tokens: int
    source: WindowSource
    prompt_tokens: int | None = None
    age_s: float | None = None
    reply: int = 0


@frozen
class Evidence:
    """All that `decide` may look at besides the task and the policy. Sizes in files, lines, tokens and characters.

    `turns` are the checked turns of the conversation: no other goes to a model that is not local. `fixed` is the part
    of `tokens` that condensing never shortens: the prompt's own text, goal, names of files, images.
    `located` is what the repository tells of where the task works; None: it was not asked.
    """

    files_to_read: Range = UNKNOWN
    files_to_edit: Range = UNKNOWN
    lines_to_edit: Range = UNKNOWN
    tokens: TokenCount = TokenCount(0, 0, "bounded")
    chars: int = 0
    files: tuple[NamedFile, ...] = ()
    images: tuple[ImageFact, ...] = ()
    kinds: tuple[KindHit, ...] = ()
    scope_word: str | None = None
    private: tuple[PrivateFinding, ...] = ()
    windows: tuple[Window, ...] = ()
    notes: tuple[str, ...] = ()
    turns: tuple[TurnFinding, ...] = ()
    fixed: TokenCount = TokenCount(0, 0, "bounded")
    located: Located | None = None

    def hearing(self, said: Shared) -> Evidence:
        """Return this evidence with what was found in the turns of the conversation."""
        return replace(self, turns=said.findings, notes=(*self.notes, *said.notes))

    @property
    def named_bytes(self) -> int:
        """Return the bytes of all files that the task names."""
        return sum(file.bytes for file in self.files)

    def kind(self, *names: str) -> KindHit | None:
        """Return the first hit of one of the kinds *names*."""
        return next((hit for hit in self.kinds if hit.kind in names), None)

    def window(self, profile: str) -> Window | None:
        """Return what is known of the window of *profile*."""
        return next((window for window in self.windows if window.profile == profile), None)
