"""What models cost by a published table that comes with a library, and what was looked up in it before.

Other rooms come in by `book`, `priced_candidate`.
"""
