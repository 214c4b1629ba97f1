"""The toolsets of Hermes by name: what a task may name, so that a misspelt one is said. Pure.

Source: `toolsets.TOOLSETS` of Hermes 0.19 and 0.22. A Hermes may have more by its plugins, so what Hermes itself asks
for is not judged by this.
"""

from __future__ import annotations

from collections.abc import Sequence

from profile_router.core.text import did_you_mean, nearest, shown

_NAMES = """
    file terminal web browser vision search code_execution coding debugging safe skills memory session_search todo
    clarify delegation project kanban context_engine computer_use cronjob connections catalog bot_room desktop_ui
    onboarding discord discord_admin feishu_doc feishu_drive homeassistant mqtt spotify yuanbao image_gen video
    video_gen tts x_search
"""
_KNOWN = tuple(_NAMES.split())
# Those of a platform, of an MCP server, and all of them.
_ALSO = ("hermes-", "mcp-")
_ALL = ("all", "*")


def unknown_toolset(names: Sequence[str]) -> str:
    """Return what is wrong with the first of *names* that no toolset has, and what is allowed; empty: all are known."""
    wrong = next((name for name in names if not (name in _KNOWN or name in _ALL or name.startswith(_ALSO))), None)
    if wrong is None:
        return ""
    near = nearest(wrong, _KNOWN)
    allowed = ", ".join((*_KNOWN, "mcp-NAME of an MCP server"))
    return f"names no toolset: '{shown(wrong, 40)}' (allowed: {allowed}){did_you_mean(near)}"
