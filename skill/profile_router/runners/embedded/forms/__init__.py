"""The forms in which a model acts: tool calls of the protocol, JSON actions, or whole files in fences.

Other rooms come in by `attempt_loop`, `remembered_forms`, `turn_forms`.
"""
