"""The Hermes runner: a subagent as one turn of the real Hermes, in a fresh process of Hermes' own python.

Other rooms come in by `runner`, `seams`.
"""
