"""What a worker has done before the first request comes: everything that is the same for each of them.

It asks nobody, and reads no file but those of the program. Whatever is left out here works all the same, only later.
"""

from __future__ import annotations

import asyncio
import importlib
from contextlib import suppress

from profile_router.core.profile import Profile, ProviderEndpoint

# What libraries import when they are first used; where another version has no such part, there is nothing to import.
_LATE = (
    "aiosqlite",
    "anyio._backends._asyncio",
    "h11",
    "httpcore2",
    "jiter",
    "langchain.agents",
    "langchain_core.messages.block_translators.langchain_v0",
    "langchain_core.tracers.run_collector",
    "langchain_core.tracers.stdout",
    "langgraph.checkpoint.memory",
    "langgraph.checkpoint.serde.jsonplus",
    "langgraph.checkpoint.sqlite.aio",
    "openai.lib.streaming.chat",
    "openai.resources.chat.completions",
    "profile_router.adapters.checkpoints",
    "profile_router.adapters.embedded.tools",
    "profile_router.cli.batch",
    "profile_router.cli.run",
    "profile_router.wiring.batch",
    "profile_router.wiring.run",
    "profile_router_graphs.router",
)
_SECONDS = 5.0


def warm() -> None:
    """Import and build what a run needs."""
    for name in _LATE:
        with suppress(ImportError):
            importlib.import_module(name)
    _policy_and_prompts()
    asyncio.run(_model())


def _policy_and_prompts() -> None:
    from profile_router.adapters.policy_file import SHIPPED, read_policy
    from profile_router.adapters.prompts import render_rules

    render_rules(read_policy(SHIPPED))  # compiles the patterns that most policies have


async def _model() -> None:
    """Open the client of a model, and close it: without a request."""
    from profile_router.adapters.embedded.chat_model import open_model

    endpoint = ProviderEndpoint(provider="custom", base_url="http://127.0.0.1:9/v1", model="none", needs_key=False)
    profile = Profile(name="none", endpoint=endpoint)
    async with open_model(profile, local=True, connect_s=_SECONDS, read_s=_SECONDS, max_tokens=None):
        pass
