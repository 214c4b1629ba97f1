"""The ladder: which causes there are, what follows each, what a step costs, and what a receipt says.

Other rooms come in by `account`, `causes`, `check_words`, `cost_range`, `difference`, `early_score`, `failure`,
`health`, `observed`, `receipt`, `report`, `run_kinds`, `server_report`, `spending`, `steps`, `unfit`, `weak_check`.
"""
