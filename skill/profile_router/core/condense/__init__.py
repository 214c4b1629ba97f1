"""Make a conversation fit a window: what goes word for word, what is condensed, what is left out.

Other rooms come in by `cut_summary`, `parts`, `plan`, `result`.
"""
