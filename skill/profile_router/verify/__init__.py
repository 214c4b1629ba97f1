"""Check what an attempt really did: the check, the diff, and taking changes back.

The room `checking` runs the check, `changes` knows what was done to files. `verification` looks at both once.

Other rooms come in by `parsing`, `verifier`.
"""
