"""The tools of the embedded runner: files behind a fence, commands in a jail.

Other rooms come in by `answer_shape`, `editing`, `fence`, `named_files`, `terminal`, `tools`.
"""
