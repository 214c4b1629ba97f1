"""Import large libraries without the collector of cyclic garbage."""

from __future__ import annotations

import gc
import importlib
import sys


def import_large(*names: str) -> None:
    """Import the modules *names*, and keep the collector from what they make: it lives as long as the process.

    It would look at all of that again and again while they are imported, and once more at the end.
    """
    if all(name in sys.modules for name in names):
        return
    collects = gc.isenabled()
    gc.disable()
    try:
        for name in names:
            importlib.import_module(name)
    finally:
        gc.freeze()
        if collects:
            gc.enable()
