"""An example of each command, as its help shows it. Tests parse each with every change, and run each by night."""

from __future__ import annotations

from collections.abc import Mapping

_TASK = '"make the retry delay configurable" --file src/http.py'
EXAMPLES: Mapping[str, str] = {
    "route": 'profile-router route "fix the typo in README.md" --explain',
    "policy": "profile-router policy show --rules",
    "graph": "profile-router graph --ladder",
    "run": f'profile-router run {_TASK} --check "python3 -m compileall -q src"',
    "batch": """echo '[{"goal": "fix the typo", "files": ["README.md"]}]' | profile-router batch --tasks-json -""",
    "resume": "profile-router resume 7f3c --yes",
    "demo": "profile-router demo --cascade",
    "history": "profile-router history --by tier",
    "show": "profile-router show 7f3c",
    "undo": "profile-router undo 7f3c",
    "report": "profile-router report --since 7d --html report.html",
    "replay": "profile-router replay --policy stricter.yaml",
    "calibrate": "profile-router calibrate --since 90d",
    "observe": "profile-router observe --days 7",
    "budget": "profile-router budget --json",
    "threads": "profile-router threads",
    "purge": "profile-router purge --older-than 30",
    "doctor": "profile-router doctor --json",
    "profiles": "profile-router profiles",
    "llama-server": "profile-router llama-server --model gemma.gguf --window 16384",
    "check": "profile-router check --allow --workspace .",
    "install": "profile-router install --observe --dry-run",
    "uninstall": "profile-router uninstall --dry-run",
    "health": "profile-router health --reset openrouter.ai",
    "bench": "profile-router bench coding-local --times 3",
    "evaluate": "profile-router evaluate rows.jsonl --repos clones",
    "fit": "profile-router fit rows.jsonl --repos clones",
    "schema": "profile-router schema events",
    "completion": 'eval "$(profile-router completion bash)"',
    "publish": "profile-router publish --check",
}
