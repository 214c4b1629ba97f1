"""The probe of a borderline task, asked of a real llama.cpp server that a schema binds."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.cli.stage import profile
from tests.examples import by_night
from tests.llama.conftest import BuildModel
from tests.llama.recording_proxy import RecordingProxy, recording
from tests.llama.router_stage import EDIT, FIX, SENTENCE, Stage, scripted_server, stage
from tests.llama.script import Script
from tests.llama.server import LlamaServer
from tests.scripted_provider import CHAT, say
from tests.scripted_provider import call as tool

from profile_router.core.task import Facts

IN_THE_BAND: dict[str, Any] = {"facts": Facts(files_to_edit=25)}
BURST_FIX = (tool("edit_file", dict(EDIT.arguments)), say("Fixed by burst."))


@pytest.fixture(scope="module")
def fixing(tiny_model: BuildModel) -> Iterator[str]:
    with scripted_server(tiny_model(FIX), context=32_768) as url:
        yield url


@contextmanager
def probed_by(url: str, here: Stage) -> Iterator[RecordingProxy]:
    """Put the cheap profile before the server at *url*."""
    with recording(url) as cheap:
        profile(here.home, "review-cheap", cheap.base_url, model="tiny")
        yield cheap


@pytest.mark.parametrize(
    ("number", "decided", "summary"),
    [
        by_night(3, "coding-local", SENTENCE, name="simple"),
        pytest.param(9, "coding-burst", "Fixed by burst.", id="complex"),
    ],
)
def test_the_estimate_of_a_real_server_decides_a_borderline_task(
    tmp_path: Path, tiny_model: BuildModel, fixing: str, number: int, decided: str, summary: str
) -> None:
    burst = BURST_FIX if decided == "coding-burst" else ()
    with (
        scripted_server(tiny_model(Script(number=number)), context=8_192) as url,
        stage(tmp_path, fixing, *burst) as here,
        probed_by(url, here) as cheap,
    ):
        result = here.run(**IN_THE_BAND).json
    probe, attempt = result["attempts"]
    assert (probe["step"], probe["profile"], probe["outcome"], probe["model_served"]) == (
        "probe", "review-cheap", "ok", "tiny",
    )  # fmt: skip
    assert probe["tokens_in"] > 100
    assert (result["route"]["rule"], result["route"]["needs_probe"]) == ("borderline", False)
    assert f"the probe estimates {number} of 10" in result["route"]["reasons"][-1]
    assert (attempt["profile"], result["summary"], result["status"]) == (decided, summary, "ok")
    (asked,) = cheap.to(CHAT)
    assert asked.json["response_format"]["json_schema"]["schema"]["properties"]["score"]["maximum"] == 10
    assert [exchange.path for exchange in cheap.exchanges] == [CHAT]


@pytest.mark.nightly  # by day a scripted server cuts it (test_prober.py)
def test_an_estimate_cut_off_twice_decides_local_and_says_so(
    tmp_path: Path, tiny_model: BuildModel, fixing: str
) -> None:
    """At 2,048 tokens a prompt of 2,040 leaves eight: the server ends the answer in the middle."""
    with (
        scripted_server(tiny_model(Script(number=3)), context=8_192) as url,
        stage(tmp_path, fixing) as here,
        probed_by(url, here) as cheap,
    ):
        first = here.run("Fix add in calc.py x", **IN_THE_BAND).json["attempts"][0]["tokens_in"]
        (here.repository / "calc.py").write_text("def add(a, b):\n    return a - b\n", encoding="utf-8")
        result = here.run("Fix add in calc.py x" + " x" * (2_040 - first), **IN_THE_BAND).json
    assert [exchange.status for exchange in cheap.to(CHAT)] == [200] * 3
    *probes, attempt = result["attempts"]
    assert [(each["step"], each["outcome"], each["tokens_in"]) for each in probes] == [("probe", "failed", 2_040)] * 2
    assert all("the answer was cut" in each["error"] for each in probes)
    assert "no estimate (2 invalid answers: " in result["route"]["reasons"][-1]
    assert "decided local" in result["route"]["reasons"][-1]
    assert (attempt["profile"], result["status"]) == ("coding-local", "ok")


@pytest.mark.parametrize(("stated", "sent"), [(32_768, [400]), (2_048, [])], ids=["wrongly stated", "stated"])
def test_a_prompt_over_the_probing_servers_window_decides_local_and_is_not_sent_where_the_profile_states_it(
    tmp_path: Path, llama_8k: LlamaServer, fixing: str, stated: int, sent: list[int]
) -> None:
    with stage(tmp_path, fixing) as here, probed_by(llama_8k.url, here) as cheap:
        config = tmp_path / "hermes/profiles/review-cheap/config.yaml"
        config.write_text(config.read_text().replace("32768", str(stated)))
        result = here.run(context=" x" * 2_100, **IN_THE_BAND).json
    *probes, attempt = result["attempts"]
    assert [exchange.status for exchange in cheap.to(CHAT)] == sent
    assert ["exceeds the available context size" in probe["error"] for probe in probes] == [True] * len(sent)
    assert "decided local" in result["route"]["reasons"][-1]
    assert (attempt["profile"], result["status"]) == ("coding-local", "ok")
