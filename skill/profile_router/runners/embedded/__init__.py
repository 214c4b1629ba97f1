"""The embedded runner: LangChain's own agent loop over one provider, with file tools fenced into the workspace.

Other rooms come in by `failures`, `first_prompt`, `message_history`, `meter`, `remembering`, `request`, `runner`,
`written_calls`.
"""

EMBEDDED_RUNNER = "embedded"
