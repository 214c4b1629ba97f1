"""A delegate_task on its way to Hermes: what is taken off it, what guards it, what its children tell.

Other rooms come in by `observe`, `verdict`.
"""
