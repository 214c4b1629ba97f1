"""What an operator asks of many runs at once: totals, what they saved, what went wrong, what to change. Pure.

Other rooms come in by `answers`, `bench`, `replay`, `share`, `totals`.
"""
