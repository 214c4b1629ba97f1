"""What a file of settings tells of tests among other things: which run, by whom, and on which code. Pure."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping

from profile_router.expressions import expression

_SECTIONS = expression(
    rb"^[ \t]*\[[ \t]*(?:tool[.:](?:pytest|tox|unittest|nose)|options\.entry_points)[^\n]*(?:\n(?!\[)[^\n]*)*",
    re.MULTILINE,
)
_PACKAGE_KEYS = (
    *("scripts", "jest", "vitest", "mocha", "ava", "tap", "babel", "config"),
    *("imports", "workspaces", "overrides", "resolutions", "pnpm"),
)
_DEPENDENCIES = ("dependencies", "devDependencies", "optionalDependencies")
_TOOLS = ("pytest", "tox", "unittest", "nose", "nose2", "poe", "taskipy")
_CARGO = {
    **dict.fromkeys(("lib", "test"), ("test", "harness", "doctest", "path", "required-features")),
    **dict.fromkeys(("bin", "bench", "example"), ("test", "harness")),
    "package": ("autotests",),
    "workspace": ("exclude", "default-members"),
}
_VITE = expression(rb"\btest\b.*", re.DOTALL)
# A line of a Gemfile that names a gem of its source. Any other is Ruby that `bundle exec` runs, or another place.
_GEM_LINE = expression(
    rb"""(?x) [ \t]*+ (?: \#.* | end | gemspec | group[ (]++[:\w, ]++\)?+[ ]do
    | (?:source|ruby)[ (]++["'][\w.:/~>=<\ -]++["']\)?+(?:[ ]do)?+
    | gem[ (]++["'][\w./-]++["'] (?: ,[ ]*+ (?: ["'][\w.~><=!\ -]++["'] | require:[ ]*+false
        | (?:groups?|platforms?):[ ]*+(?::\w++|\[[:\w, ]*+\]) ) )*+ \)?+ [ \t]*+(?:\#.*)?+
    )?+ [ \t\r]*+"""
)
# A lock file of Bundler: what comes from elsewhere than its source, and the source itself.
_GEM_LOCK = expression(rb"^(?:GIT|PATH|PLUGIN SOURCE)\n(?:[ ][^\n]*+\n?)*+|^[ ]+remote:[^\n]*+", re.MULTILINE)
# One of yarn or pnpm: a package that is a folder, a repository or a patch, and each host.
_ELSEWHERE = expression(rb"\b(?:file|link|portal|patch|git\+?\w*+|ssh):[^\s\"',})]*+|https?://[^/\s\"']++")
_REPLACED = expression(rb"^[ \t]*+(?:replace|toolchain|exclude|tool)\b[^\n]*+|^[^\n]*=>[^\n]*+", re.MULTILINE)
_PATHS = expression(rb"\"(?:paths|imports)\"\s*+:\s*+\{[^}]*+|\"(?:baseUrl|extends|importMap)\"\s*+:[^\n]*+")
_CTEST = expression(rb"(?i)\b(?:add_test|enable_testing|\w+_discover_tests|set_tests_properties)\s*+\([^)]*+")
# What Gradle reads of its properties without another test being run, or by another program. Any other key counts.
_GRADLE = expression(
    rb"(?m)^(?![ \t]*(?:[#!]|$|(?:version|group|description|kotlin\.code\.style|android\.useAndroidX"
    rb"|org\.gradle\.(?:parallel|caching|daemon|configureondemand|vfs\.watch|warning\.mode|console|workers\.max)"
    rb"|\w*[vV]ersion)[ \t]*[=:][ \t]*[\w.+-]*[ \t\r]*$))[^\n]+"
)
_BY_TEXT: Mapping[str, re.Pattern[bytes]] = {
    "setup.cfg": _SECTIONS,
    "Gemfile.lock": _GEM_LOCK,
    "gems.locked": _GEM_LOCK,
    **dict.fromkeys(("yarn.lock", "pnpm-lock.yaml"), _ELSEWHERE),
    "go.mod": _REPLACED,
    "gradle.properties": _GRADLE,
    "CMakeLists.txt": _CTEST,
    **dict.fromkeys(("tsconfig.json", "jsconfig.json", "tsconfig.test.json", "tsconfig.base.json"), _PATHS),
}
_GEMFILES = ("Gemfile", "gems.rb")
_COMPOSER_KEYS = ("scripts", "autoload", "autoload-dev", "repositories", "config", "bin")
_LONGEST = 64 * 1024  # of TOML that is parsed: dotted keys cost by the square of their number
_LONGEST_JSON = 8 * 1024 * 1024


def may_tell_of_tests(name: str) -> bool:
    """Tell whether a file of that *name* may say something of tests among other things."""
    return name in _BY_TEXT or name in _TOLD or name.startswith("vite.config.") or name in _GEMFILES


def said_of_tests(name: str, content: bytes | None) -> object:
    """Return what a file that says other things, too, tells of tests."""
    if name in _BY_TEXT:
        return _found(name, content or b"")
    if name.startswith("vite.config."):
        return _VITE.findall(content or b"")
    if name in _GEMFILES:
        return [line for line in (content or b"").splitlines() if not _GEM_LINE.fullmatch(line)]
    told = _TOLD.get(name)
    if told is None:
        return None
    toml = name.endswith(".toml") or name == "Pipfile"
    if len(content or b"") > (_LONGEST if toml else _LONGEST_JSON):
        return content
    try:
        package = tomllib.loads((content or b"").decode()) if toml else json.loads(content or b"{}")
        return told(package) if isinstance(package, Mapping) else content
    except (ValueError, RecursionError):
        return content


def _found(name: str, content: bytes) -> object:
    """Return what counts in a file that is read as text. A lock file may give its places in any order."""
    found = _BY_TEXT[name].findall(content)
    return frozenset(found) if _BY_TEXT[name] is _ELSEWHERE else found


def _of_package(package: Mapping[str, object]) -> object:
    named = [(name, place) for key in _DEPENDENCIES for name, place in _table(package, key).items()]
    elsewhere = [(name, place) for name, place in named if ":" in str(place) or "/" in str(place)]
    return [*(package.get(key) for key in _PACKAGE_KEYS), elsewhere]


def _of_project(whole: Mapping[str, object]) -> object:
    tools, project, poetry = _table(whole, "tool"), _table(whole, "project"), _table(whole, "tool", "poetry")
    runs = [_table(tools, tool).get(key) for tool, key in (("hatch", "envs"), ("pdm", "scripts"), ("rye", "scripts"))]
    return [*(tools.get(tool) for tool in _TOOLS), project.get("entry-points"), poetry.get("plugins"), *runs]


def _of_cargo(whole: Mapping[str, object]) -> object:
    told = []
    for part, keys in _CARGO.items():
        found = whole.get(part)
        tables = found if isinstance(found, list) else [found]
        told += [(part, {key: one[key] for key in keys if key in one}) for one in tables if isinstance(one, Mapping)]
    build = _table(whole, "package").get("build")
    used = [one for key in ("dev-dependencies", "build-dependencies") for one in _table(whole, key).items()]
    near = [one for one in used if isinstance(one[1], Mapping) and not one[1].keys().isdisjoint(("path", "git"))]
    profile = _table(whole, "profile").get("test")
    return [[one for one in told if one[1]], whole.get("patch"), whole.get("replace"), build, near, profile]


def _of_composer(whole: Mapping[str, object]) -> object:
    return [whole.get(key) for key in _COMPOSER_KEYS]


def _of_composer_lock(whole: Mapping[str, object]) -> object:
    """Return where each package comes from, if that is a folder of this machine, and all hosts."""
    found: set[tuple[str, str]] = set()
    for kind in ("packages", "packages-dev"):
        listed = whole.get(kind)
        for one in listed if isinstance(listed, list) else ():
            both = (_table(one, part) for part in ("source", "dist") if isinstance(one, Mapping))
            found |= {(_host(str(place.get("url"))), str(place.get("type"))) for place in both if place}
    return found


def _of_npm_lock(whole: Mapping[str, object]) -> object:
    """Return each package that is a link or comes from no registry, and the hosts of the others."""
    packages = {**_table(whole, "dependencies"), **_table(whole, "packages")}
    found: set[tuple[str, str]] = set()
    for path in packages:
        one = _table(packages, path)
        place = one.get("resolved", one.get("version"))
        if isinstance(place, str) and (one.get("link") or ":" in place):
            host = _host(place)
            found.add(("", host) if host.startswith("http") else (path, place))
    return found


def _host(place: str) -> str:
    """Return scheme and host of what is downloaded, any other *place* whole."""
    return "/".join(place.split("/")[:3]) if place.startswith(("http://", "https://")) else place


def _table(whole: Mapping[str, object], *keys: str) -> Mapping[str, object]:
    for key in keys:
        inner = whole.get(key)
        whole = inner if isinstance(inner, Mapping) else {}
    return whole


_TOLD: Mapping[str, Callable[[Mapping[str, object]], object]] = {
    "package.json": _of_package,
    "pyproject.toml": _of_project,
    "Cargo.toml": _of_cargo,
    "composer.json": _of_composer,
    "composer.lock": _of_composer_lock,
    **dict.fromkeys(("package-lock.json", "npm-shrinkwrap.json"), _of_npm_lock),
    **dict.fromkeys(
        ("deno.json", "deno.jsonc"),
        lambda whole: [whole.get(key) for key in ("tasks", "imports", "importMap", "test")],
    ),
    "Pipfile": lambda whole: whole.get("scripts"),
}
