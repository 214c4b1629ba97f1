"""Take a context apart: code (fenced, or a file under a path header), errors, and the prose between. Pure and linear.

Nothing gets lost: the texts of the parts, put together again, are the context.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from profile_router.expressions import expression
from profile_router.values import frozen

_Form = Literal["code", "error", "prose"]
_MARK = expression(r"^(?:(?= {0,3}(?:```|~~~))|(?===|---|[Ff]ile: ))", re.MULTILINE)
_FENCE = expression(r"^ {0,3}(`{3,}|~{3,})[^\S\n]*([^`\n]{0,300})$", re.MULTILINE)
_PATH = r"(?:[\w.@+~-]{1,100}/){0,30}[\w.@+-]{1,100}\.\w{1,8}"
_A_PATH = expression(rf"(?<![\w/]){_PATH}(?![\w/])")
# `==> src/a.py <==` as `head` prints it, `=== src/a.py ===`, `--- src/a.py ---`, `File: src/a.py`
_HEADER = expression(
    rf"^(?:==> ({_PATH}) <==|={{2,}} ({_PATH}) ={{2,}}|-{{3,}} ({_PATH}) -{{3,}}|[Ff]ile: `?({_PATH})`?:?)[^\S\n]*$",
    re.MULTILINE,
)
_HINT = expression(r"Traceback|Error|Exception|error|panic|FAIL|ERR!|ERROR|E   ")
_ERROR = expression(
    r"^[^\S\n]{0,40}Traceback \(most recent call last\):\n(?:[^\S\n][^\n]*\n)*[^\n]*\n?"
    r"|^(?:[\w.]{0,120}(?:Error|Exception)\b|panicked at|panic:|Exception in thread)[^\n]*"
    r"(?:\n[^\S\n]+(?:at|in) [^\n]*)*\n?"
    r"|^(?:[^\s:][^\s:]{0,300}:\d{1,9}(?::\d{1,9})?: )?(?:fatal )?error(?:\[\w{1,12}\])?: [^\n]*"
    r"(?:\n(?:[^\S\n]+(?:-->|\|)|\d{1,6} \|)[^\n]*)*\n?"
    r"|^(?:E   |FAILED |npm ERR! |FAIL: |ERROR: )[^\n]*\n?",
    re.MULTILINE,
)
MOST_BLOCKS = 5_000
_LONGEST_ERROR, _LONGEST_LEAD = 20_000, 500
_LANGUAGES: Mapping[str, str] = {
    **dict.fromkeys(("py", "pyi", "python", "python3"), "python"),
    **dict.fromkeys(("js", "mjs", "cjs", "javascript"), "javascript"),
    **dict.fromkeys(("ts", "mts", "typescript"), "typescript"),
    **dict.fromkeys(("go", "golang"), "go"),
    **dict.fromkeys(("rs", "rust"), "rust"),
    **dict.fromkeys(("cc", "cpp", "cxx", "hpp", "hh", "c++"), "cpp"),
    **dict.fromkeys(("rb", "ruby"), "ruby"),
    **{name: name for name in ("jsx", "tsx", "java", "c")},
    "h": "c",
}


@frozen
class Part:
    """A stretch of the context. `before` and `after` are the fence or the header around code, `text` what is inside.

    `language` is one that can be outlined, else None; `path` the file that the context says it is.
    """

    form: _Form
    text: str
    before: str = ""
    after: str = ""
    language: str | None = None
    path: str | None = None

    @property
    def whole(self) -> str:
        """Return the part as it stands in the context."""
        return self.before + self.text + self.after


def parts_of_context(context: str) -> tuple[Part, ...]:
    """Return the parts of *context* in order."""
    return tuple(part for part in _parts(context) if part.whole)


def _parts(context: str) -> Iterator[Part]:
    at, count = 0, 0
    while count < MOST_BLOCKS and (opening := _next_code(context, at)):
        yield from _prose(context[at : opening.start()])
        part = _fenced(context, opening) if opening.re.pattern == _FENCE.pattern else _headed(context, opening)
        yield part
        at, count = opening.start() + len(part.whole), count + 1
    yield from _prose(context[at:])


def _next_code(context: str, at: int) -> re.Match[str] | None:
    """Return the next fence or path header from *at* on."""
    while mark := _MARK.search(context, at):
        if found := _FENCE.match(context, mark.start()) or _HEADER.match(context, mark.start()):
            return found
        at = mark.start() + 1
    return None


def _fenced(context: str, opening: re.Match[str]) -> Part:
    mark, info = opening.group(1), opening.group(2).strip()
    inside = min(opening.end() + 1, len(context))
    close = re.compile(rf"^ {{0,3}}{re.escape(mark[0])}{{{len(mark)},}}[^\S\n]*$\n?", re.MULTILINE)
    closing = close.search(context, inside)
    end, after = (closing.start(), closing.group()) if closing else (len(context), "")
    path = _path_in(info) or _path_above(context, opening.start())
    words = re.findall(r"[\w+]+", info.lower())
    return Part(
        form="code",
        text=context[inside:end],
        before=context[opening.start() : inside],
        after=after,
        language=_LANGUAGES.get(words[0]) if words and words[0] in _LANGUAGES else language_of_file(path),
        path=path,
    )


def _headed(context: str, header: re.Match[str]) -> Part:
    path = next(group for group in header.groups() if group)
    inside = min(header.end() + 1, len(context))
    following = _next_code(context, inside)
    return Part(
        form="code",
        text=context[inside : following.start() if following else len(context)],
        before=context[header.start() : inside],
        language=language_of_file(path),
        path=path,
    )


def _path_in(text: str) -> str | None:
    found = _A_PATH.search(text)
    return found.group() if found else None


def _path_above(context: str, at: int) -> str | None:
    """Return the one path that the line above a fence names."""
    line = context[max(0, at - 400) : at].rstrip().rsplit("\n", 1)[-1]
    found = _A_PATH.findall(line)
    return found[0] if len(found) == 1 and len(line) < 200 else None


def language_of_file(path: str | None) -> str | None:
    """Return the language of the file *path* by its ending, None where it is not one that can be outlined."""
    return None if path is None else _LANGUAGES.get(path.rsplit(".", 1)[-1].lower())


def _prose(text: str) -> Iterator[Part]:
    at = 0
    for error in _errors(text):
        yield Part(form="prose", text=text[at : error.start()])
        yield Part(form="error", text=error.group())
        at = error.end()
    yield Part(form="prose", text=text[at:])


def _errors(text: str) -> Iterator[re.Match[str]]:
    """Yield the messages in *text*, each from the start of its line."""
    at = 0
    while hint := _HINT.search(text, at):
        line = text.rfind("\n", max(at, hint.start() - _LONGEST_LEAD), hint.start()) + 1
        at_start = line > 0 or hint.start() - at <= _LONGEST_LEAD
        error = _ERROR.match(text, line or at) if at_start else None
        if error is not None and len(error.group()) <= _LONGEST_ERROR:
            yield error
        at = error.end() if error is not None else text.find("\n", hint.end()) + 1 or len(text)
