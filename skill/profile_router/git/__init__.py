"""Read and write the task's git repository without running its settings or hooks.

Other rooms come in by `between`, `command`, `ignored_facts`, `ignored_files`, `left_files`, `marks`, `merge`, `modes`,
`repository`, `trees`, `undo`, `writes`.
"""
