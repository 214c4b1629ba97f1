"""What an attempt did to the work tree: which files changed and how, and how that is taken back.

Other rooms come in by `diffs`, `others_here`, `private_copies`, `put_back`, `set_back`, `work_back`, `work_changes`.
"""
