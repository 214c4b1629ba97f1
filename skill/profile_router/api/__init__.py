"""What programs call: `route`, `run`, `stream`, `batch`, `resume`, each for an event loop too, with their values.

The command line asks here too. `profile_router` itself gives all of it, each when it is asked for.

Other rooms come in by `batching`, `explaining`, `resuming`, `routing`, `run_values`, `running`, `schemas`,
`task_bounds`, `task_fields`, `task_schema`.
"""
