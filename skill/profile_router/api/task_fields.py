"""What a task may say: each field once, with its key in JSON, its command-line option, and its values.

Programs give a task as one JSON object, for their texts would not fit a command line. It is read as strictly as a
policy.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from profile_router.api.task_bounds import within_bounds
from profile_router.core.conversation import Conversation, Turn
from profile_router.core.task import Facts, Task
from profile_router.core.text import did_you_mean, may_be_repeated, nearest, shown, utf8
from profile_router.core.toolsets import unknown_toolset
from profile_router.errors import UsageError
from profile_router.values import frozen


@frozen(kw_only=False)
class TaskField:
    """`key` is its name in JSON, `name` the one in Task; `read` takes a value and where it is, or raises UsageError.

    `option` and `settings` are argparse's; without them the command line does not know the field.
    """

    key: str
    name: str
    read: Callable[[Any, str], Any]
    option: str
    settings: Mapping[str, Any]

    @property
    def attribute(self) -> str:
        """Return the name that argparse gives the option's value."""
        return self.option.strip("-").replace("-", "_")

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of a value that `read` takes; raises KeyError for one with fields of its own."""
        return self.read.schema() if isinstance(self.read, Number) else dict(_SCHEMAS[self.read])


@frozen
class Number:
    """Reads a number from `least` to `most`, in JSON or as an option gives it. `above`: more than `least`."""

    unit: str
    least: int = 0
    most: int = 10**9
    above: bool = False

    def __call__(self, value: Any, where: str) -> float:
        """Return *value* if it is such a number. Raises UsageError."""
        number = isinstance(value, int if self.unit == _WHOLE else int | float) and not isinstance(value, bool)
        if not number or not self.least <= value <= self.most or (self.above and value == self.least):
            allowed = f"more than {self.least}" if self.above else f"{self.least} or more"
            raise _wrong(where, value, f"{self.unit}, {allowed}")
        return value if self.unit == _WHOLE else float(value)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of such a number."""
        least = {"exclusiveMinimum" if self.above else "minimum": self.least}
        return {"type": "integer" if self.unit == _WHOLE else "number", **least, "maximum": self.most}


def number_in(text: str) -> float | str:
    """Return the number that *text* is, or *text*, which no Number reads: for argparse."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def not_an_object(where: str, keys: Iterable[str]) -> UsageError:
    """Return the error of JSON that is not an object, where one with these *keys* is read."""
    return UsageError(f"{where} must be a JSON object with {', '.join(keys)}")


def values_of(found: object, fields: Sequence[TaskField], where: str = "") -> dict[str, Any]:
    """Return the values of the JSON object *found*, by their names in Task; null counts as left out.

    *where* it stands in the task; an option and no more, or empty: it is the task. Raises UsageError for
    anything but an object, for unknown keys, and for values of a wrong kind.
    """
    known = {one.key: one for one in fields}
    if not isinstance(found, dict):
        raise not_an_object(where or "--task-json: stdin", known)
    values = {}
    for key, value in found.items():
        if key not in known:
            near = nearest(key, [*known]) if may_be_repeated(key) else ""
            meant = did_you_mean(near)
            raise UsageError(
                f"{where or '--task-json'}: unknown key {_shown_key(key)} (allowed: {', '.join(known)}){meant}"
            )
        if value is not None:
            whole = not where or (where.startswith("--") and ": " not in where)
            place = f"{where or '--task-json'}: {key}" if whole else f"{where}.{key}"
            values[known[key].name] = known[key].read(value, place)
    return values


def _shown_key(key: str) -> str:
    """Return *key* in quotes, or how long it is: it may be the task in a wrong place."""
    return f"'{key}'" if may_be_repeated(key) else f"of {len(key):,} characters"


def _wrong(where: str, value: object, wanted: str) -> UsageError:
    return UsageError(f"{where} is {_word_or_kind(value)} (allowed: {wanted})")


def _word_or_kind(value: object) -> str:
    """Return *value* if it is a number or a word, else its kind: it may be the task, misplaced."""
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return f"an object of {len(value)} keys"
    if isinstance(value, str) and not may_be_repeated(value):
        return f"a text of {len(value):,} characters"
    return json.dumps(value)[:80]


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise _wrong(where, value, "text")
    return value


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _wrong(where, value, "a list of texts")
    return tuple(_text(item, where) for item in value)


def _names(text: str) -> list[str]:
    """Return the names in *text*, which has commas between them."""
    return [name.strip() for name in text.split(",") if name.strip()]


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(where, value, "true or false")
    return value


def _facts(value: Any, where: str) -> Facts:
    return Facts(**values_of(value, FACTS, where))


def _role(value: Any, where: str) -> str:
    if value not in ("user", "assistant"):
        raise _wrong(where, value, "user or assistant")
    return str(value)


def _conversation(value: Any, where: str) -> Conversation:
    if not isinstance(value, list):
        raise _wrong(where, value, "a list of turns, each with role and text")
    turns = [values_of(item, TURN, where) for item in value]
    if any(len(turn) < len(TURN) for turn in turns):
        raise UsageError(f"{where}: a turn lacks its role or its text; give both")
    return tuple(Turn(**turn) for turn in turns)


_WHOLE = "a whole number"
_COUNT = Number(unit=_WHOLE)
_POSITIVE = Number(unit=_WHOLE, least=1)
_SECONDS = Number(unit="seconds", most=10**7, above=True)
_USD = Number(unit="USD", most=10**6)
DAYS = Number(unit="days", most=10**6)
AT_LEAST_ONE = Number(unit=_WHOLE, least=1)


def _field(
    key: str,
    read: Callable[[Any, str], Any],
    option: str = "",
    metavar: str = "",
    text: str = "",
    name: str = "",
    **more: Any,
) -> TaskField:
    """Return a field; *more* is for argparse, to which a flag has no *metavar*."""
    settings = {"help": text, **({"metavar": metavar} if metavar else {}), **more}
    return TaskField(
        key, name or key, read, option, settings | ({"type": number_in} if isinstance(read, Number) else {})
    )


_SCHEMAS: Mapping[Callable[[Any, str], Any], dict[str, Any]] = {
    _text: {"type": "string"},
    _texts: {"type": "array", "items": {"type": "string"}},
    _flag: {"type": "boolean"},
    _role: {"type": "string", "enum": ["user", "assistant"]},
}
TURN = (_field("role", _role), _field("text", _text))
FACTS = (
    _field("files_to_read", _COUNT, "--files-to-read", "N", "files you know will be read"),
    _field("files_to_edit", _COUNT, "--files-to-edit", "N", "files you know will be edited"),
    _field("lines_to_edit", _COUNT, "--lines-to-edit", "N", "lines you know will be edited"),
)
# What `route` asks for too, then what only a run needs, then what only programs say.
ROUTED_FIELDS = (
    _field("goal", _text, "task", "TASK", "what to do; - reads it from stdin", nargs="?"),
    _field("context", _text, "--context", "T|@FILE", "text for the prompt, or @ and the file that holds it"),
    _field("files", _texts, "--file", "P", "a file the task is about", action="append"),
    _field("images", _texts, "--image", "P", "an image the task is about", action="append"),
    _field("workspace", _text, "--workspace", "D", "the folder to work in"),
    _field("profile", _text, "--profile", "NAME", "use this profile; a private task stays local all the same"),
    _field("local_only", _flag, "--local-only", text="never leave this machine", action="store_true"),
)
RUN = (
    _field("toolsets", _texts, "--toolsets", "A,B", "toolsets the subagent may use", type=_names),
    _field("max_turns", _POSITIVE, "--max-turns", "N", "model calls of one attempt, at most"),
    _field("thread", _text, "--thread", "ID", "go on with this shared conversation"),
    _field("check", _text, "--check", "CMD", "shell command that must succeed afterwards"),
    _field("timeout", _SECONDS, "--timeout", "S", "seconds for the whole run", "timeout_s"),
    _field("max_cost", _USD, "--max-cost", "USD", "what the task may cost at most; 0: no paid model", "max_cost_usd"),
)
TASKS_FORM = "`profile-router batch --schema` shows its form"
TASK = (
    *ROUTED_FIELDS,
    *RUN,
    _field("facts", _facts),
    _field("conversation", _conversation),
    _field("sessions", _texts),
    _field("proposed_check", _text, text="a check that a model wants: jailed, and only once a person agreed"),
    _field("whole_answer", _flag, text="a program reads the answer: it is not summarized"),
)


def task_from_json(raw: bytes, source: str = "stdin") -> Task:
    """Return the task that *raw*, read from *source*, describes: a `goal`, and more; null counts as left out.

    Raises UsageError for anything but one object, for unknown or doubled keys, and for values of a wrong kind.
    """
    allowed = ", ".join(one.key for one in TASK)
    return task_from(_json(raw, lambda why: f"--task-json: {source} holds no JSON object ({why}); allowed: {allowed}"))


def tasks_from_json(raw: bytes, source: str = "stdin", *, plugins: bool = True) -> list[Task | UsageError]:
    """Return the tasks of the JSON list *raw* of *source*, what is wrong with one in its place.

    *plugins*: a toolset may be one of a plugin of Hermes, which has any name.
    Raises UsageError for no list.
    """
    found = _json(raw, lambda why: f"--tasks-json: {source} holds no JSON list ({why}); {TASKS_FORM}")
    if not isinstance(found, list) or not found:
        raise UsageError(f"--tasks-json: {source} must hold a JSON list of one or more tasks; {TASKS_FORM}")
    tasks: list[Task | UsageError] = []
    for number, one in enumerate(found, 1):
        try:
            task = task_from(one, f"--tasks-json, task {number}")
            tasks.append(task if plugins else with_known_toolsets(task, f"--tasks-json, task {number}: toolsets"))
        except UsageError as error:
            tasks.append(error)
    return tasks


def with_known_toolsets(task: Task, where: str) -> Task:
    """Return *task*. Raises UsageError where it names a toolset that there is none of, *where* it says so."""
    if wrong := unknown_toolset(task.toolsets or ()):
        raise UsageError(f"{where} {wrong}")
    return task


def task_from(found: object, where: str = "") -> Task:
    """Return the task that the JSON object *found* describes, which stands at *where*. Raises UsageError."""
    given = values_of(found, TASK, where)
    if not given.get("goal", "").strip():
        raise UsageError(f"{where or '--task-json'}: goal is missing or empty; say there what to do")
    return within_bounds(Task(**given), where or "--task-json")


def _json(raw: bytes, refusal: Callable[[str], str]) -> object:
    try:
        return json.loads(raw, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise UsageError(refusal(shown(str(error)))) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        doubled = next(key for key, _ in pairs if [name for name, _ in pairs].count(key) > 1)
        raise ValueError(f"the key {_shown_key(doubled)} stands twice")
    return {key: whole_characters(value) for key, value in found.items()}


def whole_characters(value: Any) -> Any:
    """Return a text, or the texts of a list, without the halves of characters that JSON can spell."""
    if isinstance(value, list):
        return [utf8(one) if isinstance(one, str) else one for one in value]
    return utf8(value) if isinstance(value, str) else value
