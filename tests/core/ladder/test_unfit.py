"""What servers say of a model that can never take our requests, each with its fix; other refusals are not such."""

from __future__ import annotations

import pytest

from profile_router.core.ladder.unfit import unfit_fix

SAID = {
    "start llama-server with `--jinja`": ["tools param requires --jinja flag"],
    "start vLLM with `--enable-auto-tool-choice": [
        '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'
    ],
    "it takes no tools; name a model": [
        "registry.ollama.ai/library/gemma:2b does not support tools",
        "No endpoints found that support tool use. To learn more about provider routing, see …",
        "`tool calling` is not supported with this model",
        "Function calling is not enabled for models/gemma-3-1b",
        "Unsupported parameter: 'tools' is not supported with this model.",
    ],
    "it takes no system message; serve it": [
        "System role not supported",
        "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
        "Developer instruction is not enabled for models/gemma-3-27b-it",
    ],
    "its chat template takes no call ids": [
        "Tool call IDs should be alphanumeric strings with length 9!",
        "Tool call id was call_1 but must be a-z, A-Z, 0-9, with a length of 9.",
    ],
    "it takes no results of tools; serve it": [
        "After the optional system message, conversation roles must alternate user/assistant/user/assistant/...",
        "Only user and assistant roles are supported!",
        "Unexpected role 'tool'",
    ],
}


@pytest.mark.parametrize(("fix", "said"), [(fix, said) for fix, every in SAID.items() for said in every])
def test_each_way_to_be_unfit_has_its_fix(fix: str, said: str) -> None:
    found = unfit_fix(said, "coding-local")
    assert found is not None
    assert found.startswith(fix)
    assert "{" not in found


@pytest.mark.parametrize(
    "said",
    [
        *("bad request", "invalid tool call arguments", "does not support images", "image input is not supported"),
        *("max_tokens is not supported; use max_completion_tokens", "context size exceeded", "invalid role"),
        *("does not support parallel tool calls", "tool_choice must be a string", ""),
    ],
)
def test_another_refusal_is_not_one(said: str) -> None:
    assert unfit_fix(said, "coding-local") is None
