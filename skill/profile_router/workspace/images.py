"""The images of a task: files and data URLs by their content; by reference what its text shows, links or speaks of."""

from __future__ import annotations

import binascii
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from profile_router.core.evidence import ImageFact, NamedFile
from profile_router.core.language.anchored import Anchored
from profile_router.core.language.shown_pictures import (
    img_targets,
    picture_urls,
    pictures_in_tags,
    pictures_spoken_of,
    without_code,
)
from profile_router.core.text import shown
from profile_router.errors import UsageError
from profile_router.expressions import expression
from profile_router.values import mutable
from profile_router.workspace.content import Unusable, first_bytes, form_of, image_form, shown_size
from profile_router.workspace.folder import Workspace, base_of, expanded, place_below, written_path

MOST_IMAGE_BYTES = 20 * 1024 * 1024
_ALLOWED = "a PNG, JPEG, GIF, WebP or PDF file"
_MIMES = {form: f"image/{form}" for form in ("png", "jpeg", "gif", "webp")} | {"pdf": "application/pdf"}
_HEAD = 512
_MOST_FILES = 200
_LONGEST_ALT = 300
_SHORTEST_WRAPPED = 30
_SCAN_BYTES = 4 * 1024 * 1024

# A payload may be wrapped: whole lines of it are long; whether a short one is its end, `_url_and_rest` decides.
_DATA_URL = Anchored(
    r"data:image/[\w.+-]{1,60}(?:;[\w.-]{1,60}=[\w.-]{1,60}){0,5};base64,\s?([A-Za-z0-9+/_%-]++=*+"
    r"(?:\r?\n[ \t]*[A-Za-z0-9+/_-]{40,}+=*+(?=\s|$))*+)(\r?\n[ \t]*[A-Za-z0-9+/_-]{1,39}+=*+(?=\s|$))?",
    anchors=("data:image/",),
    flags=re.IGNORECASE,
)
_TARGET = Anchored(
    r"\]\(\s{0,5}(?:<([^<>\n]{1,1000})>|([^\s()<>]{1,1000}(?:\([^\s()<>]{0,100}\)[^\s()<>]{0,100})?))",
    anchors=("](",),
)
_REMOTE = expression(r"https?://", re.IGNORECASE)


def find_images(
    text: str, given: Sequence[str], files: Sequence[NamedFile], workspace: Workspace | None, cwd: Path
) -> tuple[tuple[ImageFact, ...], tuple[str, ...]]:
    """Return the images of a task, each once, and notes on what looked like one and is none.

    *text* is goal and context; *given* are the values of `--image`; *files* are the named files that count where they
    turn out to be images. Raises UsageError for a value of `--image` that is missing, unreadable, or no image.
    """
    gallery = _Gallery(workspace, cwd)
    for value in given:
        gallery.add_given(value)
    for file in [file for file in files if file.form == "image"][:_MOST_FILES]:
        gallery.add_file(file)
    rest, urls = strip_data_urls(text)
    for number, url in enumerate(urls, start=1):
        gallery.add(_of_data_url(url), f"data URL {number} in the task text")
    for found in _DATA_URL.finditer(rest):
        gallery.notes[f"{shown(found.group(), 40)} in the task text is not a PNG, JPEG, GIF or WebP image"] = None
    for target in _targets(rest):
        gallery.add_target(target, f"![…]({shown(target)})")
    prose = without_code(rest)
    for target in img_targets(prose):
        gallery.add_target(target, _tag(target))
    for url in picture_urls(prose):
        gallery.add_target(url, shown(url))
    for file in [file for file in files if file.form == "pdf"][:_MOST_FILES]:
        gallery.add_scan(file)
    if not gallery.images:
        for words in pictures_spoken_of(rest):
            gallery.add_spoken_of(words)
        for target in [target for target in pictures_in_tags(prose) if target in gallery.missing]:
            gallery.notes.pop(f"{_tag(target)} {gallery.missing[target]}", None)
            gallery.add_spoken_of(_tag(target))
    return tuple(gallery.images.values()), tuple(gallery.notes)


def strip_data_urls(text: str) -> tuple[str, tuple[str, ...]]:
    """Return *text* with `[image N]` for every data URL that holds an image, and those URLs, each once, unwrapped.

    What only claims to be an image stays in the text.
    """
    numbers: dict[str, int] = {}

    def placeholder(found: re.Match[str]) -> str:
        url, rest = _url_and_rest(found)
        if _of_data_url(url) is None:
            return found.group()
        return f"[image {numbers.setdefault(url, len(numbers) + 1)}]{rest}"

    return _DATA_URL.sub(placeholder, text), tuple(numbers)


def read_image(place: str, base: Path) -> tuple[str, bytes]:
    """Return the MIME type and the bytes of the image at *place*, relative to *base* or absolute, to be sent.

    Raises UsageError where it is not an image (any more), or larger than 20 MiB.
    """
    found = first_bytes(base / place, MOST_IMAGE_BYTES + 1)
    if isinstance(found, Unusable):
        raise UsageError(f"image '{shown(place)}' {found.reason}; name {_ALLOWED}")
    if len(found.data) > MOST_IMAGE_BYTES:
        size, most = shown_size(found.size), shown_size(MOST_IMAGE_BYTES)
        raise UsageError(f"image '{shown(place)}' is {size}; at most {most} can be sent: scale it down")
    form = _form(found.data)
    if form is None:
        raise UsageError(f"image '{shown(place)}' is not an image by its content; name {_ALLOWED}")
    return _MIMES[form], found.data


@mutable(kw_only=False)
class _Gallery:
    """The images found so far by their places, what is noted, and which targets of the text have no file."""

    workspace: Workspace | None
    cwd: Path
    images: dict[str, ImageFact] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def add(self, found: tuple[str, int] | None, place: str) -> None:
        if found is not None:
            form, size = found
            self.images.setdefault(place, ImageFact(place=place, form=form, bytes=size))

    def add_given(self, value: str) -> None:
        path = base_of(self.workspace, self.cwd) / expanded(value)
        refused = self._add_remote(value) if _REMOTE.match(value) else self._add_local(value, path)
        if refused:
            raise UsageError(f"--image '{shown(value)}' {refused}; name {_ALLOWED}")

    def add_target(self, target: str, written: str) -> None:
        path = target.removeprefix("file://")
        refused = self._add_remote(target) if _REMOTE.match(target) else self._add_written(path)
        if refused and "%" in path and not _REMOTE.match(target):
            refused = self._add_written(unquote(path))
        if refused:
            self.notes[f"{written} {refused}"] = None

    def add_file(self, file: NamedFile) -> None:
        found = first_bytes(base_of(self.workspace, self.cwd) / file.path, _HEAD)
        form = None if isinstance(found, Unusable) else image_form(found.data)
        self.add((form, file.bytes) if form else None, file.path)

    def add_scan(self, file: NamedFile) -> None:
        """Count a named PDF whose pages are pictures: it holds images and no font."""
        found = first_bytes(base_of(self.workspace, self.cwd) / file.path, _SCAN_BYTES)
        if not isinstance(found, Unusable) and b"/Image" in found.data and b"/Font" not in found.data:
            self.add(("pdf", file.bytes), file.path)

    def add_spoken_of(self, words: str) -> None:
        self.add(("absent", 0), shown(words))
        self.notes[f"'{shown(words)}' counts as an image, but no picture came with the task: name it with --image"] = (
            None
        )

    def _add_remote(self, url: str) -> str | None:
        """Count what *url* refers to, unseen. Its query and its user are left out: they may hold a key."""
        try:
            parts = urlsplit(url)
            place = f"{parts.scheme}://{parts.hostname or ''}{parts.path}"
        except ValueError:
            return "is not a readable URL"
        if parts.path.lower().endswith(".svg"):
            return "is an SVG by its name: text, not an image"
        self.add(("url", 0), place)
        self.notes[f"{shown(place)} counts as an image by its reference: it was not fetched"] = None
        return None

    def _add_written(self, value: str) -> str | None:
        return self._add_local(value, written_path(value, self.workspace, self.cwd))

    def _add_local(self, value: str, path: Path) -> str | None:
        """Count the file *value*, which is at *path*, if it is an image; else return why not."""
        found = first_bytes(path, _HEAD) if value else Unusable("missing", "is empty")
        if isinstance(found, Unusable):
            if found.cause == "missing":
                self.missing[value] = found.reason
            return found.reason
        form = _form(found.data)
        if form is None:
            is_text = form_of(found.data, whole=len(found.data) < _HEAD) == "text"
            return f"is {'text' if is_text else 'binary'} by its content, {shown_size(found.size)}, not an image"
        base = base_of(self.workspace, self.cwd)
        self.add((form, found.size), place_below(Path(os.path.realpath(path)), base))
        return None


def _tag(target: str) -> str:
    return f"<img src={shown(target)}>"


def _targets(text: str) -> Iterator[str]:
    """Yield the targets of `![alt](target)`; those of plain links, and the placeholders of data URLs, are left out."""
    for found in _TARGET.finditer(text):
        opening = text.rfind("![", max(0, found.start() - _LONGEST_ALT), found.start())
        alt = text[opening + 2 : found.start()]
        closes = alt.find("]")
        is_image = opening >= 0 and "\n" not in alt and (closes < 0 or 0 <= alt.find("[") < closes)
        target = found.group(1) or found.group(2)
        if is_image and not target.startswith(("[image", "data:")):
            yield target


def _form(head: bytes) -> str | None:
    return image_form(head) or ("pdf" if head.startswith(b"%PDF-") else None)


def _url_and_rest(found: re.Match[str]) -> tuple[str, str]:
    """Return the data URL without blanks, and the rest: a last line that is a word, not the URL's end."""
    last = found.group(2) or ""
    known, end = len("".join(found.group(1).split())), last.strip()
    complete = found.group(1).endswith("=") or known < _SHORTEST_WRAPPED
    fits = end.endswith("=") or ((known + len(end)) % 4 == 0 and (known % 4 != 0 or not end.isalpha()))
    url = found.group() if fits and not complete else found.group().removesuffix(last)
    return "".join(url.split()), "" if fits and not complete else last


def _of_data_url(url: str) -> tuple[str, int] | None:
    """Return the form and the bytes of the image in *url*, a data URL without blanks; None if it has none."""
    payload = url.partition(",")[2]
    if "%" in payload:
        payload = unquote(payload)
    payload = payload.rstrip("=").translate(_STANDARD)
    try:
        head = binascii.a2b_base64(payload[:64] + "=" * (-len(payload[:64]) % 4))
    except ValueError:
        return None
    form = image_form(head)
    return (form, len(payload) * 3 // 4) if form else None


_STANDARD = str.maketrans("-_", "+/")
