"""Run the turn by the command line that every Hermes has, for a version whose inside nobody here has read.

Loaded by the child. Its exit code is 0 for most failures: the usage file alone tells whether the turn succeeded.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

OWN_TOKENS = 12_000  # Hermes' own system prompt and the schemas of its tools, by size and rounded up
LONGEST_ARGUMENT = 120_000  # bytes; Linux takes 128 KiB
# `-z` approves everything by itself: without the policy's grant it gets only what needs no approval.
_HARMLESS = ("file", "web", "search", "vision", "todo")
_REFUSED = re.compile(r"(?:HTTP|Error code:) [45]\d\d\b|connection error", re.I)  # such a request is free
_REPORTED = ("completed", "failed", "estimated_cost_usd", "cost_status")

Order = Mapping[str, Any]


def run(order: Order, say: Callable[..., None], beside: Callable[[str], Any]) -> None:
    """Run the turn of *order* and `say` its result. Raises ValueError for one that a command line cannot carry.

    Where the usage file counts no tokens, they are taken by size: the first prompt once for each answered request.
    """
    toolsets = _toolsets(order)
    prompt = _as_text(order)
    if len(prompt.encode()) > LONGEST_ARGUMENT:
        raise ValueError(f"the prompt has {len(prompt.encode()):,} bytes, a command line takes {LONGEST_ARGUMENT:,}")
    size = beside("size").sizer(order["counting"])
    sent = size(prompt) + OWN_TOKENS
    say("begun", sent=sent)
    with tempfile.TemporaryDirectory() as folder:
        usage = Path(folder, "usage.json")
        arguments = ["-p", order["profile"], "-z", prompt, "--usage-file", str(usage)]
        arguments += ["-t", ",".join(toolsets)] if toolsets else []
        ended = subprocess.run(
            [*order["command"], *arguments], stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        report = json.loads(usage.read_bytes()) if usage.exists() else {}
    text = ended.stdout.decode("utf-8", "replace").strip()
    done = report.get("completed") is True and report.get("failed") is False
    problem = report.get("failure") or text or ended.stderr.decode("utf-8", "replace").strip()[-500:]
    answered = (report.get("api_calls") or int(done)) - (not done and bool(_REFUSED.search(str(problem))))
    tokens_in = sum(report.get(key) or 0 for key in ("input_tokens", "cache_read_tokens", "cache_write_tokens"))
    tokens_out = report.get("output_tokens") or 0
    counted = tokens_in <= 0 and answered > 0
    if counted:
        tokens_in, tokens_out = sent * answered, max(tokens_out, size(text))
    say(
        "result",
        **{key: report.get(key) for key in _REPORTED},
        turn=report.get("api_calls"),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        counted=counted,
        final_response=text,
        error=None if done else problem,
        turn_exit_reason="text_response" if done else None,
    )


def _toolsets(order: Order) -> list[str] | None:
    wanted: list[str] | None = order["toolsets"]
    if order["unattended"]:
        return wanted
    harmless = [name for name in (("file",) if wanted is None else wanted) if name in _HARMLESS]
    if not harmless:
        raise ValueError("its `-z` approves every command by itself, and the policy grants no unattended approval")
    return harmless


def _as_text(order: Order) -> str:
    prompt = order["prompt"]
    if not isinstance(prompt, str):
        prompt = "\n".join(part["text"] for part in prompt if part["type"] == "text")
    earlier = "\n\n".join(f"[{turn['role']}]\n{turn['content']}" for turn in order["history"])
    before = f"The conversation so far:\n\n{earlier}\n\n---\n\n" if earlier else ""
    return f"{order['system']}\n\n{before}{prompt}"
