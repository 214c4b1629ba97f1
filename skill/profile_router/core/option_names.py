"""Say an error about a command's options to somebody who gave the task's fields as JSON. Pure."""

from __future__ import annotations

from profile_router.expressions import expression

_LISTS = {"file": "files", "image": "images", "toolsets": "toolsets"}  # fields that are lists, by their options
_OPTION = expression(
    r"--(file|image|toolsets|workspace|context|profile|local-only|max-turns|thread|check|timeout|max-cost)(?![\w-])"
)
_GIVEN = expression(rf"{_OPTION.pattern}(?: (\S.*))?")


def in_fields(text: str) -> str:
    """Return *text* with the fields of a task in place of the options that stand for them.

    An option in backquotes is one to be given, so there it becomes JSON: `"workspace": "."`. Commands stay as they are.
    """
    plain_and_code = text.split("`")
    return "`".join(
        _as_json(part) if number % 2 else _OPTION.sub(lambda found: _field(found[1]), part)
        for number, part in enumerate(plain_and_code)
    )


def in_row(error: Exception, number: int) -> str:
    """Return what *error* says of the task *number* of several: with its number, where one of its fields is wrong."""
    said = in_fields(str(error))
    return said if said == str(error) else f"task {number}: {said}"


def _as_json(code: str) -> str:
    found = _GIVEN.fullmatch(code)
    if found is None:
        return code
    value = f'"{found[2]}"' if found[2] else "true"
    return f'"{_field(found[1])}": {f"[{value}]" if found[1] in _LISTS else value}'


def _field(option: str) -> str:
    return _LISTS.get(option, option.replace("-", "_"))
