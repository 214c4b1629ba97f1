"""Find the workspace's own check: its runner, the tests that touch a task's files, and who agreed to it.

Other rooms come in by `consents`, `find_check`, `linters`, `missed_files`, `narrowing`, `proposed`.
"""
