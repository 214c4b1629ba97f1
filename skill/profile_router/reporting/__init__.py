"""What an operator asks of the ledger: the report of a span of time, drawn for screen and page.

Other rooms come in by `proposal`, `replayed`, `sections`, `summary`.
"""
