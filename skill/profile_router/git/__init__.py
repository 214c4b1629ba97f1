"""The git repository that a task works in, read and written without its own settings and hooks."""
