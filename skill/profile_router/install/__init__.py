"""Bring profiles, skill, plugin and policy into a Hermes home, and take them out again.

Other rooms come in by `applying`, `changes`, `native`, `places`, `planning`, `removal`, `trial`, `wanting`.
"""
