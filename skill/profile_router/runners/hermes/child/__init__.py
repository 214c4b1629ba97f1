"""What runs inside Hermes' own python. Each file is loaded by its path: the standard library alone."""
