"""Large libraries are imported when they are needed, and the collector has no work with them."""

from __future__ import annotations

import gc
import importlib
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from profile_router.machine import imports
from profile_router.machine.imports import gather_late, import_large

MEET: list[threading.Event] = []  # where the modules of a test wait for one another


def told(code: str) -> str:
    """Return what a Python of its own prints that runs *code*."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_run_imports_what_only_the_embedded_runner_needs_when_that_runs() -> None:
    heavy = "{'langchain.agents', 'langchain_openai', 'openai', 'regex', 'tiktoken', 'jinja2', 'tree_sitter'}"
    clients = "{'httpx', 'websockets', 'langgraph_sdk.client', 'langsmith.types.agent'}"
    code = (
        "import sys; from profile_router.api import batching, resuming, running; "
        "from profile_router.api.surroundings import imported; imported(); "
        "from profile_router.runs import batch, resume, run; "
        f"print('langsmith.types.run_select_field' in sys.modules, {heavy} & set(sys.modules), "
        f"{clients} & set(sys.modules))"
    )
    assert told(code) == "True set() set()"


def test_what_is_imported_meets_no_collector_which_goes_on_as_before_and_holds_nothing(gathering: str) -> None:
    package = Path(str(sys.path[0])) / gathering / "__init__.py"
    package.write_text("import gc\nMEETS = gc.isenabled()\n")
    frozen = gc.get_freeze_count()
    import_large(gathering)
    assert (sys.modules[gathering].MEETS, gc.isenabled(), gc.get_freeze_count()) == (False, True, frozen)
    gc.disable()
    try:
        import_large("json", f"{gathering}.small")
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_in_a_process_of_ours_what_was_imported_is_out_of_the_collectors_reach() -> None:
    code = (
        "import gc; from profile_router.machine.imports import import_large, spare_collector; spare_collector(); "
        "import_large('decimal', 'email.message'); print(gc.isenabled(), gc.get_freeze_count() > 1_000, "
        "gc.get_threshold()[0])"
    )
    assert told(code) == "True True 20000"


def test_after_an_import_that_fails_the_collector_goes_on() -> None:
    with pytest.raises(ModuleNotFoundError):
        import_large("there_is_no_such_module")
    assert gc.isenabled()


@pytest.fixture
def gathering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package that gathers its two modules in its `__init__`, and can be made to fail there."""
    name = f"gathering_{tmp_path.name.rpartition('_')[2]}_{abs(hash(tmp_path)) % 10**6}"
    package = tmp_path / name
    package.mkdir()
    (package / "__init__.py").write_text(
        "import os\nif 'GATHERING_FAILS' in os.environ: raise OSError('no')\n"
        "from .large import LARGE\n__all__ = ['LARGE']\n"
    )
    (package / "large.py").write_text("LARGE = 'large'\n")
    (package / "small.py").write_text("SMALL = 'small'\n")
    monkeypatch.syspath_prepend(tmp_path)
    for each in ("", ".large", ".small"):
        monkeypatch.setitem(sys.modules, name + each, sys)  # so that what is imported here is taken out again
        del sys.modules[name + each]
    return name


def test_a_package_that_gathers_late_gives_one_module_without_the_others(gathering: str) -> None:
    gather_late(gathering)
    small = importlib.import_module(f"{gathering}.small")
    assert small.SMALL == "small"
    assert f"{gathering}.large" not in sys.modules


@pytest.mark.parametrize("words", ["from {} import LARGE", "import {}; LARGE = {}.LARGE", "from {} import *"])
def test_a_package_that_gathers_late_gathers_when_it_is_asked_for_a_name(gathering: str, words: str) -> None:
    gather_late(gathering)
    found: dict[str, object] = {}
    exec(words.replace("{}", gathering), found)
    assert found["LARGE"] == "large"
    with pytest.raises(ImportError, match="cannot import name 'NONE'"):
        exec(f"from {gathering} import NONE")


def test_a_package_that_fails_as_it_gathers_says_so_to_each_who_asks(
    gathering: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gather_late(gathering)
    monkeypatch.setenv("GATHERING_FAILS", "1")
    for _ in range(2):
        with pytest.raises(OSError, match="no"):
            exec(f"from {gathering} import LARGE")
    monkeypatch.delenv("GATHERING_FAILS")
    exec(f"from {gathering} import LARGE")


def test_of_several_threads_that_ask_a_late_package_the_others_wait_for_the_first(
    gathering: str, tmp_path: Path
) -> None:
    package = tmp_path / gathering / "__init__.py"
    package.write_text("import time\ntime.sleep(0.02)\nfrom .large import LARGE\n")
    gather_late(gathering)
    late = sys.modules[gathering]
    with ThreadPoolExecutor(8) as pool:
        assert {*pool.map(lambda _: late.LARGE, range(8))} == {"large"}


@pytest.mark.parametrize("late", [True, False])
def test_two_threads_that_need_what_the_other_imports_both_end(late: bool, gathering: str, tmp_path: Path) -> None:
    """One runs the package, which wants `large`; the other imports `large`, which wants the package."""
    waits = "from tests.machine.test_imports import MEET\nMEET[{}].set()\nMEET[{}].wait(10)\n"
    MEET[:] = [threading.Event(), threading.Event()]
    package = tmp_path / gathering
    (package / "__init__.py").write_text(f"{waits.format(0, 1)}import {gathering}.large\nNAME = 'name'\n")
    (package / "large.py").write_text(f"{waits.format(1, 0)}from {gathering} import small\nLARGE = 'large'\n")
    if late:
        gather_late(gathering)
    code = (f"from {gathering} import NAME", f"import {gathering}.large")
    threads = [threading.Thread(target=exec, args=(one, {}), daemon=True) for one in code]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert [thread.is_alive() for thread in threads] == [False, False]
    assert (sys.modules[gathering].NAME, sys.modules[f"{gathering}.large"].LARGE) == ("name", "large")


def test_a_late_module_that_asks_itself_for_what_it_lacks_hears_so(gathering: str, tmp_path: Path) -> None:
    package = tmp_path / gathering / "__init__.py"
    package.write_text(f"import {gathering}\nFOUND = getattr({gathering}, 'NONE', 'none')\n")
    gather_late(gathering)
    assert sys.modules[gathering].FOUND == "none"


def test_a_package_that_is_imported_or_absent_stays_as_it_is() -> None:
    before = sys.modules["json"]
    gather_late("json", "there_is_no_such_package")
    assert sys.modules["json"] is before
    assert "there_is_no_such_package" not in sys.modules


def test_no_package_around_a_late_one_is_run_until_somebody_asks(gathering: str, tmp_path: Path) -> None:
    inner = tmp_path / gathering / "inner"
    inner.mkdir()
    (inner / "__init__.py").write_text("FOUND = 'found'\n")
    gather_late(f"{gathering}.inner", f"{gathering}.none", f"{gathering}.none.below")
    assert gathering not in sys.modules
    assert f"{gathering}.none" not in sys.modules
    assert sys.modules.pop(f"{gathering}.inner").FOUND == "found"


def test_a_late_package_has_the_late_one_within_it(gathering: str, tmp_path: Path) -> None:
    (tmp_path / gathering / "inner").mkdir()
    (tmp_path / gathering / "inner" / "__init__.py").write_text("FOUND = 'found'\n")
    gather_late(gathering, f"{gathering}.inner")
    assert f"{gathering}.large" not in sys.modules
    assert sys.modules[gathering].inner is sys.modules[f"{gathering}.inner"]
    assert sys.modules[gathering].LARGE == "large"
    assert sys.modules[gathering].inner.FOUND == "found"
    del sys.modules[f"{gathering}.inner"]


def test_a_module_in_a_folder_without_an_init_is_not_found_before_that_folder(gathering: str, tmp_path: Path) -> None:
    (tmp_path / f"{gathering}_folder" / "within").mkdir(parents=True)
    (tmp_path / f"{gathering}_folder" / "within" / "one.py").write_text("")
    gather_late(f"{gathering}_folder.within.one")
    assert f"{gathering}_folder.within.one" not in sys.modules


@pytest.mark.parametrize("lacks", ["_LOCK_OF", "_DEADLOCK"])
def test_on_a_python_with_other_locks_each_package_is_imported_as_ever(
    lacks: str, gathering: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, lacks, None)
    gather_late(gathering)
    assert gathering not in sys.modules
    importlib.import_module(f"{gathering}.small")
    assert sys.modules[gathering].LARGE == "large"


def test_this_python_has_the_locks_by_which_threads_wait_for_a_late_package() -> None:
    assert imports._LOCK_OF("json").acquire
    assert issubclass(imports._DEADLOCK, RuntimeError)


def test_a_late_package_has_the_names_of_two_underscores_that_it_gives_itself(gathering: str, tmp_path: Path) -> None:
    (tmp_path / gathering / "__init__.py").write_text("__version__ = '1.0'\n")
    gather_late(gathering)
    assert sys.modules[gathering].__version__ == "1.0"


CHAT = "import sys; from profile_router.runners.embedded.model.chat_model import import_chat_model; import_chat_model()"


def test_a_chat_imports_none_of_the_values_of_openais_other_interfaces() -> None:
    others = "{'openai.types.responses.response', 'langchain_openai.embeddings', 'langchain_openai.chat_models.azure'}"
    found = f"print({others} & set(sys.modules), 'langchain_openai.chat_models.base' in sys.modules)"
    assert told(f"{CHAT}; {found}") == "set() True"


@pytest.mark.nightly
def test_whoever_asks_for_them_after_all_has_them() -> None:
    asked = (
        "openai.types.Model.__name__, openai.types.responses.Response.__name__, langchain_openai.ChatOpenAI.__name__, "
        "langchain_openai.chat_models.AzureChatOpenAI.__name__"
    )
    assert (
        told(f"{CHAT}; import openai, langchain_openai; print({asked})") == "Model Response ChatOpenAI AzureChatOpenAI"
    )
