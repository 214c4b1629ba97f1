"""The LangGraph state machine: parent → classify → (probe) → dispatch ⇄ reroute → verify → summarize → merge.

Knows the order of the floors and nothing else: every decision is `profile_router.core`'s, every outside thing comes in
through the context.

Other rooms come in by `router`, `state`.
"""
