"""The stage of the demo: stand-ins on loopback and a scratch folder. Only `cli.demo` knows it.

Other rooms come in by `cascade`, `provider`, `scratch`.
"""
