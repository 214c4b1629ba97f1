"""The test rig keeps its own promises: what it builds is small and repeatable, what it starts it ends."""

import os
import shlex
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.llama import server
from tests.llama.conftest import BuildModel
from tests.llama.script import Call, Cutter, Script
from tests.llama.server import BINARY_VARIABLE, LlamaServerError, flags, lacks_avx2, running
from tests.llama.tiny_gguf import build

ROOT = Path(__file__).parents[2]


def refuses_soon(url: str) -> bool:
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up:
        try:
            httpx2.get(f"{url}/health")
        except httpx2.TransportError:
            return True
    return False


def test_a_script_gives_the_same_small_file_every_time(tmp_path: Path) -> None:
    first, second = (build(tmp_path / name).read_bytes() for name in ("first", "second"))
    assert first == second
    assert len(first) < 8_000_000


def test_the_zeros_of_a_model_that_is_slow_to_load_take_no_disk(tmp_path: Path) -> None:
    file = build(tmp_path / "large", feed_forward=400_000).stat()
    assert file.st_size > 200_000_000 > 8_000_000 > file.st_blocks * 512


@given(st.text(alphabet='ab .\n"}', min_size=1), st.sets(st.text(alphabet='ab .\n"}', max_size=2)))
def test_pieces_make_up_the_text_and_never_repeat(text: str, reserved: set[str]) -> None:
    cutter = Cutter(set(reserved))
    with suppress(ValueError):
        pieces = cutter.cut(text)
        assert "".join(pieces) == text
        assert len(set(pieces)) == len(pieces)
        assert reserved.isdisjoint(pieces)


def test_a_script_holds_nine_calls_and_refuses_the_tenth(tmp_path: Path) -> None:
    calls = [Call(tool="read_file", arguments={"path": f"file_{at}.py"}) for at in range(10)]
    build(tmp_path / "nine", Script(calls=tuple(calls[:9])))
    with pytest.raises(ValueError, match="at most 9 calls, not 10"):
        build(tmp_path / "ten", Script(calls=tuple(calls)))


@pytest.mark.parametrize(
    ("machine", "cpuinfo", "lacking"),
    [
        ("x86_64", "flags\t\t: fpu sse4_2 avx avx2 bmi2", False),
        ("x86_64", "flags\t\t: fpu sse4_2 avx avx_vnni", True),
        ("AMD64", "flags\t\t: fpu sse4_2", True),
        ("x86_64", "", False),
        ("aarch64", "Features\t: fp asimd", False),
    ],
)
def test_only_an_x86_that_lists_its_features_without_avx2_lacks_it(machine: str, cpuinfo: str, lacking: bool) -> None:
    assert lacks_avx2(machine, cpuinfo) is lacking


def test_without_avx2_one_line_names_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(BINARY_VARIABLE, raising=False)
    monkeypatch.setattr(server, "lacks_avx2", lambda *_: True)
    with pytest.raises(LlamaServerError, match=f"^this CPU has no AVX2.*set {BINARY_VARIABLE}=/path/to/llama-server$"):
        running(flags(Path("unused"))).__enter__()


def test_a_wheel_that_meets_an_illegal_instruction_says_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nkill -ILL $$\n")
    python.chmod(0o755)
    monkeypatch.delenv(BINARY_VARIABLE, raising=False)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(LlamaServerError, match=r"^this CPU has no AVX2"), running(flags(Path("unused"))):
        pass


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"no model")
    with (
        pytest.raises(LlamaServerError, match=r"ended with exit code 1 .*broken\.gguf"),
        running(flags(broken)),
    ):
        pass


def test_a_llama_server_of_ones_own_is_used_where_the_environment_names_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tiny_model: BuildModel
) -> None:
    binary, seen = tmp_path / "llama-server", tmp_path / "seen"
    child = shlex.join([sys.executable, "-P", str(server.PROGRAM)])
    # Like the real one it doesn't watch its stdin: this one never ends.
    os.mkfifo(tmp_path / "endless")
    lines = ["#!/bin/sh", 'cd "${0%/*}"', 'echo "$@" > seen', f'exec {child} "$@" <> endless']
    binary.write_text("\n".join(lines))
    binary.chmod(0o755)
    monkeypatch.setenv(BINARY_VARIABLE, str(binary))
    with running(flags(tiny_model(), context=4096)) as started:
        assert httpx2.get(f"{started.url}/props").json()["default_generation_settings"]["n_ctx"] == 1024
    assert "-c 4096 -np 4 -t 1 --metrics" in seen.read_text()
    assert refuses_soon(started.url)


def test_a_server_ends_with_its_block_even_when_the_block_fails(tiny_model: BuildModel) -> None:
    with pytest.raises(ZeroDivisionError), running(flags(tiny_model())) as started:
        _ = 1 / 0
    assert refuses_soon(started.url)


def test_a_server_does_not_outlive_a_test_run_that_is_killed(tiny_model: BuildModel) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom tests.llama.server import flags, running\n"
        "with running(flags(Path(sys.argv[1]))) as started:\n    print(started.url, flush=True)\n    sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", program, str(tiny_model())]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        url = run.stdout.readline().strip() if run.stdout else ""
        assert httpx2.get(f"{url}/health").status_code == 200
        os.kill(run.pid, signal.SIGKILL)
    assert refuses_soon(url)
