"""Which files a task touches, and how large it is, by the repository and by past tasks like it. Pure.

Other rooms come in by `file_terms`, `located`, `past`, `path_terms`, `rank`, `rankable`, `size_by_history`,
`task_terms`, `terms`.
"""
