"""How far a check can be trusted: what it runs, what steers it, what it lacks, which tests are gone.

Other rooms come in by `new_tests`, `steered`, `taken_tests`, `tests_meant`, `unable_check`.
"""
