"""Run a check before and after the work and judge it. A found check runs in the jail.

Other rooms come in by `check_runs`, `first_check`, `installed`, `jailed`, `judged_check`, `kept_checks`, `linting`,
`whole_check`.
"""
