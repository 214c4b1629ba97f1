"""Make what a listing asks for, from the files of a clone: the entries, the release notes, and what is missing.

Other rooms come in by `clone`, `entries`, `missing`.
"""
