"""Run the turn by `hermes chat`, for a Hermes whose inside is not the one that a turn needs.

Loaded by the child. Hermes gets a home of its own for it, with one model server. That is ours on loopback: it has the
key, counts, and lets no request out beyond the limits. Nothing that Hermes prints is believed. The answers that went
through tell what succeeded. A profile's skills, tool servers and own instructions are not in that home.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

_FLAGS = ("--quiet", "--max-turns", "--run-budget", "--query-file", "--toolsets")
_NOTE = "Hermes was asked by `hermes chat`, as its inside is not the one that a turn needs; toolsets:"
_NO_TOOLS = (
    "`hermes chat` may approve commands by itself, and the policy grants no unattended approval; under a local profile "
    "it has no tool that sends"
)
_HELP_S = 60.0
_LOOK_S = 0.05
# It may approve commands by itself: without the policy's grant it gets only what needs no approval.
_HARMLESS = ("file", "web", "search", "todo")
# No tool of these sends by itself. Nobody could stop one here once it had seen something private.
_OF_A_LOCAL_TURN = ("file", "terminal", "code_execution", "todo", "skills", "vision")
_AUXILIARY = (
    "vision", "web_extract", "compression", "skills_hub", "approval", "mcp", "memory_query_rewrite", "tts_audio_tags",
    "goal_judge", "background_review", "curator", "monitor",
)  # fmt: skip

_Say = Callable[..., None]
_Order = Mapping[str, Any]


class Unable(LookupError):
    """The command line cannot carry the turn, or not within its limits."""


def run_by_command(
    order: _Order, say: _Say, loopback: Any, meter: Any, sending: Any, environ: Mapping[str, str]
) -> None:
    """Run the turn of *order* by its command, in *environ*, and `say` its result. Raises Unable before any request.

    *loopback* makes the server, *meter* counts for it. *sending* tells which toolsets are withheld.
    """
    _offers_limits(order, environ)
    text, toolsets = _as_text(order), _toolsets(order, sending.WITHHELD + sending.ASK_OTHERS)
    server = loopback.Loopback(order, meter)
    with tempfile.TemporaryDirectory() as made:
        home, query = Path(made, "home"), Path(made, "query")
        home.mkdir()
        query.write_text(text, encoding="utf-8")
        (home / "config.yaml").write_text(json.dumps(_config(order, server)))  # JSON is YAML, too
        words = [*order["command"], "chat", "-Q", "--max-turns", str(order["max_turns"])]
        words += ["--run-budget", str(max(1, int(order["seconds"]))), "--toolsets", ",".join(toolsets)]
        say("note", text=f"{_NOTE} {', '.join(toolsets)}")
        code, errors = _until_over([*words, "--query-file", str(query)], {**environ, "HERMES_HOME": str(home)}, server)
    server.close()
    say("result", **_result(server, meter, code, errors))


def _until_over(words: Sequence[str], environ: Mapping[str, str], server: Any) -> tuple[int, str]:
    """Run *words* until they end, or until *server* lets no further request out; return code and last words."""
    pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    with subprocess.Popen(words, env=environ, **pipes) as process:
        threading.Thread(target=_end_when_over, args=(server, process), daemon=True).start()
        errors = process.communicate()[1].decode("utf-8", "replace").strip()[-500:]
    return process.returncode, errors


def _end_when_over(server: Any, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        if server.over.wait(_LOOK_S):
            process.kill()
            return


def _result(server: Any, meter: Any, code: int, errors: str) -> dict[str, Any]:
    done = code == 0 and not server.over.is_set() and not server.called and bool(server.text.strip())
    reason = "text_response" if done else "max_iterations_reached" if meter.spent or server.called else None
    return {
        "completed": done,
        "failed": not done,
        "turn_exit_reason": reason,
        "final_response": server.text if done else "",
        "error": None if done else server.error or errors,
    }


def _offers_limits(order: _Order, environ: Mapping[str, str]) -> None:
    try:
        said = subprocess.run(
            [*order["command"], "chat", "--help"],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_HELP_S,
            check=False,
        ).stdout.decode("utf-8", "replace")
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unable(f"`hermes chat --help` does not answer ({type(error).__name__})") from error
    if lacking := [flag for flag in _FLAGS if flag not in said]:
        raise Unable(f"`hermes chat` has no {', '.join(lacking)}")


def _config(order: _Order, server: Any) -> dict[str, Any]:
    """Return the configuration of a home whose one model is *server*'s, with no helper that asks by itself."""
    ours = {"provider": "custom", "base_url": server.address, "api_key": server.word}
    auxiliary = {task: {**ours, "model": order["expected"]["model"]} for task in _AUXILIARY}
    return {
        "terminal": _terminal(order),
        "model": {
            **ours,
            "default": order["expected"]["model"],
            "context_length": order["window"],
            "max_tokens": order["max_tokens"],
        },
        "agent": {"max_turns": order["max_turns"], "api_max_retries": 1, "environment_probe": False},
        "approvals": {"mode": "off" if order["unattended"] else "manual", "single_query_mode": "deny"},
        "auxiliary": {**auxiliary, "title_generation": {"enabled": False}},
        "memory": {"memory_enabled": False, "user_profile_enabled": False},
        "security": {"tirith_enabled": False},
    }


def _terminal(order: _Order) -> dict[str, Any]:
    """Return where commands run: as the profile says, in the folder of the order where that is on this machine."""
    stated = order["terminal"] if isinstance(order["terminal"], dict) else {}
    return stated if stated.get("backend") == "ssh" else {**stated, "cwd": order["cwd"]}


def _toolsets(order: _Order, withheld: Sequence[str]) -> list[str]:
    wanted = ["file"] if order["toolsets"] is None else order["toolsets"]
    if order["unattended"]:
        offered = [name for name in wanted if name not in withheld]
    else:
        offered = [name for name in wanted if name in _HARMLESS]
    if order["expected"]["local"]:
        offered = [name for name in offered if name in _OF_A_LOCAL_TURN]
    if not offered:
        raise Unable(_NO_TOOLS)
    return offered


def _as_text(order: _Order) -> str:
    if not isinstance(order["prompt"], str):
        raise Unable("`hermes chat` takes no images from here")
    earlier = "\n\n".join(f"[{turn['role']}]\n{turn['content']}" for turn in order["history"])
    before = f"The conversation so far:\n\n{earlier}\n\n---\n\n" if earlier else ""
    return f"{order['system']}\n\n{before}{order['prompt']}"
