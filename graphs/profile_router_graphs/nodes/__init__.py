"""One node per file: a guard, one call, a partial update. The thinking is in `profile_router.core`."""

from profile_router_graphs.nodes.classify import classify
from profile_router_graphs.nodes.condense import condense
from profile_router_graphs.nodes.dispatch import dispatch
from profile_router_graphs.nodes.merge import merge
from profile_router_graphs.nodes.parent import parent
from profile_router_graphs.nodes.probe import probe
from profile_router_graphs.nodes.reroute import reroute
from profile_router_graphs.nodes.summarize import summarize
from profile_router_graphs.nodes.verify import verify

__all__ = ["classify", "condense", "dispatch", "merge", "parent", "probe", "reroute", "summarize", "verify"]
