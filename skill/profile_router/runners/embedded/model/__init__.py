"""The model of a profile as LangChain asks it, and its answer while it comes: gated, timed and read.

Other rooms come in by `answer_gate`, `chat_model`, `returned_thoughts`, `plain_error`, `quirks`, `served_model`,
`stream_clock`, `streamed_calls`, `token_use`.
"""
