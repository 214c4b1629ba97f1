"""The model's file against the memory it has to lie in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.doctor.scene import GIB, Row, Scene, ids
from tests.fakes import a_policy

from profile_router.doctor import hardware
from profile_router.doctor.facts import DoctorFacts
from profile_router.doctor.finding import Level


def sparse(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(size)


def model(size: int, *, room: int = 0, name: str = "m.gguf", flags: str = "-c 8192") -> Callable[[Scene], None]:
    def given(scene: Scene) -> None:
        sparse(scene.root / name, size)
        if room:
            scene.card(vram=room // 4, gtt=room - room // 4)
        scene.server(model_path=name if flags else str(scene.root / name), flags=flags)

    return given


def parts(scene: Scene) -> None:
    for number in (1, 2, 3):
        sparse(scene.root / f"m-0000{number}-of-00003.gguf", 4 * GIB)
    scene.card(vram=10 * GIB)
    scene.server(model_path=str(scene.root / "m-00001-of-00003.gguf"))


def in_main_memory(scene: Scene) -> None:
    scene.put({"proc/meminfo": f"MemTotal:       {2 * 1_048_576} kB\nMemFree: 1 kB\n"})
    model(3 * GIB)(scene)


def on_another_machine(scene: Scene) -> DoctorFacts:
    address = "http://10.0.0.9:8080/v1"
    scene.home.write("coding-local", f"model: {{provider: custom, base_url: '{address}', default: gemma}}\n")
    model(3 * GIB, room=GIB, flags="")(scene)
    return scene.facts(a_policy(local_endpoints=(address,)))


def check(rule: str, given: Callable[[Scene], object], level: Level | None, says: str = "") -> Row:
    return Row(rule=rule, check=hardware.fits_memory, given=given, level=level, says=says)


ROWS = [
    check(
        "a model with room to spare is fine", model(13 * GIB, room=48 * GIB), "pass", "13.0 GiB of 48.0 GiB GPU memory"
    ),
    check("a full path needs no process", model(GIB, room=48 * GIB, flags=""), "pass", "1.0 GiB of"),
    check(
        "a model larger than the card's memory fails", model(49 * GIB, room=48 * GIB), "fail", "49.0 GiB of 48.0 GiB"
    ),
    check(
        "a model that leaves no room for the cache is a warning",
        model(47 * GIB, room=48 * GIB),
        "warn",
        "little is left",
    ),
    check("all parts of a split model count", parts, "fail", "12.0 GiB of 10.0 GiB"),
    check("without a card main memory counts", in_main_memory, "fail", "3.0 GiB of 2.0 GiB main memory"),
    check("a server that tells no file is nothing", lambda scene: scene.server(), None),
    check("a file of the same name here says nothing of another machine", on_another_machine, None),
]


@pytest.mark.parametrize("row", ROWS, ids=ids(ROWS))
def test_a_model_must_fit_its_memory(row: Row, tmp_path: Path) -> None:
    assert row.holds(tmp_path)
