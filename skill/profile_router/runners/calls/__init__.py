"""Single calls of a model, without tools: to probe, to condense, to summarize.

Other rooms come in by `call`, `condenser`, `prober`, `reviewer`, `summarizer`.
"""
