"""What each run did and cost: the ledger on disk, and the purse that reserves a step's cost.

Other rooms come in by `history`, `loops`, `observed`, `past_tasks`, `purse`, `retention`, `routes`, `schema`,
`spending`, `totals`, `undoing`, `words`, `writing`.
"""
