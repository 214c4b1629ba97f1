"""An index of a work tree's files and history in our cache, and where by it a task works.

Other rooms come in by `bounds`, `locate`, `sources`.
"""
