"""What a model's answer holds: how it ended, its thoughts, and its tool calls where it wrote them as text.

Other rooms come in by `call_names`, `endings`, `text_calls`, `thoughts`, `whole_file`.
"""
