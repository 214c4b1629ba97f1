"""Render the prompts: one Jinja template per model call, in `prompts/`, plus the rules as a parent agent reads them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from profile_router.core.policy import Policy
from profile_router.core.telling.policy import describe_early, describe_ladder, describe_rules, early_rule
from profile_router.resources import shipped

if TYPE_CHECKING:
    import jinja2


def render(template: str, **values: Any) -> str:
    """Return the prompt *template* (its name without the ending) filled with *values*; a missing value is an error."""
    return _environment().get_template(f"{template}.md.j2").render(**values).strip() + "\n"


def render_rules(policy: Policy) -> str:
    """Return the routing rules as a Markdown table, from *policy* itself."""
    return render("rules", rows=describe_rules(policy), local=policy.tiers.local)


def render_ladder(policy: Policy) -> str:
    """Return the ladder as a Markdown table, from *policy* itself."""
    return render("ladder", rows=describe_ladder(policy))


def render_early(policy: Policy) -> str:
    """Return what promotes an attempt before it ends as a Markdown table, from *policy* itself."""
    return render("early", rows=describe_early(policy), rule=early_rule(policy), score=f"{policy.early.score:g}")


@cache
def _environment() -> jinja2.Environment:
    import jinja2  # 0.1 s: `route` renders nothing

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(shipped("prompts")),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - the output is a prompt, not a page
        trim_blocks=True,
        keep_trailing_newline=True,
    )
