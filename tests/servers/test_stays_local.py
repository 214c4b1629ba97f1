"""What is sent to this machine stays on it, whatever resolvers, redirects and relays would make of it."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest
from tests.core.cases import LABEL, evidence
from tests.fakes import LOCAL, FakeBackends, FakeMeasurer, a_profile, a_task
from tests.graphs.a_run import Rig
from tests.scripted_provider import ScriptedProvider, redirect

from profile_router.core.ladder.failure import Place
from profile_router.core.ladder.server_report import ServerReport, relayed_elsewhere
from profile_router.servers.http import open_client
from profile_router.servers.inspect import inspect


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    def found(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        return [(2, 1, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr("socket.getaddrinfo", found)


async def fetched(url: str) -> httpx2.Response:
    async with open_client(url, direct=True, connect_s=2, read_s=2) as client:
        return await client.get(url)


@pytest.mark.parametrize("addresses", [("10.1.2.3",), ("127.0.0.1", "10.1.2.3"), ("2001:db8::1",)])
def test_localhost_that_leads_to_another_machine_gets_nothing(
    addresses: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, *addresses)
    with pytest.raises(httpx2.ConnectError, match=f"localhost resolves to {addresses[-1]}, which is not this machine"):
        asyncio.run(fetched("http://localhost:8080/v1/models"))


def test_the_report_of_a_server_says_where_localhost_leads(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "10.1.2.3")
    report = asyncio.run(inspect(a_profile("http://localhost:8080/v1"), connect_s=2))
    assert report.cause == "refused"
    assert report.detail == "localhost resolves to 10.1.2.3, which is not this machine"


def test_a_redirect_is_not_followed() -> None:
    with (
        ScriptedProvider() as aim,
        ScriptedProvider(pages={"/v1/models": redirect(f"{aim.base_url}/models")}) as server,
    ):
        assert asyncio.run(fetched(f"{server.base_url}/models")).status_code in {301, 302, 303, 307, 308}
        assert not aim.requests


@pytest.mark.parametrize("field", ["remote_host", "remote_model"])
def test_a_local_server_that_passes_its_model_on_is_told(field: str) -> None:
    shown = {"model_info": {}, "details": {}, field: "https://cloud.example"}
    with ScriptedProvider(pages={"/v1/models": {"data": []}, "/api/show": shown, "/api/ps": {}}) as server:
        report = asyncio.run(inspect(a_profile(server.base_url), connect_s=2))
    assert report.elsewhere == "https://cloud.example"


def test_only_a_private_task_is_refused_there() -> None:
    report = ServerReport(profile=LOCAL, elsewhere="https://cloud.example")
    assert relayed_elsewhere(report, private=False) is None
    failure = relayed_elsewhere(report, private=True)
    assert failure is not None
    assert failure.cause == "not-local"


class Relay(FakeBackends):
    """A local port behind which a cloud answers."""

    async def inspect(self, place: Place) -> ServerReport | None:
        """Report as any server does, and where its model really runs."""
        report = await super().inspect(place)
        return report and ServerReport(profile=report.profile, models=report.models, elsewhere="https://cloud.example")


def test_a_private_task_is_not_sent_to_a_local_port_that_passes_it_on() -> None:
    rig = Rig(backends=Relay(), measurer=FakeMeasurer(evidence(private=(LABEL,))))
    final = rig.run(a_task(local_only=True))
    assert rig.runner.profiles == []
    assert "runs at https://cloud.example" in (final["receipts"][-1].error or "")


def test_a_subagent_behind_such_a_port_is_fenced_as_one_elsewhere() -> None:
    rig = Rig(backends=Relay())
    rig.run(a_task())
    assert [order.local for order in rig.runner.orders] == [False]
