"""The figures: areas, ranks, curves and cascades, with seeded intervals. Pure: lists of numbers in, numbers out.

Other rooms come in by `cascades`, `confusion`, `curves`, `fitting`, `intervals`, `ranking`.
"""
