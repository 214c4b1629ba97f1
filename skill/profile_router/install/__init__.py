"""Bring profiles, skill, plugin and policy into a Hermes home, and take them out again."""
