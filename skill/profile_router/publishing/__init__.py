"""Make what a listing asks for, from a clone's files: entries, release notes, and what is missing.

Other rooms come in by `clone`, `entries`, `missing`.
"""
