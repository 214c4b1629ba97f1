"""The Hermes home: its profiles, their settings, their keys and key pools.

Other rooms come in by `agreement`, `build`, `env_file`, `files`, `home`, `pools`, `spelling`.
"""
