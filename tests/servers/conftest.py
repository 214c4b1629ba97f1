"""Servers are looked at as llama.cpp has them too."""

from tests.llama.conftest import llama_8k, tiny_model

__all__ = ["llama_8k", "tiny_model"]
