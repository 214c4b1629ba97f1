"""The LangGraph state machine: parent → classify → (probe) → dispatch ⇄ reroute → verify → summarize → merge.

It knows the order of the floors and nothing else. `profile_router.core` makes every decision, and every outside thing
comes in through the context.

Other rooms come in by `router`, `state`.
"""
