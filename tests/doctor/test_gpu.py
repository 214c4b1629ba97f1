"""The graphics card, ROCm and HIP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.doctor.scene import GIB, Row, Scene, ids

from profile_router.doctor import hardware


def amd(scene: Scene) -> None:
    scene.card(vram=GIB // 2, gtt=GIB * 95 // 2)


def with_rocm(version: str) -> Callable[[Scene], None]:
    def given(scene: Scene) -> None:
        amd(scene)
        scene.put({"opt/rocm-x/.info/version": version})

    return given


def with_hip(platform: str, **environ: str) -> Callable[[Scene], None]:
    def given(scene: Scene) -> None:
        scene.put({"opt/rocm-7.2.4/.info/version": "7.2.4"})
        scene.environ.update(environ)
        if platform:
            scene.program("hipconfig", f'[ "$1" = --platform ] && printf {platform}')

    return given


def old_and_new(scene: Scene) -> None:
    scene.put({f"opt/rocm-{version}/.info/version": f"{version}-91" for version in ("6.4.1", "7.2.4", "7.10.0")})


ROWS = [
    Row(rule="a card's own and shared memory count", check=hardware.card, given=amd, level="pass", says="48.0 GiB"),
    Row(
        rule="no card at all is nothing to fix",
        check=hardware.card,
        given=lambda scene: None,
        level="pass",
        says="none",
    ),
    Row(
        rule="another maker's card is named, and nothing to fix",
        check=hardware.card,
        given=lambda scene: scene.card(vendor="0x10de"),
        level="pass",
        says="NVIDIA",
    ),
    Row(
        rule="a connector is not a card",
        check=hardware.card,
        given=lambda scene: scene.card(name="card0-DP-1", vram=GIB),
        level="pass",
        says="none",
    ),
    Row(
        rule="a card without its driver is a warning",
        check=hardware.card,
        given=lambda scene: scene.card(),
        level="warn",
        says="no memory",
        fix="modprobe amdgpu",
    ),
    Row(rule="ROCm 7.2 is enough", check=hardware.rocm, given=with_rocm("7.2.0-43"), level="pass", says="7.2.0 in"),
    Row(
        rule="ROCm 7.1 fails",
        check=hardware.rocm,
        given=with_rocm("7.1.1"),
        level="fail",
        says="older than 7.2",
        fix="7.2",
    ),
    Row(rule="the newest ROCm counts", check=hardware.rocm, given=old_and_new, level="pass", says="7.10.0 in"),
    Row(rule="no ROCm beside a card is a warning", check=hardware.rocm, given=amd, level="warn", says="not found"),
    Row(rule="no ROCm without a card is nothing", check=hardware.rocm, given=lambda scene: None, level=None),
    Row(
        rule="hipconfig tells a ROCm that lies elsewhere",
        check=hardware.rocm,
        given=lambda scene: scene.program("hipconfig", "echo 7.3.12345-abc"),
        level="pass",
        says="7.3",
    ),
    Row(
        rule="hipconfig says amd",
        check=hardware.hip_platform,
        given=with_hip("amd"),
        level="pass",
        says="amd, says hipconfig",
    ),
    Row(
        rule="HIP for another platform fails",
        check=hardware.hip_platform,
        given=with_hip("nvidia"),
        level="fail",
        says="nvidia",
        fix="export HIP_PLATFORM=amd",
    ),
    Row(
        rule="the environment outdoes hipconfig",
        check=hardware.hip_platform,
        given=with_hip("amd", HIP_PLATFORM="nvidia"),
        level="fail",
        says="says the environment",
    ),
    Row(
        rule="nobody tells the platform: a warning",
        check=hardware.hip_platform,
        given=with_hip(""),
        level="warn",
        says="not told",
    ),
    Row(rule="without ROCm HIP does not matter", check=hardware.hip_platform, given=lambda scene: None, level=None),
]


@pytest.mark.parametrize("row", ROWS, ids=ids(ROWS))
def test_the_card_and_its_software(row: Row, tmp_path: Path) -> None:
    assert row.holds(tmp_path)
