"""What is private: secrets, private paths, personal data, and what an attempt was shown of them."""
