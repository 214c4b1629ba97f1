"""Say a decision, a policy and the ladder in words, JSON and diagrams."""
