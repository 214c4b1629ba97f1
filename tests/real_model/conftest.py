"""A real small model behind llama.cpp's server, where one was asked for; else nothing here is collected."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from tests.fakes import a_profile
from tests.llama.server import LlamaServer, flags, running
from tests.real_model.weights import CHOSEN, place_of

from profile_router.core.profile import Profile

collect_ignore_glob = [] if os.environ.get(CHOSEN) else ["test_rules_of_form.py", "test_triggers_judged.py"]
WINDOW = 8_192


@pytest.fixture(scope="session")
def real_server() -> Iterator[LlamaServer]:
    model = place_of(os.environ[CHOSEN])
    threads = max(1, (os.cpu_count() or 2) // 2)
    with running(flags(model, alias="real", context=WINDOW, parallel=1, threads=threads)) as server:
        yield server


@pytest.fixture
def real(real_server: LlamaServer) -> Profile:
    return a_profile(real_server.base_url, model="real", window=WINDOW)
