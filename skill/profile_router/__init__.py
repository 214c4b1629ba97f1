"""Route each Hermes subagent to the right profile: local first, cloud when it counts, every step visible."""

__version__ = "0.2.0"
