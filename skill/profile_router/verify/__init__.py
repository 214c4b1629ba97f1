"""Check what an attempt really did: its claims, its changes and the check, which `checking` runs; take work back.

Other rooms come in by `parsing`, `verifier`.
"""
