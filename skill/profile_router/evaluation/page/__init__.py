"""Draw a report: lines for a terminal, and one HTML page that needs nothing from elsewhere.

Other rooms come in by `html`, `text`.
"""
