"""What a real small model makes of the skill's description: its rate is told, and asserted nowhere."""

from __future__ import annotations

import httpx2
from tests.llama.server import LlamaServer
from tests.real_model.triggers import description, triggers

_SCHEMA = {
    "type": "object",
    "properties": {"use": {"type": "boolean"}},
    "required": ["use"],
    "additionalProperties": False,
}


def test_it_says_of_each_prompt_whether_it_would_use_the_skill(real_server: LlamaServer) -> None:
    right = 0
    for one in triggers():
        body = {
            "model": "real", "temperature": 0, "max_tokens": 16,
            "messages": [
                {"role": "system", "content": "You are an agent with one skill. hermes-profile-router: "
                 f"{description()} Say whether you use that skill for what the user says. Answer as JSON."},
                {"role": "user", "content": one.says},
            ],
            "response_format": {"type": "json_schema", "json_schema": {"name": "use", "schema": _SCHEMA, "strict": True}},
        }  # fmt: skip
        answer = httpx2.post(f"{real_server.base_url}/chat/completions", json=body, timeout=600).json()
        said = answer["choices"][0]["message"]["content"]
        used = '"use": true' in said or '"use":true' in said
        right += used is one.use
        print(f"{'✓' if used is one.use else '✗'} {one.use!s:5} {one.says}")
    print(f"{right} of {len(triggers())} as expected")
