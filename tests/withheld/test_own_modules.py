"""Our own files hold no known secret, compiled or not. So a check in a clone may say what it prints."""

from __future__ import annotations

import io
import marshal
from importlib.util import MAGIC_NUMBER
from pathlib import Path

import pytest
from tests.examples import by_night

import profile_router
from profile_router.withheld.whole_scan import ReadBudget, secret_in, windows

TOP = Path(profile_router.__file__).parent
HEAD = MAGIC_NUMBER + bytes(12)  # of a .pyc, by PEP 552


def of(content: bytes) -> str:
    return secret_in(windows(io.BytesIO(content), ReadBudget(bytes_left=1 << 30, seconds=60.0)))


@pytest.mark.parametrize(
    "room", ["core/privacy", "withheld", "hermes_plugin", "runners/tools", by_night("", name="all rooms")]
)
def test_no_module_of_ours_holds_a_known_secret(room: str) -> None:
    modules = {path: path.read_bytes() for path in (TOP / room).rglob("*.py")}
    compiled = {path: HEAD + marshal.dumps(compile(code, path.name, "exec")) for path, code in modules.items()}
    assert len(modules) > 5
    assert {path.name: kind for path, code in modules.items() if (kind := of(code))} == {}
    assert {path.name: kind for path, code in compiled.items() if (kind := of(code))} == {}


def test_a_compiled_module_that_holds_a_key_is_found() -> None:
    for key in ("b3BlbnNzaC1rZXkt" + "djEAAAAABG5vbmU", "-----BEGIN RSA " + "PRIVATE KEY-----"):
        assert of(HEAD + marshal.dumps(compile(f"KEY = {key!r}", "a.py", "exec"))) == "private key"
