"""The stage of the demo: stand-ins on loopback and a scratch folder. Only `cli.demo` knows it."""
