"""Every fault, at every stage and tier: the step, the receipts, the exit code, the requests; nothing lost or leaked.

With each change one fault of each meaning is met where it is at home. Each stage with a ladder meets one of each family,
and each second family meets the probe or the summary. The others wait for the night. What they mean is read with each
change in tests/core, tests/runners and tests/servers.
`python3 tests/faults/table.py` plays all and shows them as a table; what each cause is followed by is also played
over fakes, with each change (tests/graphs/test_every_cause.py).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest
from tests.cli.command import call
from tests.faults.expected import (
    EXIT,
    LOCAL,
    MEANS,
    NAMES,
    OF_TIER,
    PLAYED,
    WITH_EACH_CHANGE,
    WITHOUT_LADDER,
    Column,
    Row,
    expected,
)
from tests.faults.server import FAULTS, PROMPT, name_service
from tests.faults.stage import (
    DONE,
    EDITED,
    FILES,
    KEYS,
    PRIVATE,
    REPORT,
    Cell,
    conversation,
    play,
    staged,
    template,
)

from profile_router.cli.commands.run import EXITS
from profile_router.core.policy import Policy
from profile_router.policies.file import SHIPPED, find_policy, read_policy
from profile_router.servers.health import HealthStore

CELLS = [
    pytest.param(*cell, id=" @ ".join(cell), marks=() if cell in WITH_EACH_CHANGE else pytest.mark.nightly)
    for cell in PLAYED
]
_read = cache(read_policy)  # it is the same few files again and again


def _read_once(named: str | None, environ: Mapping[str, str]) -> Policy:
    """Return the policy in force, wherever what it was parsed to may be kept."""
    return _read(find_policy(named, environ))


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stage") / "begun"
    folder.mkdir()
    return template(folder)


@pytest.fixture(autouse=True)
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    name_service(monkeypatch)
    monkeypatch.setattr("profile_router.runs.setup.found_policy", _read_once)


def test_the_table_names_every_fault() -> None:
    assert list(FAULTS) == list(MEANS)


@pytest.mark.parametrize(("fault", "column"), CELLS)
def test_a_fault_takes_its_steps_and_no_more(
    fault: str,
    column: Column,
    tmp_path: Path,
    begun: Path,
    caplog: pytest.LogCaptureFixture,
    record_property: Callable[[str, object], None],
) -> None:
    caplog.set_level(logging.INFO)
    cell = play(FAULTS[fault], column, tmp_path / "home", begun)
    row, (stage, _, tier) = MEANS[fault], column.partition(" ")
    receipts, chats, status = expected(row, stage, tier)
    record_property("fault-cell", [fault, row.cause, column, _shown(cell)])
    assert cell.receipts == receipts
    assert cell.result.status == status
    assert EXITS[cell.result.status] == EXIT[status]
    assert cell.chats == chats
    _remembered(cell, row, stage, tier)
    _said(cell, row, stage)
    _not_lost(cell, stage, tier)
    _not_leaked(cell, tier, caplog.text)


@pytest.mark.parametrize(
    ("fault", "column", "code"),
    [
        ("500", "dispatch local", 0),
        ("500", "dispatch burst", 1),
        ("no key", "dispatch local", 3),
        ("another model loaded", "dispatch burst", 3),
        ("cut in the text", "dispatch private", 1),
    ],
)
def test_the_command_line_ends_with_the_code_of_its_status(
    fault: str, column: Column, code: int, tmp_path: Path, begun: Path
) -> None:
    home = tmp_path / "home"
    with staged(FAULTS[fault], column, home, begun) as ready:
        where = ["--local-only"] if ready.task.local_only else ["--profile", str(ready.task.profile)]
        arguments = (
            "run",
            ready.task.goal,
            "--policy",
            ready.policy,
            "--workspace",
            str(home / "ws"),
            "--json",
            *where,
        )
        done = call(*arguments, home=home)
    assert done.code == code
    shown = [line for line in done.err.splitlines() if line.startswith("→")]
    assert [line.endswith(step) for line, step in zip(shown, done.json["steps"], strict=True)] == [True] * len(shown)
    assert not any(secret in done.out + done.err for secret in (*KEYS.values(), PRIVATE, PROMPT))


def _shown(cell: Cell) -> str:
    steps = [str(step["step"]) for step in cell.steps] or ["ok"]
    return f"{' '.join(steps)} {'+'.join(str(count) for count in cell.chats.values() if count) or '0'}"


def _remembered(cell: Cell, row: Row, stage: str, tier: str) -> None:
    """What the failure says of server or key is kept, nothing else is; each attempt looked at its server once."""
    if stage not in ("dispatch", "edited"):
        return
    store = HealthStore(state=cell.home / "state", rules=_read(SHIPPED).health, clock=lambda: 0.0)
    went_away = stage == "edited" and row.receipt == "unavailable"
    ill = "server" if went_away else row.ill
    failed = [(name, record) for name, record in store.all() if record.failures]  # the others were looked at alone
    assert [(name.split()[0], record.cause) for name, record in failed] == ([(ill, row.cause)] if ill else [])
    at = OF_TIER[tier]
    tries = sum(profile == at and step not in ("next-provider", "next-key") for profile, step, _ in cell.receipts)
    if row.requests and row.cause:
        # A local server is asked for its window too, and who is to condense is looked at before.
        condensing = sum(step["step"] == "condense" for step in cell.steps)
        assert cell.looks[at] == tries + ((1 + condensing) if at == LOCAL else 0)


def _said(cell: Cell, row: Row, stage: str) -> None:
    """Each step is one line that names its cause; each failure a receipt with one line of its own."""
    assert len(cell.steps) == len(cell.result.json["steps"]) <= 4
    assert all("\n" not in line for line in cell.result.json["steps"])
    if stage not in WITHOUT_LADDER and row.family != "none":
        assert {step["cause"] for step in cell.steps} == {"over-window" if stage == "condense" else row.cause}
    for receipt in cell.result.json["attempts"]:
        assert (receipt["error"] is None) is (receipt["outcome"] == "ok")
        assert len((receipt["error"] or "").splitlines()) <= 1
        assert len(receipt["error"] or "") < 400


def _not_lost(cell: Cell, stage: str, tier: str) -> None:
    """The files are as the subagent left them, the thread has its conversation, the report is kept whole."""
    assert cell.file("calc.py") == (EDITED if stage == "edited" else FILES["calc.py"])
    assert cell.file(".env") == FILES[".env"]
    if tier != "private":
        assert conversation(cell.home) == (4 if cell.result.status == "ok" or cell.result.json["summary"] else 2)
    if stage == "summarize" and "[cut:" in cell.result.json["summary"]:
        (whole,) = (cell.home / "state" / "texts").iterdir()
        assert whole.read_text(encoding="utf-8") == REPORT
        assert whole.stat().st_mode & 0o777 == 0o600
    elif stage == "summarize":
        assert cell.result.json["summary"] == "done"
    elif cell.result.status == "ok":
        assert cell.result.json["summary"] in (DONE, "done")


def _not_leaked(cell: Cell, tier: str, logged: str) -> None:
    """No key anywhere but at its own server, no prompt in what is told or kept, no private file elsewhere."""
    told, on_disk = cell.told() + logged, cell.on_disk(threads=False)
    for secret in (*KEYS.values(), PRIVATE, PROMPT):
        assert secret not in told
        assert secret.encode() not in on_disk
    assert not any(key.encode() in cell.on_disk(threads=True) for key in KEYS.values())
    assert all(seen <= {name} for name, seen in cell.keys_seen.items())
    elsewhere = [name for name in NAMES if name != LOCAL]
    if tier == "private":
        assert PRIVATE.encode() in cell.sent[LOCAL]
        assert [name for name in elsewhere if cell.sent[name]] == []
    assert not any(PRIVATE.encode() in cell.sent[name] for name in elsewhere)
