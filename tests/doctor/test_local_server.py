"""The local servers: there, with the right model, with the room that the profile counts on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.doctor.scene import GIB, LOCAL_CONFIG, Row, Scene, ids
from tests.fakes import LOCAL, a_policy

from profile_router.doctor import local_server
from profile_router.doctor.facts import DoctorFacts

REACHABLE, MODEL, WINDOW = local_server.reachable, local_server.right_model, local_server.window
TOOLS = local_server.tools
BUSY = local_server.busy
SHARED, THREADS = local_server.shared_cache, local_server.threads


def server(**changes: Any) -> Callable[[Scene], None]:
    return lambda scene: scene.server(**changes)


def down(**changes: Any) -> Callable[[Scene], None]:
    return lambda scene: scene.down(**changes)


def any_model(scene: Scene) -> DoctorFacts:
    scene.server(models=("other",))
    return scene.facts(a_policy(accept_any_model=True))


def threads(count: int, cores: int, *, each: int = 1, quota: str = "") -> Callable[[Scene], None]:
    def given(scene: Scene) -> None:
        scene.cores(cores, threads_each=each)
        if quota:
            scene.put({"sys/fs/cgroup/cpu.max": quota})
        scene.server(flags=f"--threads {count}")

    return given


def insisting(scene: Scene) -> None:
    scene.home.write(LOCAL, f"{LOCAL_CONFIG}agent: {{tool_format: native}}\n")
    scene.server(takes_tools=False, takes_system=True)


def load(said: str, cores: int, *, card: str = "", kind: str = "llama-server") -> Callable[[Scene], None]:
    def given(scene: Scene) -> None:
        scene.put({"proc/loadavg": said})
        scene.cores(cores)
        if card:
            scene.card(vendor=card, vram=8 * GIB)
        scene.server(kind=kind)

    return given


ROWS = [
    Row(
        rule="a quiet machine is fine",
        check=BUSY,
        given=load("0.40 0.10 0.05 1/100 7\n", 2),
        level="pass",
        says="0.4 on 2 cores in the last minute",
    ),
    Row(
        rule="a machine whose cores are all taken is too busy for a model on its processor",
        check=BUSY,
        given=load("2.65 1.10 0.05 9/100 7\n", 2),
        level="warn",
        says="2.65 on 2 cores in the last minute: too busy",
        fix="--threads 1",
    ),
    Row(
        rule="a card does the work of a busy processor", check=BUSY, given=load("9.0 1 1", 2, card="0x1002"), level=None
    ),
    Row(rule="a server elsewhere does not mind", check=BUSY, given=load("9.0 1 1", 2, kind="vLLM"), level=None),
    Row(rule="where no load is told nothing is claimed", check=BUSY, given=load("", 2), level=None),
    Row(
        rule="a model that takes tools passes",
        check=TOOLS,
        given=server(takes_tools=True, takes_system=True),
        level="pass",
        says="gemma takes tools",
    ),
    Row(rule="a server that does not tell is not blamed", check=TOOLS, given=server(), level=None),
    Row(
        rule="a chat template without tools works in another form",
        check=TOOLS,
        given=server(takes_tools=False, takes_system=True),
        level="warn",
        says="gemma takes no tools: the embedded runner lets it work by whole files and JSON actions",
        fix="--jinja --chat-template-file FILE",
    ),
    Row(
        rule="so does one of Ollama's models",
        check=TOOLS,
        given=server(kind="Ollama", takes_tools=False),
        level="warn",
        says="gemma takes no tools",
        fix="`ollama show MODEL` lists tools",
    ),
    Row(
        rule="where the profile insists on tools it cannot carry a task out",
        check=TOOLS,
        given=insisting,
        level="fail",
        says="gemma takes no tools",
        fix="--jinja --chat-template-file FILE",
    ),
    Row(
        rule="nor one without a system message",
        check=TOOLS,
        given=server(takes_tools=False, takes_system=False),
        level="fail",
        says="gemma takes no tools and no system message",
        fix="--chat-template-file",
    ),
    Row(
        rule="a server that answers is named",
        check=REACHABLE,
        given=server(slots=4),
        level="pass",
        says="llama-server at 127.0.0.1:8080, 4 slots",
    ),
    Row(
        rule="an unknown server is fine", check=REACHABLE, given=server(kind=""), level="pass", says="OpenAI-compatible"
    ),
    Row(
        rule="what answers and has no model is not a model server",
        check=REACHABLE,
        given=server(kind="", models=(), detail="HTTP 302 without a list of models at /models"),
        level="warn",
        says="127.0.0.1:8080 answers, but not as a model server: HTTP 302 without a list of models",
        fix="write the base_url of a model server in ",
    ),
    Row(
        rule="a llama-server without a list of models is one",
        check=REACHABLE,
        given=server(models=()),
        level="pass",
        says="llama-server at 127.0.0.1:8080",
    ),
    Row(
        rule="a server that refuses fails",
        check=REACHABLE,
        given=down(),
        level="fail",
        says="127.0.0.1:8080 refuses the connection",
        fix="profile-router llama-server",
    ),
    Row(
        rule="Ollama's port is set with Ollama",
        check=REACHABLE,
        given=down(address="127.0.0.1:11434"),
        level="fail",
        fix="ollama serve",
    ),
    Row(
        rule="LM Studio's port is set with LM Studio",
        check=REACHABLE,
        given=down(address="127.0.0.1:1234"),
        level="fail",
        fix="lms server start",
    ),
    Row(
        rule="a server that still loads is a warning",
        check=REACHABLE,
        given=down(cause="loading", detail="HTTP 503 Loading model"),
        level="warn",
        says="Loading model",
    ),
    Row(
        rule="a server that is not ready is a warning",
        check=REACHABLE,
        given=down(cause="unavailable", detail="HTTP 503"),
        level="warn",
        says="is not ready: HTTP 503",
    ),
    Row(rule="a cloud is not asked", check=REACHABLE, given=lambda scene: None, level=None),
    Row(rule="the model that the profile asks for is fine", check=MODEL, given=server(), level="pass", says="gemma"),
    Row(
        rule="a model that is on disk only is fine",
        check=MODEL,
        given=server(kind="Ollama", loaded=()),
        level="pass",
        says="loads on first use",
    ),
    Row(
        rule="another model fails",
        check=MODEL,
        given=server(models=("other",)),
        level="fail",
        says="the server has other, the profile asks for gemma",
        fix="hermes -p coding-local config set model.default other",
    ),
    Row(
        rule="a model that Ollama lacks is pulled",
        check=MODEL,
        given=server(kind="Ollama", models=("other",)),
        level="fail",
        fix="ollama pull gemma",
    ),
    Row(
        rule="any model serves where the policy says so",
        check=MODEL,
        given=any_model,
        level="pass",
        says="other serves for gemma",
    ),
    Row(
        rule="a server that names no model is a warning",
        check=MODEL,
        given=server(models=()),
        level="warn",
        says="does not tell",
    ),
    Row(
        rule="the room that the profile states is fine",
        check=WINDOW,
        given=server(window=8_192),
        level="pass",
        says="8,192 tokens a request",
    ),
    Row(
        rule="more room than the profile states is fine",
        check=WINDOW,
        given=server(window=32_768),
        level="pass",
        says="32,768 tokens a request, 8,192 stated",
    ),
    Row(
        rule="-c shared by slots leaves a quarter",
        check=WINDOW,
        given=server(window=2_048, slots=4, flags="-c 8192 --parallel 4", model_path="/models/my gemma.gguf"),
        level="warn",
        says="2,048 tokens a request: -c 8192 is shared by 4 slots; the profile states 8,192",
        fix="profile-router llama-server --model '/models/my gemma.gguf' --window 8192 --slots 4",
    ),
    Row(
        rule="slots of a server whose flags nobody sees",
        check=WINDOW,
        given=server(window=2_048, slots=4),
        level="warn",
        says="what it was given is shared by 4 slots",
    ),
    Row(
        rule="one slot shares with nobody",
        check=WINDOW,
        given=server(window=4_096),
        level="warn",
        says="4,096 tokens a request; the profile",
    ),
    Row(
        rule="Ollama's window is widened in Ollama's way",
        check=WINDOW,
        given=server(kind="Ollama", window=4_096, slots=None),
        level="warn",
        fix="OLLAMA_CONTEXT_LENGTH=8192",
    ),
    Row(
        rule="a model that is not loaded tells no window",
        check=WINDOW,
        given=server(kind="LM Studio", window=None),
        level="warn",
        says="LM Studio does not tell it",
    ),
    Row(
        rule="slots that share one cache are a warning",
        check=SHARED,
        given=server(slots=4, flags="-m x -c 8192"),
        level="warn",
        says="4 slots share 8,192 tokens",
        fix="--window 8192 --slots 4",
    ),
    Row(
        rule="slots with a part each are fine",
        check=SHARED,
        given=server(slots=4, flags="-m x -c 32768 -np 4"),
        level=None,
    ),
    Row(rule="of a server whose flags nobody sees nothing is claimed", check=SHARED, given=server(slots=4), level=None),
    Row(
        rule="as many threads as cores are fine", check=THREADS, given=threads(4, 4), level="pass", says="4 on 4 cores"
    ),
    Row(
        rule="more threads than cores are a warning",
        check=THREADS,
        given=threads(32, 16),
        level="warn",
        says="32 on 16 cores",
        fix="profile-router llama-server",
    ),
    Row(
        rule="threads of one core count once",
        check=THREADS,
        given=threads(32, 16, each=2),
        level="warn",
        says="32 on 16 cores",
    ),
    Row(
        rule="a container's quota counts",
        check=THREADS,
        given=threads(16, 16, quota="200000 100000"),
        level="warn",
        says="16 on 2 cores",
    ),
    Row(
        rule="a container without quota has all cores",
        check=THREADS,
        given=threads(16, 16, quota="max 100000"),
        level="pass",
    ),
    Row(rule="threads that nobody stated are nothing", check=THREADS, given=server(flags="-c 8192"), level=None),
]


@pytest.mark.parametrize("row", ROWS, ids=ids(ROWS))
def test_a_local_server_must_be_what_the_profile_counts_on(row: Row, tmp_path: Path) -> None:
    assert row.holds(tmp_path)
