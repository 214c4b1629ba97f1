"""What the runner sends, to whom, and what it never sends."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import a_policy, a_task, an_order
from tests.runners.embedded.a_runner import KEY, cloud, cloud_order, failed, local, run
from tests.scripted_provider import ScriptedProvider, call, redirect

from profile_router.core.conversation import Turn
from profile_router.core.evidence import ImageFact

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABpfZFQAAAAABJRU5ErkJggg=="
)
FILE_TOOLS = ["list_files", "search", "read_file", "write_file", "edit_file"]


def tools_of(body: Any) -> list[str]:
    return [tool["function"]["name"] for tool in body["tools"]]


def test_a_redirect_is_not_followed_and_no_key_leaves_with_it() -> None:
    with ScriptedProvider(["I am elsewhere"]) as elsewhere:
        with ScriptedProvider([redirect(f"{elsewhere.base_url}/chat/completions")]) as provider:
            assert failed(run(cloud(provider.base_url), cloud_order())) == ("bad-request", "failed")
        assert (len(provider.requests), len(elsewhere.requests)) == (1, 0)


def test_a_key_goes_to_its_own_endpoint_only() -> None:
    with ScriptedProvider(["done"]) as one, ScriptedProvider(["done"]) as other:
        run(cloud(one.base_url, key="key-of-one"), cloud_order())
        run(local(other.base_url))
    assert one.requests[0].headers["authorization"] == "Bearer key-of-one"
    assert "key-of-one" not in str(other.requests)


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "OPENAI_PROXY"])
@pytest.mark.parametrize("is_local", [True, False])
def test_no_proxy_comes_between_us_and_this_machine(
    variable: str, is_local: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedProvider() as proxy, ScriptedProvider(["done"]) as provider:
        monkeypatch.setenv(variable, proxy.url)
        assert run(local(provider.base_url), an_order(local=is_local)).text == "done"
    assert proxy.requests == []


def test_an_attested_endpoint_elsewhere_is_spoken_to_without_a_proxy_either(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedProvider() as proxy, ScriptedProvider(["done"]) as provider:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setattr("profile_router.runners.embedded.model.chat_model.is_loopback", lambda _: False)
        assert run(local(provider.base_url), an_order(private=True)).text == "done"
    assert proxy.requests == []


@pytest.mark.parametrize(
    ("provider_name", "field", "other"),
    [("openrouter", "max_tokens", "max_completion_tokens"), ("openai-api", "max_completion_tokens", "max_tokens")],
)
def test_the_profile_bounds_an_answer_in_the_words_of_its_provider(provider_name: str, field: str, other: str) -> None:
    with ScriptedProvider(["done"]) as provider:
        run(cloud(provider.base_url, provider=provider_name, max_tokens=777), cloud_order())
    assert provider.chats[0][field] == 777
    assert other not in provider.chats[0]


def test_an_answer_never_takes_more_than_half_of_the_window() -> None:
    with ScriptedProvider(["done"]) as provider:
        run(local(provider.base_url, max_tokens=100_000), an_order(window=8_192))
    assert provider.chats[0]["max_tokens"] == 4_096


@pytest.mark.parametrize(
    ("stated", "is_local", "sent"),
    [(None, True, 0.2), (0.0, True, 0.0), (0.7, True, 0.7), (None, False, None), (0.7, False, 0.7)],
)
def test_the_temperature_is_the_profiles_and_a_local_model_without_one_stays_cool(
    stated: float | None, is_local: bool, sent: float | None
) -> None:
    with ScriptedProvider(["done"]) as provider:
        if is_local:
            run(local(provider.base_url, temperature=stated))
        else:
            run(cloud(provider.base_url, temperature=stated), cloud_order())
    assert provider.chats[0].get("temperature") == sent


@pytest.mark.parametrize(("name", "sent"), [("openrouter", {"sort": "price"}), ("together", None), ("custom", None)])
def test_routing_preferences_go_to_openrouter_only(name: str, sent: Any) -> None:
    with ScriptedProvider(["done"]) as provider:
        run(cloud(provider.base_url, provider=name, preferences={"sort": "price"}), cloud_order())
    assert provider.chats[0].get("provider") == sent


@pytest.mark.parametrize(("mode", "told"), [("on", True), ("auto", True), ("off", False)])
def test_the_profile_says_whether_tool_use_is_enforced(mode: Any, told: bool) -> None:
    with ScriptedProvider(["done"]) as provider:
        run(local(provider.base_url, tool_use_enforcement=mode))
    assert ("Act through tool calls" in provider.chats[0]["messages"][0]["content"]) is told


@pytest.mark.parametrize(
    ("of_task", "of_profile", "files", "terminal"),
    [
        (None, None, True, False),
        pytest.param(None, ("file", "terminal"), True, True, marks=pytest.mark.jail),
        (("file",), None, True, False),
        (("file",), ("file",), True, False),
        (("file",), ("file", "terminal"), True, False),
        pytest.param(("terminal",), None, False, True, marks=pytest.mark.jail),
        (("file", "terminal"), ("file",), True, False),
        (("file",), ("web",), False, False),
        (("web",), ("file",), False, False),
        ((), None, False, False),
        (None, (), False, False),
    ],
)
def test_tools_are_those_that_task_and_profile_both_allow(
    of_task: Any, of_profile: Any, files: bool, terminal: bool, tmp_path: Path
) -> None:
    with ScriptedProvider(["done"]) as provider:
        run(local(provider.base_url, toolsets=of_profile), an_order(a_task(toolsets=of_task)), workspace=tmp_path)
    assert tools_of(provider.chats[0]) == [
        *(FILE_TOOLS if files else []),
        *(["run_command"] if terminal else []),
        "ask_for_profile",
    ]


@pytest.mark.parametrize(
    ("of_task", "of_profile", "noted"),
    [(("terminal",), None, True), (None, ("terminal",), True), (("file",), ("terminal",), False), (None, None, False)],
)
def test_who_asks_for_a_terminal_and_gets_none_is_told_so(
    of_task: Any, of_profile: Any, noted: bool, tmp_path: Path
) -> None:
    with ScriptedProvider(["done"]) as provider:
        profile = local(provider.base_url, toolsets=of_profile, terminal_backend="docker")
        attempt = run(profile, an_order(a_task(toolsets=of_task)), workspace=tmp_path)
    assert any("terminal.backend of coding-local is 'docker'" in note for note in attempt.notes) is noted
    assert ("terminal.backend of coding-local is 'docker'" in attempt.receipt.withheld) is noted
    assert ("no terminal" in provider.chats[0]["messages"][0]["content"]) is noted


def test_schemas_are_the_same_bytes_whatever_the_provider(tmp_path: Path) -> None:
    sent = []
    with ScriptedProvider(["done"] * 3) as provider:
        run(local(provider.base_url), an_order(window=8_192), workspace=tmp_path)
        run(cloud(provider.base_url), cloud_order(asks=(), vision=True), workspace=tmp_path)
        run(cloud(provider.base_url, provider="openai-api"), cloud_order(step="asked"), workspace=tmp_path)
        sent = [json.dumps(body["tools"], sort_keys=False) for body in provider.chats]
    assert len(set(sent)) == 1


def test_the_shared_conversation_stands_before_the_task() -> None:
    turns = (Turn("user", "first task"), Turn("assistant", "first summary"))
    with ScriptedProvider(["done"]) as provider:
        run(local(provider.base_url), an_order("second task", conversation=turns))
    sent = [(message["role"], message["content"]) for message in provider.chats[0]["messages"]]
    assert [role for role, _ in sent] == ["system", "user", "assistant", "user"]
    assert [text for _, text in sent[1:]] == ["first task", "first summary", "second task"]


def test_a_private_task_is_never_sent_elsewhere() -> None:
    with ScriptedProvider(["done"]) as provider, pytest.raises(AssertionError, match="private"):
        run(cloud(provider.base_url), cloud_order(private=True))
    assert provider.requests == []


@pytest.mark.parametrize("tool", [("read_file", {"path": ".env"}), ("search", {"pattern": "hunter2"})])
def test_what_private_files_hold_stays_on_this_machine(tool: tuple[str, dict[str, str]], tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PASSWORD=hunter2x\n")
    with ScriptedProvider([call(*tool), "done"] * 2) as provider:
        run(cloud(provider.base_url), cloud_order(), workspace=tmp_path)
        assert "hunter2x" not in str([request.raw for request in provider.requests])
        run(local(provider.base_url), workspace=tmp_path)
        assert "hunter2x" in str(provider.chats[3])


def test_an_image_is_sent_to_a_model_that_sees_and_named_to_one_that_does_not(tmp_path: Path) -> None:
    (tmp_path / "shot.png").write_bytes(PNG)
    images = (ImageFact(place="shot.png", form="png", bytes=len(PNG)),)
    task = a_task("look at it", images=("shot.png",))
    with ScriptedProvider(["done"] * 2) as provider:
        run(cloud(provider.base_url), cloud_order(task=task, images=images), workspace=tmp_path)
        run(local(provider.base_url), an_order(task, images=images), workspace=tmp_path)
    seen, named = (body["messages"][-1]["content"] for body in provider.chats)
    assert seen[1] == {
        "type": "image_url",
        "image_url": {"url": f"data:image/png;base64,{base64.b64encode(PNG).decode()}"},
    }
    assert isinstance(named, str)
    assert "shot.png" in named
    assert "image_url" not in json.dumps(provider.chats[1])


def test_a_data_url_in_the_task_is_sent_as_an_image_not_as_text() -> None:
    url = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    image = ImageFact(place="data URL 1 in the task text", form="png", bytes=len(PNG))
    with ScriptedProvider(["done"] * 2) as provider:
        run(cloud(provider.base_url), cloud_order(task=a_task(f"what is {url} ?"), images=(image,)))
        run(local(provider.base_url), an_order(a_task(f"what is {url} ?"), images=(image,)))
    text, part = provider.chats[0]["messages"][-1]["content"]
    assert text["text"] == "what is [image 1] ?"
    assert part["image_url"]["url"] == url
    assert provider.chats[1]["messages"][-1]["content"] == "what is [image 1] ?"


def test_lone_surrogates_never_reach_a_server() -> None:
    with ScriptedProvider(["done"]) as provider:
        run(local(provider.base_url), an_order("caf\udce9"), policy=a_policy())
    assert provider.chats[0]["messages"][-1]["content"] == "caf?"


def test_no_header_tells_who_the_key_belongs_to(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedProvider(["done"]) as provider:
        run(cloud(provider.base_url), cloud_order())
    assert not {"openai-organization", "openai-project"} & provider.requests[0].headers.keys()
    assert provider.requests[0].headers["authorization"].count(KEY) == 1
