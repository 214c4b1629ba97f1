"""The doctor: facts of this machine, its servers and profiles, and a check per thing that can be wrong.

Other rooms come in by `checks`, `facts`, `finding`, `hardware`, `keys`, `model_call`.
"""
