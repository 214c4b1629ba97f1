"""Which files are withheld from a model elsewhere, and whether something opened them.

Other rooms come in by `file_secrets`, `named_paths`, `opened_secrets`, `survey`, `watch`, `whole_scan`.
"""
