"""The tab in Hermes' dashboard: the page of `profile-router report`. Hermes loads `plugin_api.py` by its file."""
