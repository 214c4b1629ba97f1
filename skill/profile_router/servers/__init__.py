"""Talk HTTP to model servers: what they are, what they have loaded, and whether they are on cooldown.

Other rooms come in by `backends`, `bounded_body`, `health`, `health_store`, `http`, `inspect`, `retry_after`,
`windows`.
"""
