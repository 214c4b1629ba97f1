"""`bench` on a real llama.cpp server: its own timings count."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.command import call
from tests.cli.stage import profile
from tests.llama.server import LlamaServer


@pytest.mark.nightly
def test_a_real_llama_server_is_measured_by_its_own_timings(llama_32k: LlamaServer, tmp_path: Path) -> None:
    profile(tmp_path, "coding-local", f"{llama_32k.url}/v1", model="tiny")
    done = call("bench", "coding-local", "--json", home=tmp_path)
    assert done.code == 0, done.err
    [row] = done.json["rows"]
    assert (row["speeds_by"], row["usd"], row["calls"], row["price_by"]) == ("server", 0, 4, "free")
    assert row["prompt_tps"] > row["output_tps"] > 0
    long = [one for one in row["times"] if one["tokens_in"] > 500]
    assert len(long) == 2
    assert all(one["cached"] < one["tokens_in"] / 2 for one in long)  # each prompt is another one
    routed = call("route", "rename the function", "--json", home=tmp_path).json
    assert routed["estimate"]["seconds_by"] == "bench"
