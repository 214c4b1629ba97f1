"""Which files are withheld from a model elsewhere, and whether something opened them."""
