"""Fit llama.cpp's server to this machine: its flags, its environment, and the script that starts it.

What the flags mean was measured on llama.cpp b10605 and b11549. `--slots` takes no number; the count is `--parallel`.
The slots share `-c`. `--mlock` is deprecated. More threads than cores slow it down ten times and more. Nothing reads
GGML_HIP_ENABLE.
"""

from __future__ import annotations

import importlib.util
import re
import shlex
import stat
import sys
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path

from profile_router.doctor.hardware import model_memory, model_size
from profile_router.errors import UsageError
from profile_router.llama import wheel as llama_wheel
from profile_router.machine.machine import AMD, NVIDIA, Machine, gib
from profile_router.values import frozen

SLOTS_WITH_GPU, SLOTS_WITHOUT = 4, 1  # on a processor requests at the same time only slow each other down
SERVED_ANSWER_TOKENS = 4_096  # where a client names no limit of its own
_PADDING = 256  # llama.cpp rounds the window of a slot up to this
_LONGEST = 10_000_000
WHEEL_RUNS_ON = "the server of the wheel runs on the processor"
_WHEEL = str(Path(llama_wheel.__file__).resolve())


@frozen
class Wish:
    """What is to be served. `window` is tokens of one request; `slots` and `threads` None: what fits."""

    model: Path
    alias: str
    window: int
    port: int
    slots: int | None = None
    threads: int | None = None


@frozen
class Launch:
    """A server ready to start. `program` is empty where none was found; `notes` say what was fitted to what."""

    program: tuple[str, ...]
    flags: tuple[tuple[str, ...], ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def command(self) -> list[str]:
        """Return the command line."""
        return [*self.program, *(part for flag in self.flags for part in flag)]

    def script(self) -> str:
        """Return a POSIX shell script that starts the server in the place of the shell."""
        lines = ["#!/bin/sh", *(f"# {note}" for note in self.notes)]
        lines += [f': "${{{name}:={_in_quotes(value)}}}"; export {name}' for name, value in self.variables.items()]
        program = shlex.join(self.program) if self.program else "llama-server"
        flags = [shlex.join(flag) for flag in self.flags]
        return "\n".join((*lines, " \\\n  ".join((f"exec {program}", *flags)))) + "\n"


def launch_plan(wish: Wish, machine: Machine, program: Sequence[str]) -> Launch:
    """Return how *program* serves *wish* on *machine*. Raises UsageError for a bad model or number."""
    _check(wish)
    gpu, why = (False, WHEEL_RUNS_ON) if _is_wheel(program) else _gpu(wish, machine)
    slots = wish.slots or (SLOTS_WITH_GPU if gpu else SLOTS_WITHOUT)
    cores = machine.cores()
    window = -(-wish.window // _PADDING) * _PADDING
    flags = [
        ("--model", str(wish.model)),
        ("--alias", wish.alias),
        ("--host", "127.0.0.1"),
        ("--port", str(wish.port)),
        ("-c", str(window * slots)),
        ("--parallel", str(slots)),
        ("-n", str(SERVED_ANSWER_TOKENS)),
        ("--threads", str(wish.threads or cores)),
        *([("--gpu-layers", "999")] if gpu else []),
    ]
    each = f"{slots} slots of {window:,} tokens each" if slots > 1 else f"one slot of {window:,} tokens"
    head = f"{wish.alias}: {each}, for this machine only"
    threads = f"{wish.threads or cores} threads for {cores} physical cores"
    return Launch(
        program=tuple(program),
        flags=tuple(flags),
        variables=_variables(machine) if gpu else {},
        notes=(head, f"{threads}; {why}"),
    )


def find_program(machine: Machine) -> tuple[str, ...]:
    """Return the server there is: llama-server on PATH, one in /opt/llama.cpp*, the one of the wheel; () for none."""
    on_path = machine.which("llama-server")
    built = sorted((machine.root / "opt").glob("llama.cpp*/bin/llama-server"))
    for path in ([on_path] if on_path else []) + built:
        return (str(path),)
    if importlib.util.find_spec("xllamacpp") is None:
        return ()
    return (sys.executable, "-P", _WHEEL)  # -P: a module beside it is called http


def nothing_to_run() -> UsageError:
    """Return the error for a machine without any server."""
    pip = shlex.join((sys.executable, "-m", "pip", "install", "xllamacpp"))
    return UsageError(
        "PATH has no llama-server, and the wheel of the extra [local] is not installed; "
        f"install one of them: `{pip}` (34 MB, serves from the processor), or llama.cpp built for your GPU"
    )


def _is_wheel(program: Sequence[str]) -> bool:
    return _WHEEL in program


def _check(wish: Wish) -> None:
    for name, value, most in (
        ("--window", wish.window, _LONGEST),
        ("--slots", wish.slots, 256),
        ("--threads", wish.threads, 1_024),
        ("--port", wish.port, 65_535),
    ):
        if value is not None and not 1 <= value <= most:
            raise UsageError(f"{name} is {value}; allowed: 1 to {most:,}")
    try:
        if stat.S_ISFIFO(wish.model.stat().st_mode):  # reading it would wait for whoever writes into it
            raise UsageError(f"--model {wish.model} is a pipe; name a GGUF file")
        with wish.model.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise UsageError(f"--model {wish.model} cannot be read ({error.strerror}); name a GGUF file") from None
    if magic != b"GGUF":
        raise UsageError(f"--model {wish.model} is not a GGUF file, the only kind that llama.cpp serves")


def _gpu(wish: Wish, machine: Machine) -> tuple[bool, str]:
    """Tell whether the model goes onto a graphics card, and why."""
    vendors = {card.vendor for card in machine.cards()}
    if not vendors & {AMD, NVIDIA}:
        return False, "no AMD or NVIDIA card, so no layers for one"
    size, (room, _) = model_size(wish.model), model_memory(machine)
    if AMD in vendors and room and size > room:
        return False, f"{gib(size)} do not fit the card's {gib(room)}: llama-server decides how many layers go there"
    return True, f"all layers ({gib(size)}) go to the {'AMD' if AMD in vendors else 'NVIDIA'} card"


def _variables(machine: Machine) -> dict[str, str]:
    rocm = machine.rocm()
    if rocm is None or machine.amd_card() is None:
        return {}
    found = {"HIP_VISIBLE_DEVICES": "0"}
    return found | ({"ROCM_PATH": str(rocm.folder)} if rocm.folder else {})


def _in_quotes(value: str) -> str:
    """Return *value* as it stands between double quotes in a shell."""
    return re.sub(r'([\\"$`}])', r"\\\1", value)
