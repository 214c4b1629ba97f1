"""Capture what a real llama.cpp server answers: `PYTHONPATH=skill:graphs:. python -m tests.captures.capture`.

Each file holds how it was captured, the request, and the answer's status and body as they came. Nothing is typed by
hand; a test that alters a capture says so.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx2
from tests.llama.sample_request import TOOLS
from tests.llama.script import Call, Script
from tests.llama.server import flags, running
from tests.llama.tiny_gguf import build
from tests.scripted_provider import CHAT

FOLDER = Path(__file__).parent
ASK = {"role": "user", "content": "What does this repository do?"}
# One white pixel.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAGycoAQAAAABJRU5ErkJggg=="
READ = Script(calls=(Call(tool="read_file", arguments={"path": "README.md", "start": 1, "lines": 40}),))
THINK = Script(calls=(), thought="First I think, then I answer.")
STREAM = {"stream": True, "stream_options": {"include_usage": True}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One exchange: what the model's script is, and what is asked."""

    what: str
    request: Mapping[str, Any]
    script: Script = field(default_factory=Script)

    @property
    def body(self) -> dict[str, Any]:
        return {"model": "tiny", "temperature": 0, "messages": [ASK], **self.request}


def _call(arguments: str) -> dict[str, Any]:
    return {"id": "call_1", "type": "function", "function": {"name": "read_file", "arguments": arguments}}


CAPTURES: Mapping[str, Capture] = {
    "tool_call_stream": Capture(
        what="a streamed tool call: content is null in the first delta and absent beside the call",
        request={"tools": TOOLS, **STREAM},
        script=READ,
    ),
    "tool_call": Capture(
        what="a tool call that is not streamed: content is null or empty beside it",
        request={"tools": TOOLS},
        script=READ,
    ),
    "thought_stream": Capture(what="a streamed thought: reasoning_content", request=STREAM, script=THINK),
    "cut_tool_call_stream": Capture(
        what="a tool call cut at max_tokens: its arguments are not JSON",
        request={"tools": TOOLS, "max_tokens": 20, **STREAM},
        script=READ,
    ),
    "history_that_is_not_json": Capture(
        what="the refusal of a history whose tool call has arguments that are not JSON",
        request={
            "messages": [
                ASK,
                {"role": "assistant", "content": None, "tool_calls": [_call('{"path": "REA')]},
                {"role": "tool", "tool_call_id": "call_1", "content": "error"},
            ]
        },
    ),
    "image_to_a_text_model": Capture(
        what="the refusal of an image by a model without a projector",
        request={
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What is this?"},
                        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
                    ],
                }
            ]
        },
    ),
}


@contextmanager
def serving(script: Script) -> Iterator[str]:
    """Run a real server on a model that follows the script and give its URL."""
    with tempfile.TemporaryDirectory() as scratch:
        model = build(Path(scratch) / "model.gguf", script)
        with running(flags(model, context=32_768)) as server:
            yield server.url


def take(name: str, url: str) -> dict[str, Any]:
    """Send a capture's request to the server at *url* and return what is kept of the exchange."""
    capture = CAPTURES[name]
    answer = httpx2.post(f"{url}{CHAT}", json=capture.body, timeout=60)
    how = f"python -m tests.captures.capture, xllamacpp {version('xllamacpp')}, a tiny model that follows a script"
    return {
        "captured": how,
        "what": capture.what,
        "request": capture.body,
        "status": answer.status_code,
        "content_type": answer.headers["content-type"],
        "body": answer.text,
    }


def main() -> None:
    """Write every capture anew."""
    for name, capture in CAPTURES.items():
        with serving(capture.script) as url:
            taken = take(name, url)
        path = FOLDER / f"{name}.json"
        path.write_text(json.dumps(taken, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        print(path.name, taken["status"])


if __name__ == "__main__":
    main()
