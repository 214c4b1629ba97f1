"""Reads and writes the task's git repository without running its settings or hooks."""
