"""Copies of a work tree, in which writers work side by side, and what becomes of them."""
