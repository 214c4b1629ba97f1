"""A whole evaluation over rows and a repository made for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.evaluation.made_rows import row, shop, written

from profile_router.errors import UsageError
from profile_router.evaluation.rows import read_rows
from profile_router.evaluation.study import Study, run_study, sample
from profile_router.pages.html import page_of
from profile_router.pages.plain_page import report_lines
from profile_router.pages.report import report_json
from profile_router.policies.file import SHIPPED


def outcomes(number: int) -> Mapping[str, Any]:
    local, burst = {"resolved": number % 2 == 0, "cost": 0.01, "api_calls": number}, {"resolved": True, "cost": 0.5}
    return {"small": {**local, "check": number % 2 == 0}, "large": burst}


def rows(commits: list[str]) -> list[dict[str, Any]]:
    """Return 20 rows: half name the file that was changed, half are long changes."""
    return [
        row(
            f"acme/{number}",
            "Fix the total in shop/cart.py" if number % 2 else f"Rewrite how users are kept, all of it ({number})",
            repo="acme/shop",
            base_commit=commits[number % 3],
            files=["shop/cart.py", "tests/test_cart.py"] if number % 2 else ["shop/users.py", "CHANGES.md"],
            files_changed=2,
            lines_changed=4 if number % 2 else 400,
            date=f"2026-01-{number + 1:02}T00:00:00Z",
            models=outcomes(number),
        )
        for number in range(20)
    ]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("study")
    data = written(folder / "made.dev.jsonl", rows(shop(folder / "repos")))
    return Study(data=[data], repos=folder / "repos", free_local=True)


def environ(folder: Path) -> dict[str, str]:
    return {"HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache")}


def tables(told: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {name: table for section in told["sections"] for name, table in section["tables"].items()}


def test_a_report_tells_files_size_tiers_and_money(study: Study, tmp_path: Path) -> None:
    heard: list[str] = []
    report = run_study(study, environ(tmp_path), heard.append)
    found = tables(report_json(report))
    first = {one["by"]: (one["n"], one["any@1"]["value"]) for one in found["localisation"]}
    assert first == {"ours": (20, 1.0), "named files": (20, 0.5)}  # half of the texts name a file
    named = {(one["by"], one["text"]): one["any@1"]["value"] for one in found["named"]}
    assert (named["named files", "names a file"], named["named files", "names none"]) == (1.0, 0.0)
    assert {one["any@1 more"]["value"] for one in found["paired"]} == {0.5}
    read = {(one["rows of"], one["how sure"]): one for one in found["to read"]}
    assert read["made", "all"]["any of gold"]["value"] == 1.0
    areas = {one["signal"]: one["AUROC"]["value"] for one in found["auroc"] if one["question"] == "≥ 200 lines"}
    assert (areas["length"], areas["route"]) == (1.0, 0.5)
    assert {one["limit"] for one in found["tiers"]} >= {"≥ 20 files", "> 50 files", "≥ 200 lines"}
    played = {one["policy"]: one["solved"] for one in found["policies"]}
    assert (played["always local"], played["always burst"], played["cascade, as checked"]) == (0.5, 1.0, 1.0)
    assert len(heard) == 20
    early = {one["early promotion"]: one for one in found["early"]}
    assert [name.partition(", over")[0] for name in early] == [
        f"cascade, check errs {errors}" for errors in ("40% / 10%", "20% / 10%", "0% / 0%")
    ]
    last = early["cascade, check errs 0% / 0%, over 16 turns at once"]  # one of ten right runs took 18
    assert (last["solved"]["value"], last["more solved"]["value"]) == (1.0, 0.0)
    assert last["more USD"]["value"] == pytest.approx(0.025)
    assert last["more USD"]["low"] <= 0.025 <= last["more USD"]["high"]

    again = run_study(study, environ(tmp_path), heard.append)  # nothing is asked anew, and nothing differs
    assert "; 80 of 80 answers" in again.run["took"]
    assert report_json(again)["sections"] == report_json(report)["sections"]

    page, lines = page_of(report), "\n".join(report_lines(report))
    for section in report.sections:
        assert section.title in lines
    assert not any(bad in page for bad in ("<script", "http://", "https://", "src=", "@import", "url("))
    assert "prefers-color-scheme:dark" in page
    assert page.count("<svg") >= 4


def test_without_clones_the_report_says_what_is_not_measured(study: Study, tmp_path: Path) -> None:
    report = run_study(replace(study, repos=None, most=4), environ(tmp_path), lambda _: None)
    assert any("no --repos" in note for note in report.notes)
    assert "Which files" not in [section.title for section in report.sections]
    (tmp_path / "empty").mkdir()
    report = run_study(replace(study, repos=tmp_path / "empty", most=4), environ(tmp_path), lambda _: None)
    assert any("no clone below --repos, so left out of localisation: acme/shop (4 rows)" in one for one in report.notes)


def test_a_run_that_was_stopped_goes_on_where_it_was(study: Study, tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    def stop(text: str) -> None:
        if " 4 of " in text:
            raise Stopped

    part = replace(study, repos=None, most=6)
    with pytest.raises(Stopped):
        run_study(part, environ(tmp_path), stop)
    told = run_study(part, environ(tmp_path), lambda _: None)
    assert "; 3 of 6 answers were kept before" in told.run["took"]
    whole = run_study(replace(part, fresh=True), environ(tmp_path), lambda _: None)
    assert "; 0 of 6 answers" in whole.run["took"]
    assert report_json(whole)["sections"] == report_json(told)["sections"]


def test_a_sampled_method_is_asked_about_the_first_rows_of_a_sample_alone(study: Study, tmp_path: Path) -> None:
    part = replace(study, peer_rows={"named files": 4})
    report = run_study(part, environ(tmp_path), lambda _: None)
    found = tables(report_json(report))
    counts = {(one["rows of"], one["by"]): one["n"] for one in found["localisation"]}
    assert counts == {("made", "ours"): 20, ("made, asked of named files", "ours"): 4} | {
        ("made, asked of named files", "named files"): 4
    }
    assert report.run["kept"] == "ours 0 of 20, named files 0 of 4"
    assert any("named files is asked for at most 4 rows" in note for note in report.notes)
    again = run_study(replace(part, peer_rows={"named files": 5}), environ(tmp_path), lambda _: None)
    assert again.run["kept"] == "ours 20 of 20, named files 4 of 5"  # a larger sample holds the smaller one


def test_another_policy_asks_anew(study: Study, tmp_path: Path) -> None:
    part = replace(study, repos=None, most=2)
    run_study(part, environ(tmp_path), lambda _: None)
    policy = tmp_path / "policy.yaml"
    policy.write_text(f"{SHIPPED.read_text()}\n# another\n")
    told = run_study(replace(part, policy=str(policy)), environ(tmp_path), lambda _: None)
    assert "; 0 of 2 answers" in told.run["took"]


def test_a_folder_of_clones_that_is_not_there_is_refused(study: Study, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a folder"):
        run_study(replace(study, repos=tmp_path / "none"), environ(tmp_path), lambda _: None)


def test_a_model_that_no_outcome_has_is_refused(study: Study, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no model 'huge'; they have: large, small"):
        run_study(replace(study, burst_model="huge", repos=None, most=2), environ(tmp_path), lambda _: None)


def test_a_sample_is_always_the_same_and_so_many_of_each_set(tmp_path: Path) -> None:
    files = [written(tmp_path / f"{name}.jsonl", [row(f"{name}{n}", "t") for n in range(9)]) for name in "ab"]
    found = sample(read_rows(files), 3)
    assert {name: sum(one.set == name for one in found) for name in "ab"} == {"a": 3, "b": 3}
    assert {one.id for one in found} == {one.id for one in sample(read_rows(files[::-1]), 3)}
