"""What becomes of the work in a copy: it is merged, or kept as a diff and reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from profile_router.adapters.git_merge import Merge, apply_command, clear_halves, keep_diff, merge
from profile_router.adapters.git_worktree import Copy
from profile_router.core.explain import Json
from profile_router.wiring.run import Result

_NAMED = 3


def brought_back(copy: Copy, result: Result, state: Path, name: str, *, again: bool = False) -> Result:
    """Merge what was done in *copy*, or keep it as a diff where the task failed or the merge did.

    *Again* after a kill: what is there already merges with itself to nothing, and counts as merged.
    """
    if copy.left_out:
        note = f"not in the copy that it worked in, because too large: {', '.join(copy.left_out[:_NAMED])}"
        more = f" and {len(copy.left_out) - _NAMED} more" if len(copy.left_out) > _NAMED else ""
        result = replace(result, json={**result.json, "notes": [*result.json["notes"], f"{note}{more}"]})
    trees, theirs = copy.trees, copy.tree()
    if theirs == copy.base:
        return result
    changed = sorted(trees.differences(copy.base, theirs))
    if again:
        clear_halves(trees, copy.base, theirs, state, name)
    if result.status == "ok":
        merged = merge(trees, copy.base, theirs, state, name)
        if merged.merged:
            return _with_merge(result, merged, changed if again else merged.files)
        why = f"not merged: {', '.join(merged.files)} was changed in the workspace as well"
    else:
        diff = keep_diff(trees, copy.base, theirs, state, name)
        merged = Merge(merged=False, files=(), diff=diff, apply=apply_command(trees, diff))
        why = f"{result.json['error'] or 'its check failed'}; not merged"
    return _with_merge(result, merged, changed, f"{why}; what it did is kept, apply it with: {merged.apply}")


def _with_merge(result: Result, merged: Merge, changed: Sequence[str], error: str = "") -> Result:
    json: Json = {**result.json, "merge": {"merged": merged.merged, "changed": list(changed)}}
    if merged.merged:
        late = merged.moved and json["verified"]["check"] is not None
        note = "the workspace had changed meanwhile: the check ran before the merge and not after it"
        return replace(result, json={**json, "notes": [*json["notes"], note]} if late else json)
    json["merge"] |= {"conflicts": list(merged.files), "diff": str(merged.diff), "apply": merged.apply}
    # What is verified is the workspace, and nothing of it is there.
    json["verified"] = {**json["verified"], "files_changed": [], "lines_added": 0, "lines_removed": 0}
    return Result(status="failed", json={**json, "status": "failed", "error": error})
