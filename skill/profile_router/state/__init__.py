"""Our own private folder and database on disk, and files written whole or not at all.

Other rooms come in by `copy_folders`, `database`, `folder`, `json_files`, `kept_files`, `whole_files`.
"""
