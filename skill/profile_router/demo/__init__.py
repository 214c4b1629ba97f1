"""The stage of the demo: stand-ins on loopback and a scratch folder. Only `cli` knows it.

Other rooms come in by `cascade`, `provider`, `scratch`, `tour`.
"""
