"""What the server of the forks imports beforehand: all that a run imports by itself only when it needs it."""

# ruff: noqa: F401

import aiosqlite
import anyio._backends._asyncio
import h11
import langchain.agents
import langgraph.checkpoint.sqlite.aio
import openai.lib.streaming.chat
import openai.resources.chat.completions
import profile_router.adapters.checkpoints
import profile_router.adapters.embedded.chat_model
import profile_router.adapters.embedded.tools
import profile_router.cli.batch
import profile_router.cli.run
import profile_router.wiring.batch
import profile_router.wiring.run
import tests.cli.mortal

import profile_router_graphs.router
