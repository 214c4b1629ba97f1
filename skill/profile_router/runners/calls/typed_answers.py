"""Ask a model for an answer of a schema's form, and once more where its answer has another one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from profile_router.core.attempt.ordering import TIME_IS_UP
from profile_router.core.ladder.receipt import Receipt
from profile_router.runners.calls.call import RecordedCalls, SingleCall

if TYPE_CHECKING:
    from pydantic import BaseModel

    Form = TypeVar("Form", bound=BaseModel)
T = TypeVar("T")


async def asked_until_read(
    calls: RecordedCalls,
    call: SingleCall,
    read: Callable[[str], tuple[T | None, str]],
    receipts: list[Receipt],
    *,
    tries: int,
    until: float,
) -> tuple[T | None, str]:
    """Return what *read* makes of an answer to *call*, or None and what went wrong.

    At most *tries* calls are made *until* then, on the clock `monotonic`. Each call's receipt goes to *receipts*.
    """
    problem = ""
    for _ in range(tries):
        if (left := until - monotonic()) <= 0:
            return None, problem or TIME_IS_UP
        answer, receipt = await calls.ask(replace(call, seconds=min(call.seconds, left)))
        receipts.append(receipt)
        if answer is None and not receipt.turns:  # no whole answer came: the same would follow
            return None, receipt.error or "no answer"
        found, problem = read(answer) if answer is not None else (None, receipt.error or "no answer")
        if found is not None:
            return found, ""
    return None, f"{len(receipts)} invalid answers: {problem}"


def in_form(answer: str, form: type[Form]) -> tuple[Form | None, str]:
    """Return *answer* as a *form*, or None and what is wrong with it. A code fence around it does no harm."""
    from pydantic import ValidationError

    text = answer.strip().removeprefix("```json").removeprefix("```").removesuffix("```").strip()
    try:
        return form.model_validate_json(text), ""
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        return None, f"{'.'.join(map(str, first['loc'])) or 'the answer'}: {first['msg']}"
