"""Turn an order into the text, the images and the tokens of a prompt.

Other rooms come in by `fixed_size`, `image_parts`, `templates`, `texts`, `tokens`.
"""
