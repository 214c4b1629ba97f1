"""The jail: where a subagent's command runs, with no network, no keys and nothing of this machine but its workspace.

Other rooms come in by `allowed`, `child`, `family`, `left`, `process`, `view`.
"""
