"""Turn an order into the text, the images and the tokens of a prompt.

Other rooms come in by `templates`, `texts`, `tokens`.
"""
