"""What is private: secrets, private paths, personal data, and what an attempt was shown of them.

Other rooms come in by `confidential`, `findings`, `local_wordings`, `readings`, `secret_kind`, `taint`.
"""
