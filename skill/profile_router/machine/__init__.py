"""This machine and this process: processor, memory, graphics, who listens on a port, what is imported at once.

Other rooms come in by `imports`, `machine`.
"""
