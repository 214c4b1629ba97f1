"""Check what an attempt really did: the check, the diff, and taking changes back."""
