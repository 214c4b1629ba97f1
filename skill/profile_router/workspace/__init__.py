"""The folder that a task works in: its files, their content, images and outlines.

Other rooms come in by `content`, `folder`, `held_tests`, `images`, `named_files`, `outline`, `task_paths`,
`tree_steps`.
"""
