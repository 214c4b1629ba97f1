"""Record the cassettes anew from a real llama.cpp server: `PYTHONPATH=skill:graphs:. python -m tests.cassettes.record`.

With names (`agent_run probe`) only those. A cassette holds the whole exchange as it passed, without the headers.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cassettes.scenarios import FOLDER, SCENARIOS, Scenario, cassette
from tests.llama.server import flags, loading, running
from tests.llama.status import wait_for_status
from tests.llama.tiny_gguf import build

SLOW_TO_LOAD = 600_000


def record(name: str, into: Path) -> Path:
    """Record one scenario into the folder *into* and return its file."""
    scenario = SCENARIOS[name]
    path = into / f"{name}.yaml"
    path.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        model = Path(scratch) / "model.gguf"
        build(model, scenario.script, feed_forward=SLOW_TO_LOAD if scenario.while_loading else 32)
        workspace = Path(scratch) / "workspace"
        workspace.mkdir()
        with _server(model, scenario) as base_url, cassette(path, "all"):
            scenario.act(base_url, workspace)
    return path


@contextmanager
def _server(model: Path, scenario: Scenario) -> Iterator[str]:
    arguments = flags(model, **scenario.options)
    if not scenario.while_loading:
        with running(arguments) as server:
            yield server.base_url
        return
    with loading(arguments) as server:
        wait_for_status(server.url, 503)
        yield server.base_url


if __name__ == "__main__":
    for wanted in sys.argv[1:] or SCENARIOS:
        print(record(wanted, FOLDER))
