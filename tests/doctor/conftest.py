"""The doctor looks at real llama.cpp servers too."""

from tests.llama.conftest import llama_8k, tiny_model

__all__ = ["llama_8k", "tiny_model"]
