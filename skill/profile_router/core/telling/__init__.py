"""Say a decision, a policy and the ladder in words, JSON and diagrams.

Other rooms come in by `decision`, `envelope`, `events`, `figures`, `layout`, `located`, `policy`, `verdict`,
`ways_out`, `work`.
"""
