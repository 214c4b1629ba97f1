"""Check what an attempt really did: the check, the diff, and taking changes back.

Other rooms come in by `kept_checks`, `parsing`, `verifier`.
"""
