"""Which tests failed, as the report of their runner says: an allow-list of readers, each bounded.

Other rooms come in by `reading`.
"""
