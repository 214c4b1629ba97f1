"""Which files are withheld from a model elsewhere, and whether something opened them.

Other rooms come in by `named_paths`, `survey`, `tree`, `watch`, `whole_scan`.
"""
