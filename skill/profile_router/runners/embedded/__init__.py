"""The embedded runner: LangChain's own agent loop over one provider, with file tools fenced into the workspace.

Other rooms come in by `answer_gate`, `chat_model`, `failures`, `history`, `pace`, `request`, `runner`,
`served_model`, `streamed_calls`, `usage`.
"""

NAME = "embedded"
