"""Measure a task: its size in tokens, its files, its images, its conversation, and what of it is private.

Other rooms come in by `conversation`, `first_look`, `locating`, `measure`, `measurer`.
"""
