"""Ask other routers and rankers, each in an environment and a process of its own, without keys and network.

Other rooms come in by `asked`, `catalogue`, `environment`.
"""
