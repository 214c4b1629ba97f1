"""From evidence to a profile: the rules in their order, the candidates, and whether the task fits."""
