"""Real llama.cpp servers on tiny models: built once a session, started on first use, each worker its own."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest
from tests.llama.script import Script
from tests.llama.server import LlamaServer, LlamaServerError, flags, running
from tests.llama.tiny_gguf import build

PLAIN = Script()
SLOTS = 4


class BuildModel(Protocol):
    """Return the file of a model that follows the script; the same one for the same arguments."""

    def __call__(self, script: Script = ..., *, feed_forward: int = ...) -> Path: ...


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> BuildModel:
    folder = tmp_path_factory.mktemp("models")

    def model(script: Script = PLAIN, *, feed_forward: int = 32) -> Path:
        name = hashlib.sha256(f"{script} {feed_forward}".encode()).hexdigest()[:16]
        path = folder / f"{name}.gguf"
        return path if path.exists() else build(path, script, feed_forward=feed_forward)

    return model


@contextmanager
def _serving(model: Path, context: int) -> Iterator[LlamaServer]:
    try:
        with running(flags(model, context=context, parallel=SLOTS)) as server:
            yield server
    except LlamaServerError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def llama_32k(tiny_model: BuildModel) -> Iterator[LlamaServer]:
    """-c 32768 --parallel 4: 8,192 tokens a request."""
    with _serving(tiny_model(), 32_768) as server:
        yield server


@pytest.fixture(scope="session")
def llama_8k(tiny_model: BuildModel) -> Iterator[LlamaServer]:
    """-c 8192 --parallel 4: 2,048 tokens a request."""
    with _serving(tiny_model(), 8_192) as server:
        yield server
