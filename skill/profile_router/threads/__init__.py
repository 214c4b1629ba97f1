"""What outlives a run: threads, checkpoints and records, encrypted at rest."""
