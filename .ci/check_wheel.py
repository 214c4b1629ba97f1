"""Check what a wheel holds: `check_wheel.py FILE`. Prints its size; exits with what is wrong."""

import sys
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {"profile_router": "skill", "profile_router_graphs": "graphs"}


def needed() -> set[str]:
    """Return the files of this checkout that a wheel must hold, by their place in it."""
    folders = {name: ROOT / top / name for name, top in PACKAGES.items()}
    folders |= {f"profile_router/shipped/{name}": ROOT / name for name in ("prompts", "profiles")}
    found = {
        f"{place}/{path.relative_to(folder).as_posix()}"
        for place, folder in folders.items()
        for path in folder.rglob("*")
        if path.is_file() and path.parent.name != "__pycache__" and path.name != ".env"
    }
    return {*found, "profile_router/shipped/SKILL.md"}


def faults(names: set[str]) -> list[str]:
    """Return what is wrong with a wheel that holds the files *names*, a sentence each."""
    tops = {name.partition("/")[0] for name in names}
    foreign = sorted(top for top in tops - PACKAGES.keys() if not top.endswith(".dist-info"))
    unwanted = sorted(name for name in names if name.endswith((".pyc", "/.env")))
    return [
        *(f"{top} would be installed as a top-level package" for top in foreign),
        *(f"{name} is missing" for name in sorted(needed() - names)),
        *(f"{name} does not belong in a wheel" for name in unwanted),
    ]


if __name__ == "__main__":
    wheel = Path(sys.argv[1])
    with ZipFile(wheel) as archive:
        found = faults(set(archive.namelist()))
    if found:
        raise SystemExit(f"{wheel.name}: " + "; ".join(found))
    sys.stdout.write(f"{wheel.name}: {wheel.stat().st_size / 1_000_000:.1f} MB, what it should hold and nothing else\n")
