"""The composition root: flags, environment and files become the values and parts that a decision or a run needs.

`setup` and `route` are light; `run` brings LangGraph in, and is imported only by what runs a task.

Other rooms come in by `batch`, `bench`, `foreign`, `interrupt`, `job`, `observe`, `opened`, `result`, `resume`,
`route`, `run`, `setup`, `thread_session`, `undo`, `unfinished`.
"""
