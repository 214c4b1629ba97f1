"""Run a task: build the graph's context and checkpointer, stream its events, and return the result."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from profile_router.adapters.embedded.prober import EmbeddedProber
from profile_router.adapters.embedded.runner import EmbeddedRunner
from profile_router.adapters.embedded.summarizer import EmbeddedSummarizer
from profile_router.adapters.hermes.choice import ChosenRunner
from profile_router.adapters.hermes.installation import VARIABLE, find_hermes
from profile_router.adapters.hermes.runner import HermesRunner
from profile_router.adapters.live import LiveBackends, LiveMeasurer
from profile_router.adapters.state_dir import private_folder
from profile_router.adapters.verifier import WorkspaceVerifier
from profile_router.adapters.workspace import base_of, private_files, tracked_files
from profile_router.core.attempts import cost
from profile_router.core.explain import Json, decision_json, receipt_json, verified_json
from profile_router.core.profile import Profile
from profile_router.core.receipt import Status
from profile_router.core.route import Refusal
from profile_router.core.task import Task
from profile_router.errors import StateError, UsageError
from profile_router.ports import Emit, Event
from profile_router.wiring.setup import Setup, prepare

_THREAD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# Observers of other frameworks would send prompts elsewhere; OPENAI_* would redirect a request or add a header.
_FOREIGN = re.compile(r"^(LANGSMITH|LANGCHAIN|OPENAI|AZURE_OPENAI)_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The end of a run, as `run --json` prints it, and its status for the exit code."""

    status: Status
    json: Json


def run_task(task: Task, policy_file: str | None, environ: MutableMapping[str, str], cwd: Path, emit: Emit) -> Result:
    """Run *task* to its end and return the result. Raises RouterError for bad input; Ctrl-C ends everything."""
    setup = prepare(task, policy_file, dict(environ), cwd, every_profile=True)
    for name in [name for name in environ if _FOREIGN.match(name)]:
        del environ[name]
    thread = thread_id(task.thread)
    return asyncio.run(_run(replace(task, thread=thread), setup, thread, emit))


def thread_id(given: str | None) -> str:
    """Return *given* if it can name a thread, else a new one. Raises UsageError."""
    if given is None:
        return secrets.token_hex(4)
    if not _THREAD.fullmatch(given):
        raise UsageError(
            f"--thread '{given[:80]}' is no thread name (allowed: up to 64 letters, digits, '.', '_' and '-')"
        )
    return given


async def _run(task: Task, setup: Setup, thread: str, emit: Emit) -> Result:
    from profile_router_graphs.router import NAME, build  # 0.5 s: `route` does without LangGraph

    _quiet_once_cancelled()
    with tempfile.TemporaryDirectory(prefix="profile-router-") as scratch:
        context = _context(setup, thread, Path(scratch))
        async with _checkpoints(setup.state) as saver:
            graph = build().compile(checkpointer=saver, name=NAME)
            config: Any = {"configurable": {"thread_id": thread}, "recursion_limit": 100}
            final: dict[str, Any] = {}
            async for mode, chunk in graph.astream(
                {"task": task}, config, context=context, stream_mode=["custom", "values"], durability="sync"
            ):
                if mode == "custom":
                    emit(cast("Event", chunk))
                else:
                    final = cast("dict[str, Any]", chunk)
    return _result(final, setup, thread)


def _quiet_once_cancelled() -> None:
    """Keep asyncio from reporting what breaks after Ctrl-C: callbacks of a loop that is being torn down are no news."""
    main = asyncio.current_task()

    def report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if main is None or not main.cancelling():
            loop.default_exception_handler(context)

    asyncio.get_running_loop().set_exception_handler(report)


def _context(setup: Setup, thread: str, scratch: Path) -> Any:
    from profile_router_graphs.state import RunContext

    journal: dict[str, bytes | None] = {}
    workspace = setup.workspace
    load: Callable[[str], Profile] = setup.profiles.__getitem__
    backends = LiveBackends(policy=setup.policy, profiles=setup.profiles, candidates=setup.candidates)
    return RunContext(
        policy=setup.policy,
        candidates=setup.candidates,
        measurer=LiveMeasurer(
            policy=setup.policy,
            profiles=setup.profiles,
            candidates=setup.candidates,
            backends=backends,
            workspace=workspace,
            cwd=setup.cwd,
            state=setup.state,
            windows=setup.windows(),
        ),
        backends=backends,
        runner=ChosenRunner(
            choice=setup.policy.runner,
            embedded=EmbeddedRunner(
                load=load,
                policy=setup.policy,
                workspace=workspace.root if workspace else None,
                base=base_of(workspace, setup.cwd),
                known_files=lambda: tracked_files(workspace) if workspace else (),
                journal=journal,
            ),
            hermes=_hermes(setup, load),
            private_files=lambda: private_files(workspace, setup.policy.private_paths) if workspace else (),
        ),
        prober=EmbeddedProber(load=load, policy=setup.policy, root=base_of(workspace, setup.cwd)),
        summarizer=EmbeddedSummarizer(
            load=load,
            policy=setup.policy,
            whole_text=setup.state / "texts" / f"{thread}-{secrets.token_hex(4)}.txt",
        ),
        verifier=WorkspaceVerifier(workspace=workspace, scratch=scratch, environ=setup.environ, journal=journal),
        clock=time.monotonic,
    )


def _hermes(setup: Setup, load: Callable[[str], Profile]) -> HermesRunner | None:
    """Return the Hermes runner, None where there is no Hermes or it is not wanted. Raises UsageError where it must be.

    Without a Hermes home there is none either: the profiles that come with the program are no place to run in.
    """
    policy = setup.policy
    if policy.runner == "embedded":
        return None
    found = find_hermes(setup.environ, policy.hermes.python)
    if found is None or setup.home.root is None:
        if policy.runner == "hermes":
            raise UsageError(
                f"{policy.source} says `runner: hermes`, but there is no "
                f"{'hermes on PATH' if found is None else 'Hermes home'}; install it with `pip install hermes-agent` "
                f"and `hermes setup`, name its python in {VARIABLE}, or write `runner: auto`"
            )
        return None
    return HermesRunner(
        load=load,
        policy=policy,
        hermes=found,
        root=setup.home.root,
        environ=setup.environ,
        workspace=setup.workspace.root if setup.workspace else None,
        base=base_of(setup.workspace, setup.cwd),
        unattended=policy.hermes.unattended_approval,
        passed=policy.hermes.pass_environment,
    )


@asynccontextmanager
async def _checkpoints(state: Path) -> AsyncIterator[Any]:
    """Open the checkpoint database of *state*, readable by its owner only. Raises StateError where that cannot be."""
    import aiosqlite
    from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

    from profile_router_graphs.state import checkpointed_types

    path = private_folder(state) / "threads.sqlite"
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
        connection = await aiosqlite.connect(path)
    except OSError as error:
        raise StateError(
            f"the threads in {path} cannot be opened ({error.strerror}); name another folder: PROFILE_ROUTER_STATE=DIR"
        ) from None
    try:
        yield AsyncSqliteSaver(connection, serde=JsonPlusSerializer(allowed_msgpack_modules=checkpointed_types()))
    finally:
        await connection.close()


def _result(final: Mapping[str, Any], setup: Setup, thread: str) -> Result:
    decision = final["decision"]
    attempt = final.get("attempt")
    stopped = attempt.failure if attempt is not None else None
    status: Status = final["status"]
    unblock = list(decision.unblock) if isinstance(decision, Refusal) else []
    return Result(
        status=status,
        json={
            "status": status,
            "summary": final["summary"],
            "route": decision_json(decision),
            "attempts": [receipt_json(receipt) for receipt in final["receipts"]],
            "hops": [hop.reason for hop in final["hops"]],
            "verified": verified_json(final["verified"]),
            "cost_usd": cost(final["receipts"]),
            "thread": thread,
            "error": stopped.message if stopped else None,
            "unblock": unblock,
            "notes": list(final["notes"]),
            "warnings": list(setup.warnings),
        },
    )
