"""Look for secrets in every reading of a text. Pure, linear.

A line that one reading has shown to be harmless is not read again. A row of `known_forms` is tried where an anchor of
its own stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import chain

from profile_router.core.language.anchored import Anchored
from profile_router.core.policy.private import NO_CONFIDENTIAL, Confidential
from profile_router.core.privacy.columns import columns_of_secrets
from profile_router.core.privacy.fresh_lines import fresh_lines
from profile_router.core.privacy.key_blocks import headless_keys, key_end
from profile_router.core.privacy.known_forms import KEY_KINDS, KINDS_BY_LOOK, KNOWN_KINDS
from profile_router.core.privacy.manifests import manifest_values
from profile_router.core.privacy.named_values import is_placeholder, named_secrets
from profile_router.core.privacy.readings import Reading, readings, straight_text, unwrapped
from profile_router.core.privacy.secret_kind import PRIVATE_KEY, SecretKind, compiled, dense_runs
from profile_router.core.privacy.spoken_passwords import spoken_passwords
from profile_router.expressions import expression
from profile_router.values import frozen

_SHORTEST_RUN = 24  # characters of base64: what is shorter encodes no secret that we know
_BASE64 = expression(rf"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{{{_SHORTEST_RUN},}}+={{0,2}}+")
_HEX = Anchored(r"[0-9a-fA-F]++")
_VARIED = 7  # different characters that a real token has at least
_REST = 8  # characters of a next line that may be the rest of a token which could end before
_EXAMPLE = Anchored(r"example|x{4,}|\.{3}|\*{3}|your[-_]|placeholder|redacted", flags=re.IGNORECASE)


@frozen(kw_only=False)
class Span:
    """Where a secret of *kind* stands in a text."""

    start: int
    end: int
    kind: str


def secret_spans(
    text: str, confidential: Confidential = NO_CONFIDENTIAL, *, keys_only: bool = False, by_look: bool = False
) -> Iterator[Span]:
    """Yield the secrets in *text* and what *confidential* calls private, in no order and some more than once.

    *keys_only*: key material alone. *by_look*: no value that counts for the name it is given, or in a sentence.
    """
    kinds = KEY_KINDS if keys_only else KINDS_BY_LOOK if by_look else KNOWN_KINDS
    last: Reading | None = None
    clean: set[str] = set()  # lines without a finding
    for view in readings(text):
        ours = () if keys_only else _called_private(view.text, confidential)
        for start, end, kind in ours:
            yield Span(*view.origin(start, end), kind)
        for start, end, kind in _over_breaks(view, kinds):
            yield Span(*view.origin(start, end), kind)
        encoded: dict[str, str] = {}
        for fresh in () if keys_only else fresh_lines(view.text, clean):
            starts = []
            for start, end, kind in _in_lines(fresh.text, confidential, kinds, encoded):
                starts.append(start)
                yield Span(*view.origin(*fresh.place(start, end)), kind)
            clean |= fresh.without(starts)
        for run, kind in encoded.items():  # on every line, whichever told what it is
            yield from (Span(*view.origin(start, start + len(run)), kind) for start in _places(run, view.text))
        last = view
    if last is not None and (wrapped := unwrapped(last)) is not None:
        for start, end, kind in _joined(wrapped, kinds):
            yield Span(*wrapped.origin(start, end), kind)


def _over_breaks(view: Reading, kinds: Sequence[SecretKind]) -> Iterator[tuple[int, int, str]]:
    searched = _Searched(view)
    for kind in kinds:
        if kind.over_lines and searched.may_hold(kind):
            yield from ((start, end, kind.kind) for start, end in _matches(kind, searched))
    yield from ((start, end, PRIVATE_KEY) for start, end in headless_keys(view.text))
    if kinds is KNOWN_KINDS:
        yield from ((start, end, "secret value") for start, end in manifest_values(view.text))
        yield from ((start, end, "secret value") for start, end in columns_of_secrets(view.text))


def _in_lines(
    text: str, confidential: Confidential, kinds: Sequence[SecretKind], encoded: dict[str, str] | None = None
) -> Iterator[tuple[int, int, str]]:
    """Yield what is found within one line. *encoded* gets the runs of base64 with a secret in them; None: no such."""
    searched = _Searched(Reading(text=text))
    for kind in kinds:
        if not kind.over_lines and searched.may_hold(kind):
            yield from ((start, end, kind.kind) for start, end in _matches(kind, searched))
    if kinds is KNOWN_KINDS:
        yield from named_secrets(text, searched.lower)
        for start, end in spoken_passwords(text, searched.lower):
            if not is_placeholder(text[start:end]):
                yield start, end, "password"
    if encoded is not None:
        for start, end, found in _in_base64(searched, confidential, kinds):
            encoded[text[start:end]] = found
            yield start, end, found


def _in_base64(
    searched: _Searched, confidential: Confidential, kinds: Sequence[SecretKind]
) -> Iterator[tuple[int, int, str]]:
    """Yield the runs of base64 that are a text with a secret in it."""
    text = searched.view.text
    for run in dict.fromkeys(_BASE64.findall(searched.dense)):
        if kind := _kind_within(run, confidential, kinds):
            yield from ((start, start + len(run), kind) for start in _places(run, text))


def _places(run: str, text: str) -> Iterator[int]:
    """Yield where *run* stands in *text*."""
    start = text.find(run)
    while start >= 0:
        yield start
        start = text.find(run, start + len(run))


def _kind_within(run: str, confidential: Confidential, kinds: Sequence[SecretKind]) -> str | None:
    """Return the kind of secret in what *run* encodes. A `_` or `/` beside it need not be a part of it."""
    parts = [part for part in re.split("[-_+/]+", run) if part != run and len(part) >= _SHORTEST_RUN]
    return next((kind for part in (run, *parts) if (kind := _kind_encoded(part, confidential, kinds))), None)


def _kind_encoded(
    run: str, confidential: Confidential, kinds: Sequence[SecretKind], *, again: bool = True
) -> str | None:
    """Return the kind of secret in the text that *run* encodes, in hex or base64; *again*: in what that encodes too."""
    text = straight_text(_text_encoded(run))
    if not text:  # as for most runs
        return None
    found = _in_lines(text, confidential, kinds)
    ours = _called_private(text, confidential)
    if kind := next((kind for *_, kind in (*found, *ours)), None):
        return kind
    inner = dict.fromkeys(_BASE64.findall(dense_runs(text))) if again and len(text) >= _SHORTEST_RUN else ()
    return next((kind for one in inner if (kind := _kind_encoded(one, confidential, kinds, again=False))), None)


def _text_encoded(run: str) -> str:
    """Return the text that *run* encodes, empty where it encodes none."""
    from binascii import a2b_base64  # here: few texts hold such a run

    bare = run.rstrip("=")
    if _HEX.fullmatch(bare):
        with suppress(ValueError):
            return bytes.fromhex(bare[: len(bare) // 2 * 2]).decode()
    bare = bare[:-1] if len(bare) % 4 == 1 else bare  # no text is encoded to so many: the last one is not a part of it
    with suppress(ValueError):
        return a2b_base64(bare.replace("-", "+").replace("_", "/") + "=" * (-len(bare) % 4)).decode()
    return ""


def _called_private(text: str, confidential: Confidential) -> Iterable[tuple[int, int, str]]:
    """Return where in *text* stands what *confidential* calls private. Most policies call nothing so."""
    if confidential == NO_CONFIDENTIAL:
        return ()
    from profile_router.core.privacy.confidential import confidential_spans

    return confidential_spans(text, confidential)


def _joined(wrapped: Reading, kinds: Sequence[SecretKind]) -> Iterator[tuple[int, int, str]]:
    searched = _Searched(wrapped, wrapped=True)
    for kind in kinds:
        if kind.wraps and searched.may_hold(kind):
            yield from ((start, end, kind.kind) for start, end in _matches(kind, searched))


class _Searched:
    """A view that rows are looked for in, and what is made of it once, for those that need it."""

    def __init__(self, view: Reading, *, wrapped: bool = False) -> None:
        self.view, self.wrapped = view, wrapped

    @cached_property
    def lower(self) -> str:
        return self.view.text.lower()

    @cached_property
    def dense(self) -> str:
        return dense_runs(self.view.text)

    def may_hold(self, kind: SecretKind) -> bool:
        """Tell whether an anchor of *kind* stands in the text. For most rows and texts none does, and the work ends."""
        lower = kind.caseless and kind.ahead is not None
        text = self.dense if kind.dense else self.lower if lower else self.view.text
        return any(map(text.__contains__, kind.anchors))

    def starts(self, kind: SecretKind) -> Iterator[int]:
        """Yield where a match of *kind* may start, in order; a place may come twice."""
        if kind.ahead is None:
            return self._anywhere(kind)
        from heapq import merge  # here: few texts hold an anchor

        text = self.lower if kind.caseless else self.view.text
        return merge(*(_before(anchor, text, kind.ahead) for anchor in kind.anchors))

    def _anywhere(self, kind: SecretKind) -> Iterator[int]:
        text, at = self.view.text, 0
        if not any(anchor in text for anchor in kind.anchors):
            return
        pattern = compiled(kind, inside=self.wrapped)
        while found := pattern.search(text, at):
            at = found.start() + 1
            yield found.start()


def _before(anchor: str, text: str, ahead: int) -> Iterator[int]:
    """Yield the places in *text* that are at most *ahead* characters before an *anchor*, in order, each once."""
    at, done = text.find(anchor), 0
    while at >= 0:
        yield from range(max(done, at - ahead), at + 1)
        done = at + 1
        at = text.find(anchor, done)


def _matches(kind: SecretKind, searched: _Searched) -> Iterator[tuple[int, int]]:
    view, wrapped = searched.view, searched.wrapped
    starts = searched.starts(kind)
    first = next(starts, None)
    if first is None:  # as for most rows: their expressions are not even compiled, which takes a short text's time
        return
    pattern, at = compiled(kind, inside=wrapped), 0
    for place in chain((first,), starts):
        if place < at or not (found := pattern.match(view.text, place)):
            continue
        start, end = found.span("value" if "value" in pattern.groupindex else 0)
        at = place + 1
        if _stands_alone(kind, view, place, end, wrapped=wrapped) and _is_real(kind, found, start, end):
            at = max(end, at)
            yield start, key_end(view.text, end) if kind.kind == PRIVATE_KEY else end


def _stands_alone(kind: SecretKind, view: Reading, start: int, end: int, *, wrapped: bool) -> bool:
    text = view.text
    if wrapped and view.before is not None:
        text = view.before.text
        start, end = view.one_back(start, end)
        if not _goes_on(kind, text, start, end) or (start and (text[start - 1].isalnum() or text[start - 1] == "_")):
            return False
    return not (kind.exact and end < len(text) and (text[end].isalnum() or text[end] == "_"))


def _goes_on(kind: SecretKind, text: str, start: int, end: int) -> bool:
    """Tell whether a match over a line break is one value. After a whole value, only a rest that looks alike counts."""
    lines = re.split(r"[\r\n]+", text[start:end])
    if len(lines) < 2 or not compiled(kind, inside=True).match(lines[0]):
        return len(lines) > 1
    return kind.varied and len(lines[1].strip()) >= _REST and any(char.isdigit() for char in lines[1])


def _is_real(kind: SecretKind, found: re.Match[str], start: int, end: int) -> bool:
    value = found.string[start:end]
    if not kind.varied:
        return True
    if sum(char.isdigit() for char in value) < kind.digits:
        return False
    if "value" in found.re.groupindex:
        return not is_placeholder(value)
    return len(set(value)) >= _VARIED and not _EXAMPLE.search(value)
