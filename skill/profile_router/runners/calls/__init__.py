"""Single calls of a model, without tools: to probe, to condense, to summarize."""
