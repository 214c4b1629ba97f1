"""Check what an attempt really did: the check, the diff, and taking changes back.

Other rooms come in by `jailed`, `kept_checks`, `parsing`, `verifier`.
"""
