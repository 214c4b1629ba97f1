"""Talk HTTP to model servers: what they are, what they have loaded, and whether they are on cooldown.

Other rooms come in by `bounded_body`, `error_words`, `faults`, `health`, `http`, `inspect`, `rate_limit`, `speeds`,
`timed_call`, `windows`.
"""
