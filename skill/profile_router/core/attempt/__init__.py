"""One attempt: what it is asked, what comes between two of them, and what one hands to the next.

Other rooms come in by `between`, `early_watch`, `failed_work`, `handoff`, `handoff_fit`, `no_change`, `order`,
`receipts`, `review`, `saving`, `standing`, `steered`, `taken_tests`, `tests_meant`, `unable_check`, `usage`,
`weak_checks`.
"""
