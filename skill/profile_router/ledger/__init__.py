"""What each run did and cost: the ledger on disk, and the purse that reserves the cost of a step before it is made.

Other rooms come in by `history`, `loops`, `observed`, `past_tasks`, `purse`, `retention`, `routes`, `schema`,
`spending`, `totals`, `undoing`, `words`, `writing`.
"""
