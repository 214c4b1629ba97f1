"""Who carries an attempt out: Hermes in a process of its own, or the embedded runner.

Other rooms come in by `choice`.
"""
