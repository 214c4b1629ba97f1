"""What programs call: `route`, `run`, `stream`, `arun`, `astream`, with tasks and values of their own.

The command line asks here too. `profile_router` itself gives all of it, each when it is asked for.

Other rooms come in by `explaining`, `routing`, `running`, `schemas`,
`task_bounds`, `task_fields`, `task_schema`.
"""
