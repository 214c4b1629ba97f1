"""What is private: secrets, private paths, personal data, and what an attempt was shown of them.

Other rooms come in by `confidential`, `findings`, `kept_local`, `known_forms`, `masked_json`, `readings`, `taint`.
"""
