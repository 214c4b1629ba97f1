"""Our own private folder and database on disk, and files written whole or not at all.

Other rooms come in by `database`, `folder`, `json_files`, `kept_files`, `places`, `whole_files`.
"""
