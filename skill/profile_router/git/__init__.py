"""Read and write the task's git repository without running its settings or hooks."""
