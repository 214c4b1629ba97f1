"""The commands: one file each. `add(parser)` says what it takes, `run(arguments)` does it and returns the exit code."""
