"""This machine and this process: processor, memory, graphics, listeners, where Hermes is, what is imported at once.

Other rooms come in by `hermes_program`, `imports`, `machine`, `waiting_line`.
"""
