"""Pure decisions: no I/O, no clock, no environment, no framework. The same input always gives the same answer.

Other rooms come in by `conversation`, `days`, `evidence`, `found_check`, `option_names`, `profile`, `task`, `text`,
`toolsets`.
"""
