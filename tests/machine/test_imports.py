"""Large libraries are imported when they are needed, and the collector has no work with them."""

from __future__ import annotations

import gc
import os
import subprocess
import sys

import pytest

from profile_router.machine.imports import import_large


def told(code: str) -> str:
    """Return what a Python of its own prints that runs *code*."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("name", ["run", "batch", "resume"])
def test_a_run_imports_what_only_the_embedded_runner_needs_when_that_runs(name: str) -> None:
    heavy = "{'langchain.agents', 'langchain_openai', 'openai', 'regex', 'tiktoken', 'jinja2', 'tree_sitter'}"
    code = f"import sys, profile_router.runs.{name}, profile_router_graphs.router; print({heavy} & set(sys.modules))"
    assert told(code) == "set()"


def test_what_was_imported_is_out_of_the_collectors_reach_and_it_goes_on_as_before() -> None:
    code = (
        "import gc; from profile_router.machine.imports import import_large; import_large('decimal', 'email.message'); "
        "import sys; print(gc.isenabled(), gc.get_freeze_count() > 1_000, 'email.message' in sys.modules)"
    )
    assert told(code) == "True True True"
    assert told(f"import gc; gc.disable(); {code}") == "False True True"


def test_what_is_there_already_is_not_taken_from_the_collector_again() -> None:
    before = gc.get_freeze_count()
    import_large("json", "sys")
    assert gc.get_freeze_count() == before


def test_after_an_import_that_fails_the_collector_goes_on() -> None:
    with pytest.raises(ModuleNotFoundError):
        import_large("there_is_no_such_module")
    assert gc.isenabled()
    gc.unfreeze()
