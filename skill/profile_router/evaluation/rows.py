"""Rows with a known truth: a task's text, the commit that it began from, and what its solution changed.

The format is one JSON object a line. Each has `id`, `text`, `truth` and `split`. Where known, it has `repo`,
`base_commit` and `models` (what named models did with it). Fields that we have no use for are left out; a wrong one is
refused with file and line.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from profile_router.core.text import shown
from profile_router.errors import UsageError
from profile_router.outside.json_reader import UnreadableJson, read_json
from profile_router.outside.plain_file import read_plain
from profile_router.values import frozen

MOST_ROWS_BYTES = 256 * 1024 * 1024  # of a file
MOST_LINE = 4 * 1024 * 1024  # bytes
MOST_ROWS = 200_000
_MOST_FILES, _MOST_MODELS = 20_000, 200
_COMMIT = r"^[0-9a-fA-F]{40}([0-9a-fA-F]{24})?$"
_REPO = r"^[\w.-]{1,100}/[\w.-]{1,100}$"
_Count = Annotated[int, Field(ge=0, le=10**9)]
Usd = Annotated[float, Field(ge=0, le=10**6)]
_M = TypeVar("_M", bound=BaseModel)


class Outcome(BaseModel):
    """What one model did with one task: whether it solved it, the USD, its calls, and a check's answer."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)
    resolved: bool | None = None
    score: Annotated[float, Field(ge=0, le=1)] | None = None
    cost: Usd = 0.0
    api_calls: _Count | None = None
    check: bool | None = None

    @model_validator(mode="after")
    def _is_known(self) -> Outcome:
        if self.resolved is None and self.score is None:
            raise ValueError("needs `resolved` (true or false) or `score` (0 to 1)")
        return self

    @property
    def solved(self) -> float:
        """Return how far it was solved, 0 to 1."""
        return float(self.resolved) if self.resolved is not None else float(self.score or 0.0)


class Truth(BaseModel):
    """What is known of a task afterwards. None: not known."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)
    files: Annotated[tuple[str, ...], Field(max_length=_MOST_FILES, strict=False)] | None = None
    files_changed: _Count | None = None
    lines_changed: _Count | None = None
    hand_files: _Count | None = None
    hand_lines: _Count | None = None
    difficulty_rank: Annotated[int, Field(ge=0, le=10)] | None = None
    file_reads: _Count | None = None
    edit_calls: _Count | None = None
    tool_calls: _Count | None = None
    date: str | None = None
    created_at: str | None = None
    bot: bool = False

    @property
    def lines(self) -> int | None:
        """Return the lines that people wrote, else all of them."""
        return self.lines_changed if self.hand_lines is None else self.hand_lines

    @property
    def number_of_files(self) -> int | None:
        """Return the files that people changed, else all of them."""
        return self.files_changed if self.hand_files is None else self.hand_files


class _RowLine(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)
    id: Annotated[str, Field(min_length=1, max_length=300)]
    text: Annotated[str, Field(max_length=MOST_LINE)]
    truth: Truth
    split: Literal["dev", "test"]
    repo: Annotated[str, Field(pattern=_REPO)] | None = None
    base_commit: Annotated[str, Field(pattern=_COMMIT)] | None = None
    ts: str | None = None
    models: Annotated[dict[str, Outcome], Field(max_length=_MOST_MODELS)] = {}


class _OutcomeLine(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)
    id: Annotated[str, Field(min_length=1, max_length=300)]
    models: Annotated[dict[str, Outcome], Field(min_length=1, max_length=_MOST_MODELS)]


@frozen
class KnownRow:
    """One row. `set` is the name of its file without its endings, `where` its file and line; `when` is ISO 8601."""

    id: str
    set: str
    where: str
    text: str
    truth: Truth
    split: str
    repo: str | None = None
    commit: str | None = None
    when: str = ""
    models: Mapping[str, Outcome] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Return what names the input of this row: its id, text, repository and commit."""
        told = "\0".join((self.id, self.text, self.repo or "", self.commit or ""))
        return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()


def read_rows(files: Sequence[Path]) -> tuple[KnownRow, ...]:
    """Return the rows of *files* in their order. Raises UsageError with file and line, also where none is there."""
    found: dict[str, KnownRow] = {}
    for path in files:
        for where, line in _lines(path):
            row = _row(path, where, _valid(_RowLine, line, where))
            if row.id in found:
                raise UsageError(f"{where}: the id {shown(row.id)} stands twice, first in {found[row.id].where}")
            found[row.id] = row
            if len(found) > MOST_ROWS:
                raise UsageError(f"{where}: more than {MOST_ROWS:,} rows; give fewer files")
    if not found:
        raise UsageError(f"no rows in {', '.join(map(str, files))}; each line is a JSON object with id, text and truth")
    return tuple(found.values())


def read_outcomes(path: Path) -> dict[str, Mapping[str, Outcome]]:
    """Return what models did, by the id of a row. Raises UsageError with file and line."""
    lines = ((where, _valid(_OutcomeLine, line, where)) for where, line in _lines(path))
    return {line.id: line.models for _, line in lines}


def digest_of(rows: Sequence[KnownRow]) -> str:
    """Return what names the input of all *rows*, whatever files they stand in."""
    return hashlib.sha256("".join(sorted(row.digest for row in rows)).encode()).hexdigest()


def _row(path: Path, where: str, line: _RowLine) -> KnownRow:
    return KnownRow(
        id=line.id,
        set=path.name.removesuffix(".jsonl").removesuffix(f".{line.split}"),
        where=where,
        text=line.text,
        truth=line.truth,
        split=line.split,
        repo=line.repo,
        commit=line.base_commit,
        when=line.truth.date or line.truth.created_at or line.ts or "",
        models=line.models,
    )


def _lines(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield each line that is not empty, with its place. Raises UsageError."""
    try:
        raw = read_plain(path, MOST_ROWS_BYTES)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}; name a file of rows, one JSON object a line"
        ) from None
    if raw is None:
        raise UsageError(f"the data is absent: {path}; the rows are not part of this program, give a file of yours")
    for number, line in enumerate(raw.split(b"\n"), 1):
        if not line.strip():
            continue
        where = f"{os.fspath(path)}:{number}"
        try:
            yield where, read_json(line, most=MOST_LINE)
        except UnreadableJson as error:
            raise UsageError(f"{where}: {error}; allowed: one JSON object a line") from None


def _valid(model: type[_M], line: Any, where: str) -> _M:
    try:
        return model.model_validate(line)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(map(str, first["loc"])) or "the line"
        value = shown(repr(first.get("input")))
        raise UsageError(f"{where}: {shown(name)} is wrong: {first['msg']}; it is {value}") from None
