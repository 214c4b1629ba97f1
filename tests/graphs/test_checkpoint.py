"""What is checkpointed: registered value types, no key, and nothing that a later version could not read."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from typing import Any

import pytest
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from tests.fakes import (
    BORDERLINE,
    BURST,
    LOCAL,
    Fails,
    FakeBackends,
    FakeMeasurer,
    FakeProber,
    FakeRunner,
    FakeVerifier,
    a_profile,
    a_task,
    all_goal,
    candidates,
    evidence,
)
from tests.graphs.a_run import Rig

from profile_router.core.conversation import Turn
from profile_router.core.evidence import ImageFact, NamedFile, PrivateFinding
from profile_router.core.language.kinds import KindHit
from profile_router.core.profile import Secret
from profile_router.core.task import Facts
from profile_router.threads.file import THREADS_VERSION
from profile_router_graphs.state import checkpointed_types

EVERYTHING = evidence(
    **BORDERLINE,
    files=(NamedFile(path="a.py", bytes=3, lines=1),),
    kinds=(KindHit(kind="of no rule", quote="do it"),),
    notes=("a note",),
)


def rich_run() -> tuple[Rig, dict[str, Any]]:
    """Run a task that leaves a value of every kind in the state."""
    rig = Rig(
        candidates=candidates("expert"),
        measurer=FakeMeasurer(EVERYTHING),
        prober=FakeProber(2),
        runner=FakeRunner(Fails(cause="unavailable"), Fails(cause="asked-for-profile", asked="expert"), "done"),
        verifier=FakeVerifier(0),
    )
    said = (Turn("user", "hello"), Turn("assistant", "what is it?"))
    final = rig.run(a_task(check="true", facts=Facts(files_to_read=25), toolsets=("file",), conversation=said))
    return rig, final


def values(found: Any) -> list[Any]:
    """Return *found* and everything in it."""
    inner: list[Any] = []
    if is_dataclass(found) and not isinstance(found, type):
        inner = [getattr(found, field.name) for field in fields(found)]
    elif isinstance(found, dict):
        inner = [*found.keys(), *found.values()]
    elif isinstance(found, list | tuple | set | frozenset):
        inner = list(found)
    return [found, *(value for one in inner for value in values(one))]


def plain(found: Any) -> Any:
    """Return *found* with its classes by name and its lists as tuples, as which they come back."""
    if is_dataclass(found) and not isinstance(found, type):
        return type(found).__name__, *(plain(getattr(found, field.name)) for field in fields(found))
    if isinstance(found, dict):
        return {key: plain(value) for key, value in found.items()}
    return tuple(map(plain, found)) if isinstance(found, list | tuple) else found


def test_the_whole_state_survives_the_serializer_without_a_warning() -> None:
    _, final = rich_run()
    serializer = JsonPlusSerializer(allowed_msgpack_modules=checkpointed_types())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert plain(serializer.loads_typed(serializer.dumps_typed(final))) == plain(final)


def test_every_class_in_the_state_is_registered() -> None:
    _, final = rich_run()
    used = {(type(value).__module__, type(value).__name__) for value in values(final) if is_dataclass(value)}
    assert used <= set(checkpointed_types())
    assert len(used) > 12


def test_a_refusal_and_a_private_finding_survive_too() -> None:
    found = all_goal(
        500_000,
        private=(PrivateFinding(kind="label", place="--local-only"),),
        images=(ImageFact(place="x.png", form="png", bytes=3),),
    )
    rig = Rig(measurer=FakeMeasurer(found))
    final = rig.run(a_task(local_only=True))
    serializer = JsonPlusSerializer(allowed_msgpack_modules=checkpointed_types())
    assert plain(serializer.loads_typed(serializer.dumps_typed(final))) == plain(final)


# What threads of this version hold: the module below profile_router.core, and its classes. New ones may join.
IN_THREADS: Mapping[int, Mapping[str, str]] = {
    3: {
        "attempt.handoff": "FileDiff Handoff SetBack",
        "attempt.standing": "Standing",
        "condense.result": "CondenseOutcome Condensed CondensedPart Helper",
        "conversation": "Turn TurnFinding",
        "evidence": "Evidence ImageFact NamedFile PrivateFinding Range TokenCount Window",
        "found_check": "FoundCheck",
        "ladder.difference": "Difference Judgement",
        "ladder.early_score": "EarlyScore EarlyTerm",
        "ladder.failure": "Failure Place",
        "ladder.receipt": "Attempt ChangedFile CheckBefore CheckResult Receipt Verified",
        "ladder.report": "CheckReport",
        "ladder.steps": "TakenStep",
        "ladder.weak_check": "WeakCheck",
        "language.kinds": "KindHit",
        "locating.located": "FileSpan Located LocatedFile SizeGuess",
        "privacy.taint": "Taint",
        "routing.route": "Estimate Refusal Route",
        "task": "Facts Task",
    }
}


def test_a_kept_value_moves_or_gets_another_name_only_with_another_version_of_the_threads_file() -> None:
    in_threads = {
        (f"profile_router.core.{module}", name)
        for module, said in IN_THREADS[THREADS_VERSION].items()
        for name in said.split()
    }
    assert in_threads - set(checkpointed_types()) == set(), (
        "raise THREADS_VERSION, say it in the changelog, and write IN_THREADS anew"
    )


def test_registered_are_values_only() -> None:
    assert not {name for _, name in checkpointed_types()} & {"Secret", "Profile", "ProviderEndpoint", "Policy"}


def test_a_key_cannot_be_serialized() -> None:
    serializer = JsonPlusSerializer(allowed_msgpack_modules=[*checkpointed_types(), (Secret.__module__, "Secret")])
    profile = a_profile("http://127.0.0.1:1/v1", key="s3cret-key")
    for holder in (profile, profile.endpoint, profile.endpoint.api_key):
        with pytest.raises(TypeError):
            serializer.dumps_typed(holder)
    with pytest.raises(TypeError):
        asdict(profile)


def test_nothing_that_is_checkpointed_holds_a_key_or_a_client() -> None:
    rig, _ = rich_run()
    rig.backends = FakeBackends(keyless=[BURST])
    rig.runner = FakeRunner("done")
    rig.run(a_task(profile=BURST))

    async def stored() -> list[Any]:
        return [checkpoint.checkpoint["channel_values"] async for checkpoint in rig.saver.alist(None)]

    kinds = {type(value).__name__ for state in asyncio.run(stored()) for value in values(state)}
    assert kinds
    assert not kinds & {"Secret", "Profile", "ProviderEndpoint", "RunContext", "FakeRunner", "Policy", "Candidate"}


def test_only_the_conversation_and_the_threads_privacy_outlive_a_run() -> None:
    rig, first = rich_run()
    assert [receipt.profile for receipt in first["receipts"]] == ["review-cheap", LOCAL, BURST, "expert"]
    rig.runner, rig.prober = FakeRunner(Fails(cause="timeout")), FakeProber(2)
    second = rig.run(a_task("second task"))
    same = {name for name in first if second[name] == first[name] and second[name]}
    assert second["conversation"] == first["conversation"]
    assert not same & {"receipts", "steps", "attempt", "summary", "verified", "notes", "snapshot"}
    assert [receipt.outcome for receipt in second["receipts"]] == ["ok", "failed"]
