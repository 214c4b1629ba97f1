"""What was spent: the ledger on disk, and the purse that reserves the cost of a step before it is made.

Other rooms come in by `purse`, `spending`.
"""
