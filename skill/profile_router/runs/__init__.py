"""The composition root: flags, environment and files become the values and parts that a decision or a run needs.

`setup` and `route` are light; `run` brings LangGraph in, and is imported only by what runs a task.

Other rooms come in by `batch`, `bench`, `check_rehearsal`, `interrupt`, `job`, `observe`, `result`,
`resume`, `route`, `run`, `setup`, `undo`, `unfinished`, `workspace_check`.
"""
