"""The embedded runner: LangChain's own agent loop over one provider, with file tools fenced into the workspace.

Other rooms come in by `answer_gate`, `chat_model`, `failures`, `first_prompt`, `history`, `meter`, `quirks`,
`remembering`, `request`, `runner`, `served_model`, `stream_clock`, `streamed_calls`, `token_use`, `written_calls`.
"""

EMBEDDED_RUNNER = "embedded"
