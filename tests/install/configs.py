"""config.yaml files as people write them, for Hypothesis: comments, blank lines, blocks and brackets, CRLF, a BOM."""

from __future__ import annotations

from hypothesis import strategies as st

NAMES = ("terminal", "agent", "display", "memory", "security", "toolsets", "skills")
PLUGINS = (
    "",
    "plugins:\n",
    "plugins:   # mine\n",
    "plugins: {}\n",
    "plugins: {enabled: []}\n",
    "plugins: {disabled: [x], enabled: [a]}   # why\n",
    "plugins:\n  enabled:\n",
    "plugins:\n  enabled: []\n",
    "plugins:\n  enabled: [a, 'b']  # two\n",
    "plugins:\n  enabled: [\n    a,\n    b,  # last\n  ]\n",
    "plugins:\n  enabled:\n    - a   # one\n    # two\n    - 'b'\n",
    "plugins:\n  enabled:\n  - a\n  disabled: [c]\n",
    "plugins:\n    # indented by four\n    disabled:\n        - c\n",
    "plugins:\n  entries:\n    a: {llm: {allow_model_override: true}}\n  enabled:\n    - a\n",
)
_SCALARS = ("1", "true", "'a # b'", '"x: y"', "plain words", "${HOME}/x", "~", "2026-11-23", "é")


@st.composite
def sections(draw: st.DrawFn) -> list[str]:
    """Return sections of Hermes' own, each as its lines."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=4))
    return [draw(section(name)) for name in names]


@st.composite
def section(draw: st.DrawFn, name: str) -> str:
    scalar = st.sampled_from(_SCALARS)
    comment = draw(st.sampled_from(("", "   # said here")))
    above = draw(st.sampled_from(("", f"# about {name}\n", "\n", f"\n# about {name}\n\n")))
    shapes = {
        "scalar": f"{name}: {draw(scalar)}{comment}\n",
        "block": f"{name}:{comment}\n  one: {draw(scalar)}\n\n  # between\n  two:\n    - {draw(scalar)}\n    - {draw(scalar)}\n",
        "flow": f"{name}: {{one: [1, 2], 'two': x}}{comment}\n",
        "text": f"{name}: |\n  # no comment\n  plugins:\n    enabled: [z]\n\n",
        "list": f"{name}:\n- {draw(scalar)}{comment}\n- a: 1\n  b: 2\n",
    }
    return above + shapes[draw(st.sampled_from(sorted(shapes)))]


@st.composite
def written(draw: st.DrawFn, parts: list[str]) -> str:
    """Return *parts* as one file in some order, with the line breaks and the end that editors leave."""
    text = "".join(draw(st.permutations(parts)))
    if draw(st.booleans()):
        text = text.rstrip("\n")
    text = draw(st.sampled_from(("", "# my config\n", "---\n"))) + text
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return draw(st.sampled_from(("", "\ufeff"))) + text


@st.composite
def with_plugins(draw: st.DrawFn) -> str:
    """Return a config.yaml whose `plugins` is written in one of the ways that can be edited."""
    return draw(written([*draw(sections()), draw(st.sampled_from(PLUGINS))]))
