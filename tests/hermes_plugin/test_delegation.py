"""Our delegation backend against stand-ins, for Hermes from 0.22.5 on could not be had.

Any answer to what is not known of it must do. A live run there is outstanding.
"""

from __future__ import annotations

import json
import sys
from abc import ABC, abstractmethod
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.hermes_plugin.test_in_hermes import SEED

from profile_router.hermes_plugin.calls import delegation
from profile_router.hermes_plugin.settings import Settings

READY = Settings(command=(sys.executable,))
BROKEN = Settings(problem="the router is not set up; `hermes profile-router setup` finds the program")
FIELDS = {"profile": "coding-burst", "toolsets": ["terminal", "file"], "max_turns": 60}


class Plain(ABC):
    """As its documentation tells of it."""

    name: str = ""

    @abstractmethod
    def is_available(self) -> bool: ...

    @abstractmethod
    def route_task(self, task: dict[str, Any]) -> dict[str, Any]: ...

    def task_parameters(self) -> dict[str, Any]:
        return {}


class Named(ABC):
    """The same by other names, with more arguments."""

    @property
    @abstractmethod
    def name(self) -> str: ...

    @property
    @abstractmethod
    def display_name(self) -> str: ...

    @abstractmethod
    def is_available(self, **kwargs: Any) -> bool: ...

    @abstractmethod
    def get_task_schema(self, *, session_key: str) -> dict[str, Any]: ...

    @abstractmethod
    def route_task(self, *, task: dict[str, Any], parameters: dict[str, Any], parent_model: str) -> dict[str, Any]: ...


class Demanding(Plain):
    @abstractmethod
    def juggle(self) -> None: ...


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delegation, "plugin_settings", lambda: READY)


def routes_of(backend: Any, base: type) -> dict[str, Any]:
    """Return the route of the author's own call, as a Hermes with *base* may ask for it."""
    if base is Plain:
        return dict(backend.route_task(SEED))
    task = {name: SEED[name] for name in ("goal", "context")}
    rest = {name: value for name, value in SEED.items() if name not in task}
    return dict(backend.route_task(task=task, parameters=rest, parent_model="openai/o3"))


@pytest.mark.parametrize("base", [Plain, Named])
def test_the_authors_own_call_goes_to_our_provider_with_its_fields_and_no_key_of_the_parent(base: type) -> None:
    backend: Any = delegation.backend_of(base)
    assert isinstance(backend, base)
    route = routes_of(backend, base)
    overrides = {"extra_body": {"profile_router": {"fields": FIELDS}}}
    assert route == {
        "provider": "profile-router", "model": "profile-router", "api_key": "profile-router-needs-no-key",
        "fallback_providers": [], "request_overrides": overrides,
    }  # fmt: skip
    assert json.loads(json.dumps(route)) == route
    told: Any = backend
    assert told.name == "profile-router"
    assert told.is_available()


def test_a_task_that_says_nothing_has_nothing_to_override() -> None:
    backend: Any = delegation.backend_of(Plain)
    assert "request_overrides" not in backend.route_task({"goal": "do it", "profile": "", "files": []})


def test_each_parameter_is_in_the_schema_and_a_profile_is_one_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("coding-local", "coding-burst"):
        (tmp_path / "profiles" / name).mkdir(parents=True)
        (tmp_path / "profiles" / name / "config.yaml").write_text("model: {}\n")
    constants = ModuleType("hermes_constants")
    vars(constants)["get_hermes_home"] = lambda: str(tmp_path / "profiles" / "coding-local")
    monkeypatch.setitem(sys.modules, "hermes_constants", constants)
    plain: Any = delegation.backend_of(Plain)
    named: Any = delegation.backend_of(Named)
    found = plain.task_parameters()
    assert found == named.get_task_schema(session_key="s")
    assert list(found) == ["profile", "toolsets", "max_turns", "local_only", "files", "check", "max_cost"]
    assert found["profile"]["enum"] == ["coding-burst", "coding-local"]
    assert named.display_name == "Profile Router"


@pytest.mark.parametrize("base", [Plain, Named])
def test_without_its_program_it_is_unavailable_and_refuses_with_the_fix(
    base: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delegation, "plugin_settings", lambda: BROKEN)
    backend: Any = delegation.backend_of(base)
    assert not backend.is_available()
    with pytest.raises(ValueError, match="`hermes profile-router setup` finds the program"):
        routes_of(backend, base)


def test_a_class_that_demands_what_is_not_known_stays_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    assert delegation.backend_of(Demanding) is None
    assert "lacks 'juggle'; not registered" in caplog.text


class Hermes:
    """Takes a delegation provider, and nothing else of what a plugin registers."""

    def __init__(self) -> None:
        self.taken: list[Any] = []

    def register_delegation_provider(self, provider: Any) -> None:
        self.taken.append(provider)


@pytest.mark.parametrize("has", [True, False])
def test_it_is_registered_where_hermes_takes_one(has: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    class RouteRefused(Exception):
        pass

    module = ModuleType("agent.delegation_provider")
    vars(module).update(DelegationProvider=Plain, DelegationRouteError=RouteRefused)
    monkeypatch.setitem(sys.modules, "agent", ModuleType("agent"))
    monkeypatch.setitem(sys.modules, "agent.delegation_provider", module)
    hermes = Hermes()
    delegation.register(hermes if has else object())
    assert [one.name for one in hermes.taken] == (["profile-router"] if has else [])
    monkeypatch.setattr(delegation, "plugin_settings", lambda: BROKEN)
    for one in hermes.taken:
        with pytest.raises(RouteRefused, match="not set up"):
            one.route_task({"goal": "do it"})


def test_a_hermes_whose_class_is_not_where_it_is_told_gets_no_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "agent.delegation_provider", None)
    hermes = Hermes()
    delegation.register(hermes)
    assert hermes.taken == []
