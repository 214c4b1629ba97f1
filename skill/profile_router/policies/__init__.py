"""Read a policy file or the rules of a workspace, and refuse what is wrong with its line.

Other rooms come in by `edited`, `file`, `grammar`, `schema`, `workspace_rules`.
"""
