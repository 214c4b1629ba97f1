"""Draw a report: its values, lines for a terminal, and one HTML page that needs nothing from elsewhere.

Other rooms come in by `html`, `measured`, `plain_page`, `report`.
"""
