"""What outlives a run: threads, checkpoints and records, encrypted at rest.

Other rooms come in by `at_work`, `checkpoints`, `cipher`, `file`, `key`, `parent_sessions`, `pulse`, `records`,
`threads`, `traces`.
"""
