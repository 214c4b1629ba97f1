"""Turn an order into the text, the images and the tokens of a prompt."""
