"""This machine and this process: processor, memory, graphics, listeners, where Hermes is, what is imported at once.

Other rooms come in by `end_signals`, `hermes_program`, `imports`, `machine`, `process_end`, `waiting_line`.
"""
