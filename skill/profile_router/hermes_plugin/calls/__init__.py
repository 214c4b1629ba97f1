"""A delegate_task on its way to Hermes: what is taken off it, what stands in between, what is noted of its children.

Other rooms come in by `observe`, `verdict`.
"""
