"""Cut a summary that ran past its bound. Add the names that it lost, and a mark that says so. Pure.

A small model often does not stop. It copies the text line by line, or repeats itself, until its bound ends it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from profile_router.expressions import expression

_NAMES_PART = 4  # of the bound, a fourth is for the names
_LONGEST_NAME = 80
# In this order: what the text itself sets apart, paths and files, constants, and names of code.
_KINDS = (
    expression(rf"`([^`\n]{{2,{_LONGEST_NAME}}})`"),
    expression(r"(?<![\w./-])((?:[\w.@+-]{1,40}/){0,8}[\w@+-]{1,40}\.[A-Za-z]\w{0,7})(?![\w/])"),
    expression(r"\b([A-Z][A-Z0-9]{0,30}(?:_[A-Z0-9]{1,30}){1,6})\b"),
    expression(r"\b([A-Za-z]\w{0,40}_\w{1,40}|[A-Za-z][a-z0-9]{1,30}[A-Z]\w{1,40})\b"),
)
_MOST_NAMES = 200  # of a kind, looked at


def cut_summary(
    summary: str, text: str, bound: int, tokens_of: Callable[[str], int], head: Callable[[str, int], str]
) -> str:
    """Return *summary* of *text*, which ran past *bound* tokens, cut to that bound, with a mark at its end.

    Lines that it repeats stand once. The mark lists names of *text* that are not in that start. *tokens_of* counts
    tokens, *head* gives the longest start of so many.
    """
    once = "\n".join(dict.fromkeys(line.rstrip() for line in summary.splitlines()))
    mark = f"[cut: this summary ran past its {bound:,} tokens and may miss what came later{{}}]"
    least = tokens_of(mark.format("")) + 2
    start = _whole_lines(head(once, bound - least - bound // _NAMES_PART))
    room = bound - least - tokens_of(start)
    named: list[str] = []
    for name in dict.fromkeys(_names(text)):
        if name in start:
            continue
        if tokens_of("; it names " + ", ".join((*named, name))) > room:
            break
        named.append(name)
    whole = mark.format("; it names " + ", ".join(named) if named else "")
    return f"{_whole_lines(head(once, bound - tokens_of(whole) - 2))}\n{whole}".lstrip()


def _whole_lines(text: str) -> str:
    """Return *text* up to its last line's or sentence's end, where one is in its last third."""
    end = max(text.rfind("\n"), text.rfind(". ") + 1)
    return (text[:end] if end > len(text) * 2 // 3 else text).rstrip()


def _names(text: str) -> Iterator[str]:
    for kind in _KINDS:
        for number, found in enumerate(kind.finditer(text)):
            if number >= _MOST_NAMES:
                break
            yield found[1].strip()
