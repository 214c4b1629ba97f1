"""A scripted answer is as a real server's: what two answers must not share, they do not."""

from __future__ import annotations

import json
from dataclasses import replace

from tests.scripted_answers import call, completion, events


def test_each_call_of_a_tool_has_an_id_of_its_own() -> None:
    script, stream = call("read_file", {}), call("read_file", {})
    served = [completion(replace(script, model="m")) for _ in range(20)]
    ids = [one["choices"][0]["message"]["tool_calls"][0]["id"] for one in served]
    for _ in range(20):
        said = [json.loads(event) for event in events(replace(stream, model="m"), False) if event != "[DONE]"]
        ids += [
            wanted["id"]
            for one in said
            for wanted in one["choices"][0]["delta"].get("tool_calls", ())
            if "id" in wanted
        ]
    assert len(ids) == len(set(ids)) == 40
