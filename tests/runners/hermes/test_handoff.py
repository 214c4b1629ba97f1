"""The model behind the real Hermes reads the task and, after it, what the attempts before left."""

from __future__ import annotations

from pathlib import Path

from tests.fakes import LOCAL
from tests.runners.hermes.stage import Stage, an_errand
from tests.scripted_provider import ScriptedProvider, say

from profile_router.core.attempt.handoff import Handoff
from profile_router.machine.hermes_program import Hermes
from profile_router.prompting.texts import handoff_text

LEFT = Handoff(tried=("coding-local (m), 2 turns: the answer broke off",), errors=("boom",), diff="+1\n", tree="clean")


def test_hermes_passes_the_handoff_on_with_the_task(tmp_path: Path, hermes: Hermes) -> None:
    with ScriptedProvider([say("done")]) as provider, Stage(tmp_path, hermes) as stage:
        stage.profile(provider.base_url, LOCAL)
        attempt = stage.run(an_errand("fix add", handoff=LEFT))
        (chat,) = provider.chats
    assert attempt.failure is None
    asked = [message["content"] for message in chat["messages"] if message["role"] == "user"]
    assert str(asked[-1]).strip() == f"fix add\n\n{handoff_text(LEFT)}"
