"""Measuring a run asks local servers for their windows, and waits for them no longer than it was given."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.fakes import LOCAL, a_policy, a_profile, a_task, candidates

from profile_router.core.evidence import Evidence, Window
from profile_router.evidence.measurer import RunMeasurer
from profile_router.servers.inspect import ModelServers


async def measured(folder: Path, seconds: float) -> tuple[Evidence, int]:
    """Return what is measured where the server takes each question and answers none; and how many it took."""
    asked = 0

    async def never(_: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await over.wait()
        out.close()

    over = asyncio.Event()
    async with await asyncio.start_server(never, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        profiles, policy, found = {LOCAL: a_profile(url)}, a_policy(), candidates(**{LOCAL: url})
        measurer = RunMeasurer(
            policy=policy,
            profiles=profiles,
            candidates=found,
            backends=ModelServers(policy=policy, profiles=profiles, candidates=found),
            workspace=None,
            cwd=folder,
            state=folder,
            cache=folder,
            windows=(Window(profile=LOCAL, tokens=8_192, source="config"),) * 3,
            body=lambda _order, _profile: {},
        )
        try:
            return await measurer.measure(a_task(), (), private_thread=False, seconds=seconds), asked
        finally:
            over.set()


def test_a_server_that_never_answers_leaves_the_window_that_was_known(tmp_path: Path) -> None:
    evidence, asked = asyncio.run(asyncio.wait_for(measured(tmp_path, 1.0), 30))
    assert {(window.tokens, window.source) for window in evidence.windows} == {(8_192, "config")}
    assert asked == 1


def test_without_time_no_server_is_asked(tmp_path: Path) -> None:
    assert asyncio.run(asyncio.wait_for(measured(tmp_path, 0.0), 5))[1] == 0
