"""Measure a task: its size in tokens, its files, its images, its conversation, and what of it is private.

Other rooms come in by `conversation`, `locating`, `measure`, `measurer`.
"""
