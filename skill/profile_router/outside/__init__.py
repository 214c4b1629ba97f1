"""Read what others wrote, JSON and YAML, within bounds on size and depth."""
