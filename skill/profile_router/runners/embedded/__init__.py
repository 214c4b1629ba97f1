"""The embedded runner: LangChain's own agent loop over one provider, with file tools fenced into the workspace."""

NAME = "embedded"
