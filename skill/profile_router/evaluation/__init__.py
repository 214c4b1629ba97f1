"""Score routes, localisation and whole cascades against rows whose truth is known, and tell it with intervals.

Other rooms come in by `clones`, `fit`, `locators`, `located`, `study`.
"""
