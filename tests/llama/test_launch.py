"""The local tier's server, fitted to a machine: flags, variables, and the script."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.doctor.scene import GIB, Scene
from tests.examples import examples

from profile_router.errors import UsageError
from profile_router.llama.launch import Launch, Wish, find_program, launch_plan, nothing_to_run
from profile_router.machine.machine import Machine

SERVER = ("/opt/llama/bin/llama-server",)


def gguf(folder: Path, *, size: int = 1_000, name: str = "gemma.gguf") -> Path:
    path = folder / name
    with path.open("wb") as file:
        file.write(b"GGUF")
        file.truncate(size)
    return path


def machine(scene: Scene) -> Machine:
    return Machine(environ=scene.environ, root=scene.root)


def launch(scene: Scene, folder: Path, *, size: int = 1_000, program: tuple[str, ...] = SERVER, **wish: Any) -> Launch:
    given = {"alias": "gemma", "window": 8_192, "port": 8_080, **wish}
    return launch_plan(Wish(model=gguf(folder, size=size), **given), machine(scene), program)


def flags_of(found: Launch) -> dict[str, str]:
    return {name: value for name, value in found.flags}  # noqa: C416 - a flag is a tuple of any length


def seeds_machine(scene: Scene) -> None:
    scene.card(vram=GIB // 2, gtt=GIB * 95 // 2)
    scene.cores(16, threads_each=2)
    scene.put({"opt/rocm-7.2.4/.info/version": "7.2.4"})


def test_on_the_machine_of_the_profile_scheme_it_is_its_script_corrected(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    seeds_machine(scene)
    found = launch(scene, tmp_path, size=13 * GIB)
    assert flags_of(found) == {
        "--model": str(tmp_path / "gemma.gguf"),
        "--alias": "gemma",
        "--host": "127.0.0.1",
        "--port": "8080",
        "-c": "32768",
        "--parallel": "4",
        "-n": "4096",
        "--threads": "16",
        "--gpu-layers": "999",
    }
    assert found.variables == {"HIP_VISIBLE_DEVICES": "0", "ROCM_PATH": str(scene.root / "opt/rocm-7.2.4")}


@pytest.mark.parametrize("gone", ["--slots", "--mlock", "GGML_HIP_ENABLE", "0.0.0.0"])
def test_what_was_wrong_in_it_is_gone(gone: str, tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    seeds_machine(scene)
    assert gone not in launch(scene, tmp_path).script()


def test_a_machine_without_a_card_gets_no_layers_no_variables_and_one_slot(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.cores(4)
    found = launch(scene, tmp_path)
    assert "--gpu-layers" not in flags_of(found)
    assert found.variables == {}
    assert (flags_of(found)["-c"], flags_of(found)["--parallel"], flags_of(found)["--threads"]) == ("8192", "1", "4")


def test_an_nvidia_card_gets_layers_but_nothing_of_rocm(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.card(vendor="0x10de")
    scene.put({"opt/rocm/.info/version": "7.2.4"})
    found = launch(scene, tmp_path)
    assert flags_of(found)["--gpu-layers"] == "999"
    assert found.variables == {}


def test_a_card_without_rocm_gets_no_variables(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.card(vram=8 * GIB)
    assert launch(scene, tmp_path).variables == {}


def test_a_model_that_the_card_cannot_hold_is_left_to_llama_server(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.card(vram=8 * GIB)
    found = launch(scene, tmp_path, size=9 * GIB)
    assert "--gpu-layers" not in flags_of(found)
    assert "9.0 GiB do not fit the card's 8.0 GiB" in " ".join(found.notes)


def test_an_intel_card_of_a_laptop_is_not_a_reason_to_move_layers(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.card(vendor="0x8086")
    assert "--gpu-layers" not in flags_of(launch(scene, tmp_path))


@pytest.mark.parametrize(
    ("window", "slots", "context"),
    [(8_192, 4, "32768"), (8_192, 1, "8192"), (65_536, 2, "131072"), (5_000, 3, "15360"), (1, 1, "256")],
)
def test_the_window_is_that_of_one_slot(window: int, slots: int, context: str, tmp_path: Path) -> None:
    found = flags_of(launch(Scene(tmp_path), tmp_path, window=window, slots=slots))
    assert (found["-c"], found["--parallel"]) == (context, str(slots))


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"slots": 0}, "--slots is 0; allowed: 1 to 256"),
        ({"window": -1}, "--window is -1"),
        ({"port": 65_536}, "--port is 65536; allowed: 1 to 65,535"),
        ({"threads": 0}, "--threads is 0"),
    ],
)
def test_numbers_out_of_range_are_refused(wish: dict[str, Any], says: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=says):
        launch(Scene(tmp_path), tmp_path, **wish)


def test_a_model_that_is_none_is_refused(tmp_path: Path) -> None:
    here = machine(Scene(tmp_path))
    wish = Wish(model=tmp_path / "x.gguf", alias="x", window=1, port=1)
    with pytest.raises(UsageError, match=rf"x\.gguf cannot be read .{os.strerror(errno.ENOENT)}"):
        launch_plan(wish, here, SERVER)
    (tmp_path / "x.gguf").write_text("<html>")
    with pytest.raises(UsageError, match="not a GGUF file"):
        launch_plan(wish, here, SERVER)


NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)


@examples(25)
@given(name=NAMES, alias=NAMES, folder=NAMES)
@example(name="it's $HOME", alias="a `id` \\", folder='-7 "$HOME" `id` } \\')
def test_the_script_is_valid_sh_and_starts_exactly_the_command(
    name: str, alias: str, folder: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    scene = Scene(tmp_path_factory.mktemp("s"))
    scene.card(vram=8 * GIB)
    scene.put({f"opt/rocm{folder}/.info/version": "7.2.4", "show": '#!/bin/sh\nprintf "%s\\0" "$ROCM_PATH" "$@"\n'})
    (scene.root / "show").chmod(0o755)
    model = gguf(scene.root, name=f"{name}.gguf")
    wish = Wish(model=model, alias=alias, window=8_192, port=8_080)
    found = launch_plan(wish, machine(scene), (str(scene.root / "show"),))
    script = scene.root / "start.sh"
    script.write_text(found.script())
    subprocess.run(["sh", "-n", script], check=True)
    said = subprocess.run(["sh", script], check=True, capture_output=True, env={}).stdout.decode().split("\0")[:-1]
    assert said == [found.variables["ROCM_PATH"], *found.command[1:]]


def test_the_users_own_variables_win_in_the_script(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    seeds_machine(scene)
    scene.program("show", 'echo "$HIP_VISIBLE_DEVICES"')
    script = launch(scene, tmp_path, program=(str(scene.root / "bin/show"),)).script()
    for environ, seen in (({}, "0"), ({"HIP_VISIBLE_DEVICES": "1"}, "1")):
        done = subprocess.run(["sh", "-c", script], check=True, capture_output=True, text=True, env=environ)
        assert done.stdout.strip() == seen


def test_a_server_on_path_comes_before_one_in_opt_and_the_wheel(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    assert Path(find_program(machine(scene))[0]) == Path(sys.executable)
    scene.put({"opt/llama.cpp-rocm/bin/llama-server": ""})
    assert find_program(machine(scene)) == (str(scene.root / "opt/llama.cpp-rocm/bin/llama-server"),)
    scene.program("llama-server", "")
    assert find_program(machine(scene)) == (str(scene.root / "bin/llama-server"),)


def test_the_wheels_server_is_told_to_run_on_the_processor(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    seeds_machine(scene)
    found = launch(scene, tmp_path, program=find_program(machine(scene)))
    assert "--gpu-layers" not in flags_of(found)
    assert found.variables == {}


def test_a_machine_without_any_server_is_told_the_command_that_gets_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    scene = Scene(tmp_path)
    assert find_program(machine(scene)) == ()
    assert "-m pip install xllamacpp" in str(nothing_to_run())
    assert launch(scene, tmp_path, program=()).script().count("\nexec llama-server") == 1
