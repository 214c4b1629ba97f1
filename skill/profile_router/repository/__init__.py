"""An index of a work tree's files and of its history, kept in our cache, and what it tells of where a task works.

Other rooms come in by `bounds`, `locate`, `sources`.
"""
