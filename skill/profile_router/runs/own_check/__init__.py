"""The workspace's own check: which it is, and whether somebody, the policy and the jail let it run.

Other rooms come in by `check_rehearsal`, `consent`, `workspace_check`.
"""
