"""Copies of a work tree, in which writers work side by side, and what becomes of them.

Other rooms come in by `copy`, `placement`, `relocation`, `thread_copies`, `turns`.
"""
