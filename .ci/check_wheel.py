"""Check what a wheel holds: `check_wheel.py FILE`. Prints its size; exits with what is wrong."""

import sys
from pathlib import Path
from zipfile import ZipFile

PACKAGES = {"profile_router", "profile_router_graphs"}
NEEDED = {
    *(f"profile_router/profiles/{name}/{file}"
      for name in ("coding-local", "coding-burst", "review-cheap")
      for file in ("config.yaml", "distribution.yaml", "SOUL.md", ".env.EXAMPLE")),
    *(f"profile_router/prompts/{name}.md.j2" for name in ("hermes", "probe", "rules", "subagent", "summarize", "task")),
    "profile_router/SKILL.md",
    "profile_router/adapters/default_policy.yaml",
    *(f"profile_router/adapters/hermes/{name}.py" for name in ("child", "command", "family", "meter", "turn")),
    *(f"profile_router/hermes_plugin/{name}" for name in ("__init__.py", "middleware.py", "plugin.yaml")),
    "profile_router/adapters/data/o200k_base.tiktoken.xz",
    "profile_router/py.typed",
    "profile_router_graphs/py.typed",
}  # fmt: skip


def faults(names: set[str]) -> list[str]:
    """Return what is wrong with a wheel that holds the files *names*, a sentence each."""
    tops = {name.partition("/")[0] for name in names}
    foreign = sorted(top for top in tops - PACKAGES if not top.endswith(".dist-info"))
    unwanted = sorted(name for name in names if name.endswith((".pyc", "/.env")))
    return [
        *(f"{top} would be installed as a top-level package" for top in foreign),
        *(f"{name} is missing" for name in sorted(NEEDED - names)),
        *(f"{name} does not belong in a wheel" for name in unwanted),
    ]


if __name__ == "__main__":
    wheel = Path(sys.argv[1])
    with ZipFile(wheel) as archive:
        found = faults(set(archive.namelist()))
    if found:
        raise SystemExit(f"{wheel.name}: " + "; ".join(found))
    sys.stdout.write(f"{wheel.name}: {wheel.stat().st_size / 1_000_000:.1f} MB, what it should hold and nothing else\n")
