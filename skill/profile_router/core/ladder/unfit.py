"""What servers say when their model can never take our requests, and what fixes each. Pure.

Such a refusal comes again for every task: another try, a shorter prompt or a pause does not help.
"""

from __future__ import annotations

from profile_router.expressions import expression
from profile_router.values import frozen

_OTHER = "name a model that does in the config.yaml of {profile}"
_TEMPLATE = f"serve it with a chat template that does (llama-server `--jinja --chat-template-file FILE`), or {_OTHER}"
_TOOLS = r"(?:tools?|tool[- _]?(?:use|calls?|calling|choice)|functions?|function[- _]call(?:s|ing)?)"
_SYSTEM = r"(?:system|developer) (?:role|messages?|prompts?|instructions?)"
_NOT = r"(?:not|un)[ -]?(?:supported|enabled|available|allowed)"
_BAD_ROLE = r"(?:unsupported|unknown|invalid|unexpected) (?:message )?role\W{1,3}"


@frozen
class _Unfit:
    """One way to be unfit: what servers say of it, as expressions in lower case, and the fix."""

    said: tuple[str, ...]
    fix: str


_ROWS = (
    _Unfit(
        said=(r"requires? (?:the )?`?--jinja", r"use `?--jinja"),
        fix="start llama-server with `--jinja`: it takes no tools without",
    ),
    _Unfit(
        said=("--enable-auto-tool-choice", "--tool-call-parser"),
        fix="start vLLM with `--enable-auto-tool-choice --tool-call-parser NAME`: it takes no tools without",
    ),
    _Unfit(
        said=(r"tool call ids? (?:should|must|was)", r"tool.{0,80} length (?:of )?9\b"),
        fix=f"its chat template takes no call ids that are not its own; {_TEMPLATE}",
    ),
    _Unfit(
        said=(
            rf"(?:do(?:es)?n't|do(?:es)? not|cannot|can't) (?:currently )?(?:support|use|handle) (?:the )?{_TOOLS}\b",
            rf"\b{_TOOLS}\W{{0,3}} (?:is|are|was) (?:currently )?{_NOT}",
            rf"no endpoints found that support {_TOOLS}",
            rf"unsupported (?:parameter|value|argument)s?\W{{1,3}}{_TOOLS}\b",
        ),
        fix=f"it takes no tools; {_OTHER} (`ollama show MODEL` lists `tools` for one that does)",
    ),
    _Unfit(
        said=(
            rf"\b{_SYSTEM} (?:(?:is|are) )?{_NOT}",
            rf"does(?:n't| not) support (?:the |a )?(?:{_SYSTEM}|['\"`](?:system|developer)['\"`])",
            rf"{_BAD_ROLE}system",
        ),
        fix=f"it takes no system message; {_TEMPLATE}",
    ),
    _Unfit(
        said=(
            "roles must alternate",
            "only user(?:,| and) (?:model|assistant) roles are supported",
            rf"{_BAD_ROLE}tool",
            rf"role\W{{1,3}}tool\W{{1,3}}(?:is )?{_NOT}",
        ),
        fix=f"it takes no results of tools; {_TEMPLATE}",
    ),
)
_COMPILED = tuple((expression("|".join(row.said)), row.fix) for row in _ROWS)


def unfit_fix(said: str, profile: str) -> str | None:
    """Return the fix for a model that can never take our requests, by what its server *said*. None: it can.

    *profile* is the name of the profile that asked it. The first row of the table that is found counts.
    """
    lowered = said.lower()
    return next((fix.format(profile=profile) for pattern, fix in _COMPILED if pattern.search(lowered)), None)
