"""One attempt: what it is asked, what comes between two of them, and what one hands to the next.

Other rooms come in by `early_watch`, `failed_work`, `handoff`, `handoff_fit`, `next_step`, `no_change`, `order`,
`ordering`, `outcome`, `receipts`, `review`, `saving`, `standing`, `usage`, `weak_checks`.
"""
