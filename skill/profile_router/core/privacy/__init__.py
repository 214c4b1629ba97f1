"""What is private: secrets, private paths, personal data, and what an attempt was shown of them.

Other rooms come in by `confidential`, `findings`, `known_forms`, `local_wordings`, `readings`, `taint`.
"""
