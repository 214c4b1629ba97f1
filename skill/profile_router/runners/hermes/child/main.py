"""One turn of the real Hermes. Hermes' own python runs this file by its path; nothing of ours is installed there.

The turn runs inside Hermes, by the names that `internals` finds; where one is missing, by `hermes chat` within limits.

In: one line of JSON on stdin, the order; Hermes is imported before it comes. stdin then stays open: one byte a request
that may go out. When it closes, whoever ordered is gone, and this process ends with everything that it started.
Out: a line of JSON per event on the first stdout; whatever Hermes prints goes to stderr. The exit code says nothing.
"""

from __future__ import annotations

import importlib.util
import json
import os
import queue
import shutil
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

_FAMILY = Path(__file__).parents[3] / "jail" / "family.py"


def main() -> None:
    """Take the order, run the turn, report it, and end without waiting for what Hermes may have left running."""
    orders: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    allowed: queue.SimpleQueue[int] = queue.SimpleQueue()
    say = _take_over_the_streams(_loaded(_FAMILY), orders, allowed)
    try:
        _run(say, lambda: json.loads(orders.get()), _beside("meter").Meter(allowed.get, _beside("reading")))
    except BaseException as error:
        say("result", exception=type(error).__name__, error=" ".join(str(error).split()))
    sys.stderr.flush()
    os._exit(0)


def _run(say: Any, order_given: Any, meter: Any) -> None:
    """Run the turn inside Hermes, or by its command where what that needs is not there; no request was made then."""
    internals, environ = _beside("internals"), dict(os.environ)  # now: the profile's keys are not in it yet
    say("version", version=internals.told_version())
    sending, lacking = _beside("sending"), ""
    turn = _beside("turn").HermesTurn(internals, meter, _beside("door"), sending)
    try:
        turn.load()
    except Exception as error:
        lacking = " ".join(str(error).split()) or type(error).__name__
    order = order_given()
    meter.steps = _beside("steps").Steps(order.get("candidates"))
    if not lacking:
        try:
            turn.run(order, say)
            return
        except internals.Unknown as error:
            lacking = str(error)
    chat = _beside("chat")
    meter.begin(say, order["counting"], order["max_turns"], order["max_tokens"])
    try:
        chat.run_by_command(order, say, _beside("loopback"), meter, sending, environ)
    except chat.Unable as error:
        raise internals.Unknown(f"{lacking}, and {error}") from error


def _beside(name: str) -> Any:
    """Load the file *name* from this folder. The folder must not be on the path, where Hermes would find its names."""
    return _loaded(Path(__file__).with_name(f"{name}.py"))


def _loaded(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"profile_router_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is missing")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _take_over_the_streams(family: Any, orders: queue.SimpleQueue[bytes], allowed: queue.SimpleQueue[int]) -> Any:
    """Keep stdin as the parent pipe and stdout as the wire, out of reach of what is started; return who speaks on it.

    The order, which comes on the parent pipe, goes to *orders*, and what comes after it to *allowed*.
    """
    parent_pipe, wire = os.dup(0), os.dup(1)  # these two are not inherited
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    scratch = Path(os.environ.get("TMPDIR") or "/").parent  # now: the profile's .env may name another
    threading.Thread(target=_hold, args=(parent_pipe, family, orders, allowed, scratch), daemon=True).start()
    lock = threading.Lock()

    def say(event: str, **values: Any) -> None:
        line = json.dumps({"event": event, **values}, default=str).encode() + b"\n"
        with lock, suppress(BrokenPipeError):
            while line:
                line = line[os.write(wire, line) :]

    return say


def _hold(
    parent_pipe: int, family: Any, orders: queue.SimpleQueue[bytes], allowed: queue.SimpleQueue[int], scratch: Path
) -> None:
    """Hand the order on, then each byte. When the *parent_pipe* closes, end with all that was started.

    Whoever made *scratch* may have been killed: it goes too.
    """
    order = bytearray()
    while not order.endswith(b"\n") and (read := os.read(parent_pipe, 1 << 16)):
        order += read
    if order.endswith(b"\n"):
        orders.put(bytes(order))
    while read := os.read(parent_pipe, 1024):
        for byte in read:
            allowed.put(byte)
    parent = os.getpid()
    if os.fork() == 0:  # the one that could start more is ended first, which it cannot do to itself
        with suppress(OSError):
            os.setsid()
        family.end_family(os.environ.get(family.FAMILY_TAG, ""), parent)
        if scratch.name.startswith(family.SCRATCH):
            shutil.rmtree(scratch, ignore_errors=True)
        os._exit(0)
    threading.Event().wait()


if __name__ == "__main__":
    main()
