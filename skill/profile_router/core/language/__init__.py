"""Read a task as a text: its clauses, the kind of its work, the paths and files that it names.

Other rooms come in by `anchored`, `code_endings`, `edit_places`, `edits`, `faults`, `globs`, `kinds`, `mentions`,
`path_words`, `phrases`, `scope`, `set_up_files`, `shown_pictures`, `sizes`, `test_files`.
"""
