"""The nodes: each is a guard, one call, and a partial update. The thinking is in `profile_router.core`.

Other rooms come in by `closing`, `condense`, `deciding`, `dispatch`, `reroute`.
"""
