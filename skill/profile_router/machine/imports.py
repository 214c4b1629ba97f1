"""Import large libraries for what is used of them: without the collector, and without what their packages gather."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import _bootstrap
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

_NEW_OBJECTS = 20_000  # after CPython's 700 it would look 50 times in a route
_spared: list[bool] = []
# Private names of CPython's import, which its stub does not tell of.
_LOCK_OF: Any = getattr(_bootstrap, "_get_module_lock", None)
_DEADLOCK: Any = getattr(_bootstrap, "_DeadlockError", None)


def spare_collector() -> None:
    """Let the collector of this process look seldom, and never at what `import_large` imports.

    It would do so once more at the end, for a tenth of a second in a run. Only for a process of ours: all else that is
    there by then is never collected either.
    """
    gc.set_threshold(_NEW_OBJECTS)
    _spared.append(True)


def import_large(*names: str) -> None:
    """Import the modules *names* without the collector: it would look at all that they make again and again."""
    if all(name in sys.modules for name in names):
        return
    collects = gc.isenabled()
    gc.disable()
    try:
        for name in names:
            importlib.import_module(name)
    finally:
        if _spared:
            gc.freeze()
        if collects:
            gc.enable()


def gather_late(*packages: str) -> None:
    """Let each of *packages* run its `__init__` when a name of it is first asked for.

    One of its modules may be imported before that. `importlib.util.LazyLoader` runs a package even then, as its path is
    asked for. For a package that gathers all of its modules there, of which one is used. For a module too, which
    another imports for what is not asked of it. One that is imported, or is not installed, stays as it is. All do on a
    Python whose import has other locks.
    """
    if _LOCK_OF is None or _DEADLOCK is None:
        return
    for name in packages:
        if name in sys.modules:
            continue
        spec = _found(name)
        if spec is not None and spec.loader is not None:
            sys.modules[name] = _Late(importlib.util.module_from_spec(spec))
            around, _, last = name.rpartition(".")
            if around in sys.modules:  # as an import would; one that comes later has to name it
                setattr(sys.modules[around], last, sys.modules[name])


def _found(name: str) -> ModuleSpec | None:
    """Return where *name* is, None where it is not. No package around it is run, as `importlib.util` would do."""
    whole, *below = name.split(".")
    spec = importlib.util.find_spec(whole)
    for part in below:
        places = None if spec is None else spec.submodule_search_locations
        if places is None:
            return None
        whole = f"{whole}.{part}"
        try:
            spec = PathFinder.find_spec(whole, places)
        except KeyError:  # a folder without an `__init__` asks the package around it where it is
            return None
    return spec


@contextmanager
def _gathered_by_one(name: str) -> Iterator[None]:
    """Hold Python's lock of the module *name*, or nothing where its holder waits for this thread."""
    lock = _LOCK_OF(name)
    try:
        lock.acquire()
    except _DEADLOCK:
        yield
        return
    try:
        yield
    finally:
        lock.release()


class _Late(ModuleType):
    """A package whose `__init__` has not run yet: it knows where its modules are, and nothing else.

    Of several threads that ask, the first runs it, and the others wait. They wait at Python's own lock of the module:
    it knows who waits for whom. A thread for which the first one waits gets what is there by then, as in any import.
    """

    def __init__(self, made: ModuleType) -> None:
        super().__init__(made.__name__)
        vars(self).update(vars(made))

    def __getattr__(self, name: str) -> Any:
        spec = self.__spec__
        if name == "__path__" or spec is None or spec.loader is None:  # import asks a module whether it is a package
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        with _gathered_by_one(self.__name__):
            if self.__dict__.get("__gathered__") is None:
                self.__gathered__ = False  # what it asks of itself from here on, it has not
                try:
                    spec.loader.exec_module(self)
                except BaseException:
                    del self.__gathered__  # the next who asks hears why, too
                    raise
                object.__setattr__(self, "__class__", ModuleType)
        return ModuleType.__getattribute__(self, name)
