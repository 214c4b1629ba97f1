"""Which files tell a test runner what to run, and are nothing else: one table for all who ask. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from profile_router.expressions import expression

_ENDINGS = ("js", "ts", "mjs", "cjs", "mts", "cts", "json")
MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
# What each runner reads by itself in the folder of its project.
SET_UP_FILES: Mapping[str, Sequence[str]] = {
    "pytest": ("pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml"),
    "vitest": tuple(f"vitest.{kind}.{ending}" for kind in ("config", "workspace", "projects") for ending in _ENDINGS),
    "jest": tuple(f"jest.config.{ending}" for ending in _ENDINGS),
    "mocha": (
        *(f".mocharc.{ending}" for ending in ("js", "cjs", "mjs", "json", "jsonc", "yml", "yaml")),
        "test/mocha.opts",
    ),
    "rspec": (".rspec", ".rspec-local"),
    "phpunit": ("phpunit.xml", "phpunit.xml.dist", "phpunit.dist.xml"),
}
_NAMES = frozenset(name for names in SET_UP_FILES.values() for name in names)
# What a command names by an option, such as `--config jest.conf.js`, and what another version reads.
_ALIKE = expression(
    r"(?:jest|vitest|karma)\.(?:config|conf|workspace|projects)\.\w+|\.mocharc\.\w+"
    r"|(?:jest|vitest)[.-]?[sS]etup\.\w+|setupTests\.\w+|junit-platform\.properties"
)


def sets_up_a_runner(path: str) -> bool:
    """Tell whether the file at *path* (POSIX) tells a test runner what to run, and is nothing else."""
    name = path.rpartition("/")[2]
    return name in _NAMES or "/".join(path.split("/")[-2:]) in _NAMES or _ALIKE.fullmatch(name) is not None
