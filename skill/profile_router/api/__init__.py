"""What programs call: `route`, `run`, `stream`, `batch`, `resume`, each for an event loop too, with their values.

The command line asks here too. `profile_router` itself gives all of it, each when it is asked for.

Two things stand twice here on purpose. A call and its form for an event loop spell out one signature, for `help` and
editors. A value has the fields of one inside: what programs read stays, while what is inside changes. `tests/api` holds
the two together.

Other rooms come in by `batching`, `explaining`, `resuming`, `routing`, `run_values`, `running`, `schemas`,
`task_bounds`, `task_fields`, `task_schema`.
"""
